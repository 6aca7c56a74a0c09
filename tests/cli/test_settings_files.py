"""Settings that are no files, and stores that git brought."""

import os
import shutil
from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face
from tests.real_git import git


@pytest.fixture
def work(dsv: Face) -> Face:
    (dsv.folder / "a.csv").write_text("a\n1\n")
    dsv.ok("add", "a.csv")
    dsv.ok("commit", "-m", "one")
    return dsv


@pytest.mark.parametrize("name", ["dsv.lock", ".dsvignore", ".dsv/config"])
@pytest.mark.parametrize("kind", ["zero", "pipe", "large", "terminal"])
def test_settings_that_are_no_files(work: Face, name: str, kind: str) -> None:
    path = work.folder / name
    path.unlink(missing_ok=True)
    if kind == "zero":
        path.symlink_to("/dev/zero")
    elif kind == "terminal":
        path.symlink_to("/dev/ptmx")
    elif kind == "pipe":
        os.mkfifo(work.folder / "pipe")
        path.symlink_to(work.folder / "pipe")
    else:
        with path.open("wb") as file:
            file.truncate(1 << 33)
    error = work.fails("status", code=3)
    assert path.name in error["message"]


def test_settings_that_are_links_to_files(work: Face) -> None:
    (work.folder / "rules").write_text("*.tmp\n")
    (work.folder / ".dsvignore").symlink_to("rules")
    work.ok("status")


@pytest.mark.parametrize("version", ["2", "4"])
@pytest.mark.parametrize("kind", ["folder", "link"])
def test_a_store_that_git_brought_is_not_used(work: Face, tmp_path: Path, kind: str, version: str) -> None:
    theirs = tmp_path / "theirs"
    shutil.copytree(work.folder, theirs)
    if kind == "link":
        (theirs / ".dsv").rename(tmp_path / "elsewhere")
        (theirs / ".dsv").symlink_to(tmp_path / "elsewhere")
    git(theirs, "init", "-q")
    git(theirs, "config", "index.version", version)
    git(theirs, "add", "-f", ".dsv", "dsv.toml")
    git(theirs, "commit", "-qm", "all")
    git(tmp_path, "clone", "-q", str(theirs), "mine")
    for words in (("status",), ("add", "a.csv"), ("log",), ("gc",)):
        assert "came with git" in work.fails(*words, code=3, cwd=tmp_path / "mine")["message"]


def test_a_store_of_ones_own_in_a_repository(work: Face) -> None:
    git(work.folder, "init", "-q")
    (work.folder / "about.dsv").write_text("a name that holds .dsv")
    git(work.folder, "add", "-A")
    git(work.folder, "commit", "-qm", "all")
    work.ok("status")


@pytest.mark.parametrize("kind", ["pipe", "zero"])
def test_code_that_git_tracks_and_that_is_no_file_any_more(work: Face, kind: str) -> None:
    path = work.folder / "mk.py"
    if kind == "zero":
        path.symlink_to("elsewhere.py")
    else:
        path.write_text("x = 1\n")
    git(work.folder, "init", "-q")
    git(work.folder, "add", "mk.py")
    git(work.folder, "commit", "-qm", "code")
    path.unlink()
    if kind == "zero":
        path.symlink_to("/dev/zero")
    else:
        os.mkfifo(path)
    work.ok("run", "-m", "it", "--", "true")
