from pathlib import Path

import pytest

from dsv.capture.git_state import state_of
from tests.real_git import git


@pytest.fixture
def work(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def test_outside_of_git_there_is_none(tmp_path: Path) -> None:
    assert state_of(tmp_path) is None


def test_before_the_first_commit(work: Path) -> None:
    state = state_of(work)
    assert state is not None
    assert (state.remote, state.commit, state.dirty) == (None, None, ())


def test_dirty_paths_are_relative_to_the_workspace(work: Path) -> None:
    for name in ("a.py", "same.py", "../outside.py", "dsv.lock", "café é.py"):
        (work / name).write_text("x")
    git(work.parent, "add", ".")
    git(work.parent, "commit", "-qm", "one")
    for name in ("a.py", "../outside.py", "dsv.lock", "café é.py"):
        (work / name).write_text("y")
    (work / "new").mkdir()
    (work / "new" / "b.py").write_text("x")
    git(work, "mv", "same.py", "moved.py")
    state = state_of(work)
    assert state is not None
    assert state.commit == git(work, "rev-parse", "HEAD")
    assert state.dirty == ("../outside.py", "a.py", "café é.py", "moved.py", "new/", "same.py")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://ada:hunter2@example.org/x.git?token=1", "https://example.org/x.git"),
        ("git@example.org:x/y.git", "git@example.org:x/y.git"),
        ("ada:hunter2@example.org:x/y.git", "example.org:x/y.git"),
    ],
)
def test_a_remote_is_told_without_secrets(work: Path, url: str, told: str) -> None:
    git(work, "remote", "add", "origin", url)
    state = state_of(work)
    assert state is not None
    assert state.remote == told


def test_the_remote_that_the_branch_follows_comes_first(work: Path) -> None:
    for name in ("other", "origin", "mine"):
        git(work, "remote", "add", name, f"https://example.org/{name}")
    state = state_of(work)
    assert state is not None
    assert state.remote == "https://example.org/origin"
    git(work, "config", "branch.main.remote", "mine")
    state = state_of(work)
    assert state is not None
    assert state.remote == "https://example.org/mine"
