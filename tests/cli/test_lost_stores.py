"""A store that git takes away, or that is not there."""

from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face
from tests.real_git import git


@pytest.fixture
def older(outside: Face) -> Face:
    """A workspace in git, with a branch `old` from before `dsv init`, which is checked out."""
    folder = outside.folder
    git(folder, "init", "-q", "-b", "main")
    (folder / "code.py").write_text("1\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "base")
    git(folder, "branch", "old")
    outside.ok("init")
    (folder / "a.csv").write_text("x\n1\n")
    outside.ok("add", "a.csv")
    outside.ok("commit", "-m", "one")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "dsv")
    git(folder, "checkout", "-q", "old")
    return outside


@pytest.mark.parametrize("words", [("clean", "-fd"), ("stash", "-u"), ("clean", "-ff", "-d")])
def test_git_leaves_the_store_alone_on_an_older_branch(older: Face, words: tuple[str, ...]) -> None:
    folder = older.folder
    assert ".dsv" not in git(folder, "status", "--porcelain")
    (folder / "code.py").write_text("2\n")
    git(folder, *words)
    git(folder, "checkout", "-q", "-f", "main")
    older.ok("checkout", "--locked")
    older.ok("restore", "a.csv")
    assert (folder / "a.csv").read_text() == "x\n1\n"
    older.ok("fsck")


def test_a_store_from_before_that_is_hidden_when_it_is_written(dsv: Face) -> None:
    (dsv.folder / ".dsv" / ".gitignore").unlink()
    (dsv.folder / "a.csv").write_text("x\n1\n")
    dsv.ok("status")
    dsv.ok("add", "a.csv")
    assert "*" in (dsv.folder / ".dsv" / ".gitignore").read_text().splitlines()


def test_what_the_user_wrote_there_stays(dsv: Face) -> None:
    (dsv.folder / ".dsv" / ".gitignore").write_text("mine\n")
    (dsv.folder / "a.csv").write_text("x\n1\n")
    dsv.ok("add", "a.csv")
    assert (dsv.folder / ".dsv" / ".gitignore").read_text() == "mine\n"


@pytest.mark.parametrize("command", ["status", "log", "add a.csv", "commit -m x", "gc", "fsck", "diff"])
def test_a_store_that_vanished_is_not_made_anew(dsv: Face, command: str) -> None:
    (dsv.folder / "a.csv").write_text("x\n1\n")
    dsv.ok("add", "a.csv")
    dsv.ok("commit", "-m", "one")
    commit = dsv.json("log")["commits"][0]["id"]
    (dsv.folder / ".dsv").rename(dsv.folder.parent / "away")
    error = dsv.fails(*command.split(), code=3)
    assert commit[:8] in error["message"]
    assert "dsv init" not in error["hint"]
    assert "backup" in error["hint"]


def test_a_store_that_vanished_comes_back_from_the_remote(dsv: Face, tmp_path: Path) -> None:
    (dsv.folder / "a.csv").write_text("x\n1\n")
    dsv.ok("add", "a.csv")
    dsv.ok("commit", "-m", "one")
    dsv.ok("remote", "add", "origin", f"file://{tmp_path}/remote")
    dsv.ok("push")
    (dsv.folder / ".dsv").rename(tmp_path / "away")
    (dsv.folder / "a.csv").unlink()
    assert dsv.fails("status", code=3)["hint"].startswith("dsv pull")
    dsv.ok("pull")
    dsv.ok("pull", ".")
    assert (dsv.folder / "a.csv").read_text() == "x\n1\n"


def test_another_working_tree_of_git_is_told_how_to_get_a_store(
    dsv: Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(dsv.folder, "init", "-b", "main")
    (dsv.folder / "d.csv").write_text("a\n1\n")
    dsv.ok("add", "d.csv")
    dsv.ok("commit", "-m", "one")
    git(dsv.folder, "add", "dsv.toml", "dsv.lock", ".gitignore")
    git(dsv.folder, "commit", "-m", "one")
    (dsv.folder / "d.csv").write_text("a\n2\n")
    dsv.ok("commit", "-am", "two")
    place = tmp_path / "other tree"
    git(dsv.folder, "worktree", "add", str(place), "-b", "side")
    other = Face(place, monkeypatch)
    told = other.fails("status", code=3)
    assert told["hint"] == f"dsv clone {dsv.folder} '{place}'"
    dsv.ok("clone", str(dsv.folder), str(place))
    assert (place / "d.csv").read_text() == "a\n1\n", "the commit that dsv.lock names there"
    assert other.json("status")["lock"] == "match"
    (place / "mine.csv").write_text("x\n")
    other.ok("add", "mine.csv")
    dsv.ok("gc", "--now")
    dsv.ok("fsck")
    other.ok("fsck")
    assert "is not an empty folder" in dsv.fails("clone", str(dsv.folder), str(place), code=3)["message"]
