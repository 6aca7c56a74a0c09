"""A bucket whose listing lags: people who share notice nothing, and gc takes nothing from them."""

from pathlib import Path

import pytest

from dsv.config.load import Remote
from dsv.ops.checkout import checkout_paths
from dsv.ops.clone import clone_remote
from dsv.ops.fsck import fsck, fsck_remote
from dsv.ops.gc import gc_remote
from dsv.ops.push import push
from dsv.ops.remote import add_remote
from dsv.remotes.lazy_supply import default_supply
from dsv.workspace import Caller, Workspace
from tests.remote.faultproxy import Damage, FaultProxy, unlisted
from tests.remote.seaweedfs import Bucket
from tests.unit.workspace_fixtures import Workshop

BIG = "".join(f"{number},{number * 7919 % 1009}\n" for number in range(60_000))


@pytest.mark.parametrize("hidden", [r"packs/.*", r"index/.*", r"(packs|index)/.*"])
def test_a_listing_that_lags(bucket: Bucket, proxy: FaultProxy, tmp_path: Path, hidden: str) -> None:
    remote = Remote("origin", f"s3://{bucket.name}/team", endpoint_url=proxy.endpoint)
    ada = Workshop(tmp_path / "ada")
    add_remote(ada.workspace, remote)
    ada.commit({"d/a.txt": "a"}, "d")
    push(ada.workspace)
    proxy.add(Damage(unlisted(f"team/{hidden}")), method="GET", query="list-type=2")
    ada.commit({"big.csv": BIG, "d/b.txt": "b"}, "big.csv")
    push(ada.workspace)
    assert fsck_remote(ada.workspace, "origin").damage == ()
    commit = ada.commit({"d/a.txt": None})
    push(ada.workspace)
    gc_remote(ada.workspace, "origin", grace=0)
    proxy.clear()
    assert fsck_remote(ada.workspace, "origin", full=True).damage == ()
    clone_remote(remote, tmp_path / "ben")
    ben = Workspace.discover(tmp_path / "ben", Caller(supply=default_supply))
    checkout_paths(ben, "HEAD", ["."])
    assert ben.repo.refs().head == commit
    assert (ben.root / "big.csv").read_text() == BIG
    assert fsck(Workspace.discover(ben.root)).damage == ()
