"""A network that breaks at each stage of a push and of a pull: nothing is damaged, and again it works."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dsv.config.load import Remote
from dsv.errors import DsvError
from dsv.ops.checkout import checkout_paths
from dsv.ops.clone import clone_remote
from dsv.ops.fsck import fsck, fsck_remote
from dsv.ops.pull import pull
from dsv.ops.push import push
from dsv.ops.remote import add_remote
from dsv.remotes.lazy_supply import default_supply
from dsv.workspace import Caller, Workspace
from tests.remote.faultproxy import (
    Answer,
    CutReply,
    CutRequest,
    Damage,
    Fault,
    FaultProxy,
    LoseReply,
    flip,
    truncate,
)
from tests.remote.seaweedfs import Bucket
from tests.unit.workspace_fixtures import Workshop

BIG = "".join(f"{number},{number * 7919 % 1009}\n" for number in range(60_000))

FAULTS = [
    pytest.param(CutRequest(50), id="cut"),
    pytest.param(LoseReply(), id="reply-lost"),
    pytest.param(CutReply(20), id="reply-cut"),
    pytest.param(Answer(503, "SlowDown"), id="slow-down"),
]


@pytest.fixture
def remote(bucket: Bucket, proxy: FaultProxy) -> Remote:
    """The bucket behind the proxy, given up soon."""
    return Remote("origin", f"s3://{bucket.name}/team", endpoint_url=proxy.endpoint, retries=0)


@pytest.fixture
def ada(remote: Remote, tmp_path: Path) -> Workshop:
    shop = Workshop(tmp_path / "ada")
    add_remote(shop.workspace, remote)
    shop.commit({"big.csv": BIG, "d/a.txt": "a", "d/b.txt": "b"}, "big.csv", "d")
    push(shop.workspace)
    return shop


def opened(root: Path) -> Workspace:
    return Workspace.discover(root, Caller(supply=default_supply))


def ended(work: Callable[[], object]) -> int:
    """Do it; return the exit code with which it would end."""
    try:
        work()
    except DsvError as error:
        return error.exit_code
    return 0


@pytest.mark.parametrize("fault", FAULTS)
def test_a_push_that_breaks_at_any_stage(
    ada: Workshop, proxy: FaultProxy, remote: Remote, tmp_path: Path, fault: Fault
) -> None:
    ada.commit({"d/0.txt": "zero"})
    proxy.clear()
    push(ada.workspace)
    requests = len(proxy.log)
    assert requests <= 7
    for stage in range(1, requests + 1):
        commit = ada.commit({f"d/{stage}.txt": f"{fault} {stage}"})
        proxy.clear()
        proxy.add(fault, first=stage)
        assert ended(lambda: push(ada.workspace)) in {0, 5}
        proxy.clear()
        assert fsck_remote(ada.workspace, "origin", full=True).damage == ()
        push(ada.workspace)
        clone_remote(remote, tmp_path / "ben")
        ben = opened(tmp_path / "ben")
        assert ben.repo.refs().head == commit
        checkout_paths(ben, "HEAD", ["."])
        assert (tmp_path / "ben" / "d" / f"{stage}.txt").read_text() == f"{fault} {stage}"
        shutil.rmtree(tmp_path / "ben")


@pytest.mark.parametrize(
    "fault",
    [*FAULTS, pytest.param(Damage(flip(-1)), id="bit"), pytest.param(Damage(truncate(20)), id="truncated")],
)
def test_a_pull_that_breaks_at_any_stage(
    ada: Workshop, proxy: FaultProxy, remote: Remote, tmp_path: Path, fault: Fault
) -> None:
    clone_remote(remote, tmp_path / "ben")
    checkout_paths(opened(tmp_path / "ben"), "HEAD", ["d"])
    proxy.clear()
    for stage in range(1, 7):
        commit = ada.commit({"d/new.txt": f"{fault} {stage}"})
        push(ada.workspace)
        proxy.clear()
        proxy.add(fault, first=stage)
        assert ended(lambda: pull(opened(tmp_path / "ben"))) in {0, 5, 6}
        proxy.clear()
        assert fsck(opened(tmp_path / "ben")).damage == ()
        pull(opened(tmp_path / "ben"))
        assert opened(tmp_path / "ben").repo.refs().head == commit
        assert (tmp_path / "ben" / "d" / "new.txt").read_text() == f"{fault} {stage}"


def test_a_lost_answer_is_no_conflict_though_others_pushed_on_top(
    ada: Workshop, proxy: FaultProxy, remote: Remote, tmp_path: Path
) -> None:
    commit = ada.commit({"d/c.txt": "c"})
    proxy.add(LoseReply(), method="PUT", key=".*/refs", times=1)
    moved = push(ada.workspace).moved
    assert [one.after for one in moved] == [commit]
    clone_remote(remote, tmp_path / "ben")
    assert opened(tmp_path / "ben").repo.refs().head == commit
