from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.errors import BadConfig
from dsv.ids import ObjectId
from dsv.worktree import lockfile
from dsv.worktree.lockfile import LockPins
from tests.real_git import git

A, B = ObjectId("a" * 64), ObjectId("b" * 64)
OLD = ObjectId("0" * 64)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    assert lockfile.read(tmp_path) is None
    for lock in (LockPins("main", A), LockPins(None, B), LockPins("feature/é-1.2", A)):
        lockfile.write(tmp_path, lock)
        assert lockfile.read(tmp_path) == lock
    assert [path.name for path in tmp_path.iterdir()] == ["dsv.lock"]
    lockfile.remove(tmp_path)
    lockfile.remove(tmp_path)
    assert lockfile.read(tmp_path) is None


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1))
def test_odd_names_of_branches(name: str) -> None:
    text = f'branch = "{lockfile._escape(name)}"\ncommit = "{A}"\n'
    assert lockfile.parse(text) == LockPins(name, A)


@pytest.mark.parametrize(
    "text",
    [
        'commit = "short"\n',
        'branch = "main"\n',
        f'commit = "{"A" * 64}"\n',
        f'<<<<<<< HEAD\ncommit = "{A}"\n=======\ncommit = "{B}"\n>>>>>>> x\n',
        f'commit = "{A}"\n=======\n',
    ],
)
def test_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "dsv.lock").write_text(text)
    with pytest.raises(BadConfig):
        lockfile.read(tmp_path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "dsv.lock").write_bytes(b"\xff\xfe")
    with pytest.raises(BadConfig):
        lockfile.read(tmp_path)
    assert lockfile.sides(tmp_path) is None


def test_lines_of_other_systems(tmp_path: Path) -> None:
    (tmp_path / "dsv.lock").write_bytes(f'# x\r\nbranch = "main"\r\n  commit = "{A}"  \r\n'.encode())
    assert lockfile.read(tmp_path) == LockPins("main", A)


def test_a_file_that_names_nothing(tmp_path: Path) -> None:
    (tmp_path / "dsv.lock").write_text("# nothing yet\n")
    assert lockfile.read(tmp_path) is None
    assert lockfile.sides(tmp_path) is None


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
@pytest.mark.parametrize("same_branch", [True, False])
def test_the_sides_of_a_conflict_that_git_made(tmp_path: Path, style: str, same_branch: bool) -> None:
    git(tmp_path, "init")
    git(tmp_path, "config", "merge.conflictStyle", style)
    for branch, lock, start in (
        ("main", LockPins("main", OLD), None),
        ("other", LockPins("main" if same_branch else "other", B), "main"),
        ("ours", LockPins("main", A), "main"),
    ):
        git(tmp_path, "checkout", *(["-b", branch, start] if start else ["-B", branch]))
        lockfile.write(tmp_path, lock)
        git(tmp_path, "add", "dsv.lock")
        git(tmp_path, "commit", "-m", branch)
    git(tmp_path, "merge", "other", check=False)
    with pytest.raises(BadConfig, match="git left a conflict"):
        lockfile.read(tmp_path)
    assert lockfile.sides(tmp_path) == (LockPins("main", A), LockPins("main" if same_branch else "other", B))
