"""Names of branches and tags that come from elsewhere."""

from dataclasses import replace
from pathlib import Path

import pytest

from dsv.workspace import Workspace
from tests.cli.face_fixtures import Face

BAD = [
    "-rf",
    "--force",
    "HEAD",
    "..",
    ".hidden",
    "a b",
    "main@{1}",
    "x.lock",
    "a..b",
    "f" * 64,
    "x/",
    "a:b",
    "",
]


@pytest.fixture
def shared(dsv: Face, tmp_path: Path) -> Face:
    (dsv.folder / "a.csv").write_text("x\n1\n")
    dsv.ok("add", "a.csv")
    dsv.ok("commit", "-m", "one")
    dsv.ok("remote", "add", "origin", f"file://{tmp_path}/remote")
    dsv.ok("push")
    return dsv


def _lock(folder: Path, face: Face, name: str) -> None:
    commit = Workspace(face.folder).repo.refs().head
    folder.mkdir(exist_ok=True)
    (folder / "dsv.toml").write_bytes((face.folder / "dsv.toml").read_bytes())
    (folder / "dsv.lock").write_text(f'branch = "{name}"\ncommit = "{commit}"\n')


@pytest.mark.parametrize("name", BAD)
def test_a_lock_that_names_what_no_branch_can_be(shared: Face, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "theirs"
    _lock(folder, shared, name)
    for words in (("checkout", "--locked"), ("pull",), ("fetch",)):
        shared.fails(*words, code=3, cwd=folder)
        assert not (folder / ".dsv" / "refs").exists()
    (shared.folder / "dsv.lock").write_bytes((folder / "dsv.lock").read_bytes())
    shared.fails("checkout", "--locked", code=3)
    assert sorted(Workspace(shared.folder).repo.refs().branches) == ["main"]
    shared.ok("clone", f"file://{tmp_path}/remote", "ben", cwd=tmp_path)


@pytest.mark.parametrize("command", [("checkout", "--locked"), ("pull",)])
def test_a_lock_whose_branch_is_called_like_a_dataset(
    shared: Face, tmp_path: Path, command: tuple[str, ...]
) -> None:
    folder = tmp_path / "theirs"
    _lock(folder, shared, "a.csv")
    shared.ok(*command, cwd=folder)
    assert (folder / "a.csv").read_text() == "x\n1\n"
    assert "a.csv" not in Workspace(folder).repo.refs().branches


@pytest.mark.parametrize("words", [("branch", "a.csv"), ("tag", "a.csv"), ("checkout", "-b", "a.csv")])
def test_a_branch_called_like_a_dataset_is_refused(shared: Face, words: tuple[str, ...]) -> None:
    assert "dataset" in shared.fails(*words, code=3)["message"]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_name_that_is_here_already_is_not_pushed(shared: Face, tmp_path: Path, name: str) -> None:
    workspace = Workspace(shared.folder)
    refs = workspace.repo.refs()
    assert refs.head is not None
    workspace.repo.swap(refs, replace(refs, branches={**refs.branches, name: refs.head}))
    before = (tmp_path / "remote" / "refs").read_bytes()
    shared.fails("push", "--all", code=3)
    assert (tmp_path / "remote" / "refs").read_bytes() == before


def test_a_branch_of_git_that_no_branch_here_can_be(outside: Face) -> None:
    import subprocess

    subprocess.run(["git", "init", "-q", "-b", "odd{name}", "."], cwd=outside.folder, check=True)
    outside.ok("init")
    (outside.folder / "a.csv").write_text("x\n1\n")
    outside.ok("add", "a.csv")
    outside.ok("commit", "-m", "one")
    assert list(Workspace(outside.folder).repo.refs().branches) == ["main"]


def test_remote_check_of_what_a_push_refuses(shared: Face, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shared.ok("init", cwd=other)
    shared.ok("init", "--store", str(tmp_path / "big"), "third", cwd=tmp_path)
    for number, place in enumerate((other / ".dsv", tmp_path / "big")):
        shared.ok("remote", "add", f"r{number}", f"file://{place}")
        before = sorted(str(path) for path in place.rglob("*"))
        assert shared("remote", "check", f"r{number}").code != 0
        assert shared("push", f"r{number}").code == 3
        assert sorted(str(path) for path in place.rglob("*")) == before
    shared.ok("remote", "check", "origin")
