import os
from pathlib import Path

import pytest

from dsv.worktree.ignore import Ignore
from dsv.worktree.untracked import untracked


def make(root: Path, *paths: str) -> None:
    for path in paths:
        target = root / path
        if path.endswith("/"):
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()


def test_what_belongs_to_nobody_is_listed(tmp_path: Path) -> None:
    make(
        tmp_path,
        "dsv.toml",
        "dsv.lock",
        ".dsvignore",
        ".gitignore",
        ".dsv/refs",
        ".git/config",
        "__pycache__/x.pyc",
    )
    make(
        tmp_path,
        "tracked.csv",
        "new.csv",
        "code.py",
        "src/a.py",
        "src/b.py",
        "raw/deep/x",
        "raw/y",
        "hollow/deep/",
    )
    (tmp_path / "link").symlink_to("raw")
    os.mkfifo(tmp_path / "pipe")
    found = untracked(tmp_path, ["tracked.csv"], {"code.py", "src/a.py"})
    assert found == ["link", "new.csv", "raw/", "src/b.py"]


def test_datasets_are_not_entered(tmp_path: Path) -> None:
    make(tmp_path, "data/images/1.png", "data/images/2.png", "data/more/x", "data/one.csv")
    assert untracked(tmp_path, ["data/images"], ()) == ["data/more/", "data/one.csv"]


def test_other_workspaces_are_left_alone(tmp_path: Path) -> None:
    make(tmp_path, "inner/dsv.toml", "inner/data.csv", "outer/inner/dsv.toml", "outer/inner/x")
    assert untracked(tmp_path, [], ()) == []


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], ["build/", "notes.tmp", "src/keep.tmp", "src/x"]),
        (["*.tmp"], ["build/", "src/x"]),
        (["*.tmp", "!keep.tmp"], ["build/", "src/keep.tmp", "src/x"]),
        (["build/", "/notes.tmp"], ["src/keep.tmp", "src/x"]),
        (["build/*"], ["notes.tmp", "src/keep.tmp", "src/x"]),
        (["x"], ["build/", "notes.tmp", "src/keep.tmp"]),
        (["# comment", "", "src/"], ["build/", "notes.tmp"]),
    ],
)
def test_ignored_paths_are_left_out(tmp_path: Path, lines: list[str], expected: list[str]) -> None:
    make(tmp_path, "notes.tmp", "build/deep/out", "src/a.py", "src/keep.tmp", "src/x")
    found = untracked(tmp_path, [], {"src/a.py"}, Ignore(lines))
    if lines[-1:] == ["src/"]:
        found = [path for path in found if not path.startswith("src/")]
    assert found == expected
