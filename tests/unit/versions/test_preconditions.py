"""dsv, dsv.lock and git agree before anything is added or committed."""

from pathlib import Path

import pytest

from dsv.errors import BadConfig, Conflict, NotFound, Refused
from dsv.ops.add import add
from dsv.ops.checkout import checkout_locked
from dsv.ops.commit import commit
from dsv.ops.gc import gc
from dsv.worktree import git as own_git
from dsv.worktree import lockfile
from tests.real_git import git
from tests.unit.workspace_fixtures import Workshop


@pytest.fixture(params=[".", "below"])
def beside(tmp_path: Path, request: pytest.FixtureRequest) -> Workshop:
    top = tmp_path / "top"
    top.mkdir()
    git(top, "init", "-b", "main")
    return Workshop(top / request.param)


def record(shop: Workshop, message: str) -> None:
    git(shop.root, "add", ".")
    git(shop.root, "commit", "-m", message)


def test_a_lock_that_names_another_commit(beside: Workshop) -> None:
    one = beside.commit({"a": "1"}, "a")
    record(beside, "one")
    two = beside.commit({"a": "2"})
    record(beside, "two")
    git(beside.root, "checkout", "-b", "old", "HEAD~1")
    assert not beside.status().lock_matches
    beside.write({"b": "1"})
    for action in (lambda: add(beside.workspace, ["b"]), lambda: commit(beside.workspace, "m", author="ada")):
        with pytest.raises(Refused, match=f"dsv.lock names {one[:8]}") as caught:
            action()
        assert caught.value.hint == "dsv checkout --locked"
    done = checkout_locked(beside.workspace)
    assert (done.commit, done.branch) == (one, None)
    assert beside.read("a") == "1"
    git(beside.root, "checkout", "main")
    assert checkout_locked(beside.workspace).branch == "main"
    assert beside.refs.head == two


def test_the_branch_follows_git(beside: Workshop) -> None:
    beside.commit({"a": "1"}, "a")
    record(beside, "one")
    git(beside.root, "checkout", "-b", "feature/x")
    made = beside.commit({"a": "2"})
    assert beside.local.branch == "feature/x"
    assert beside.refs.branches["feature/x"] == made
    record(beside, "two")
    git(beside.root, "checkout", "main")
    checkout_locked(beside.workspace)
    other = beside.commit({"a": "3"})
    assert beside.refs.branches["main"] == other
    record(beside, "three")
    lockfile.write(beside.root, lockfile.LockPins("main", other))
    git(beside.root, "symbolic-ref", "HEAD", "refs/heads/feature/x")
    with pytest.raises(Conflict, match="has other commits"):
        beside.commit({"a": "4"})
    (beside.root / "dsv.toml").write_text("[git]\nfollow = false\n")
    assert beside.commit({"a": "4"}) == beside.refs.branches["main"]


def test_gc_keeps_what_git_names(beside: Workshop) -> None:
    one = beside.commit({"a": "1"}, "a")
    record(beside, "one")
    (beside.root / "dsv.toml").write_text("[git]\nfollow = false\n")
    from dsv.ops.branch import delete
    from dsv.ops.checkout import checkout

    checkout(beside.workspace, "main", new_branch="side")
    lost = beside.commit({"a": "2"})
    record(beside, "two")
    checkout(beside.workspace, "main")
    delete(beside.workspace, "branches", "side", force=True)
    gc(beside.workspace, grace=0, keep_days=-1)
    assert beside.cat(f"a@{lost}") == "2"
    assert beside.cat(f"a@{one}") == "1"
    assert beside.cat("a@git:HEAD") == "2"


def test_data_is_ignored_by_git(beside: Workshop) -> None:
    beside.commit({"a": "1", "with space/x": "1"}, "a", "with space")
    record(beside, "one")
    assert own_git.tracked(beside.root) == {".gitignore", "dsv.toml", "dsv.lock"}
    beside.write({"mine": "1"})
    git(beside.root, "add", "mine")
    with pytest.raises(Refused, match="git tracks mine"):
        beside.add("mine")


def test_locks_that_cannot_be_used(shop: Workshop) -> None:
    with pytest.raises(NotFound, match=r"no dsv\.lock"):
        checkout_locked(shop.workspace)
    shop.commit({"a": "1"}, "a")
    (shop.root / "dsv.lock").write_text(f'commit = "{"c" * 64}"\n')
    with pytest.raises(NotFound) as caught:
        checkout_locked(shop.workspace)
    assert caught.value.hint is not None
    assert "push" in caught.value.hint
    (shop.root / "dsv.lock").write_text("<<<<<<< x\n=======\n>>>>>>> y\n")
    with pytest.raises(BadConfig, match="conflict"):
        shop.commit({"a": "2"})
