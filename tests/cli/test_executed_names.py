"""Data that is called like what programs execute, and names that git or dsv would take for their own."""

import shlex
from pathlib import Path

import pytest

from dsv.errors import Corrupt
from dsv.model.dataset_paths import check_stored_paths
from dsv.versions.switch.executed_names import is_executed
from tests.cli.face_fixtures import Face

NAMES = ["conftest.py", "sub/Makefile", ".github/workflows/x.yml", "lib/usercustomize.py", "a.pth", "csv.py"]

MORE = [
    ".Rprofile",
    "helper.js",
    "sub/jupyter_server_config.py",
    ".MCP.json",
    "conf\u200dtest.py",
    "build.rs",
]


@pytest.fixture
def team(dsv: Face, tmp_path: Path) -> tuple[Face, Path]:
    """Two workspaces with one remote; the second has nothing of what comes yet."""
    (dsv.folder / "a.csv").write_text("a\n1\n")
    dsv.ok("add", "a.csv")
    dsv.ok("commit", "-m", "one")
    dsv.ok("remote", "add", "origin", f"file://{tmp_path / 'remote'}")
    dsv.ok("push")
    dsv.ok("clone", f"file://{tmp_path / 'remote'}", str(tmp_path / "other"), cwd=tmp_path)
    return dsv, tmp_path / "other"


def _send(dsv: Face, name: str) -> None:
    path = dsv.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("something new\n")
    dsv.ok("add", name.split("/", maxsplit=1)[0] if name.startswith("folder/") else name)
    dsv.ok("commit", "-m", "two")
    dsv.ok("push")


def _hint(err: str) -> list[str]:
    """Return the words of the command that the hint names, without `dsv`."""
    return shlex.split(err.partition("hint: dsv ")[2].partition(", if")[0])


@pytest.mark.parametrize(
    "name", [*NAMES, "folder/conftest.py", "folder/deep/.envrc", "folder/__init__.py", *MORE]
)
def test_what_programs_execute_is_asked_about(team: tuple[Face, Path], name: str) -> None:
    dsv, other = team
    _send(dsv, name)
    error = dsv.fails("pull", code=3, cwd=other)
    assert name in error["message"]
    assert "--yes" in error["hint"]
    assert not (other / name).exists()
    dsv.ok("pull", "--yes", cwd=other)
    assert (other / name).read_text() == "something new\n"
    dsv.ok("checkout", "HEAD~1", cwd=other)
    assert not (other / name).exists()
    dsv.ok("checkout", "main", cwd=other)
    assert (other / name).exists()


@pytest.mark.parametrize("name", ["conftest.py", "deep/.envrc", "__init__.py"])
@pytest.mark.parametrize("way", [("pull",), ("merge", "origin/main"), ("checkout", "origin/main", "folder")])
def test_what_comes_into_a_folder_that_is_here_is_asked_about(
    team: tuple[Face, Path], name: str, way: tuple[str, ...]
) -> None:
    dsv, other = team
    _send(dsv, "folder/a.csv")
    dsv.ok("pull", cwd=other)
    _send(dsv, f"folder/{name}")
    if way != ("pull",):
        dsv.ok("fetch", cwd=other)
    assert f"folder/{name}" in dsv.fails(*way, code=3, cwd=other)["message"]
    assert not (other / "folder" / name).exists()
    dsv.ok(*way, "--yes", cwd=other)
    assert (other / "folder" / name).exists()


def test_what_is_in_a_folder_already_may_change(team: tuple[Face, Path]) -> None:
    dsv, other = team
    _send(dsv, "folder/conftest.py")
    dsv.ok("pull", "--yes", cwd=other)
    (dsv.folder / "folder/conftest.py").write_text("other\n")
    _send(dsv, "folder/b.csv")
    dsv.ok("pull", cwd=other)
    assert (other / "folder/conftest.py").read_text() == "other\n"


@pytest.mark.parametrize("name", ["conftest.py", "folder/deep/.envrc"])
@pytest.mark.parametrize("source", ["remote", "folder"])
def test_a_clone_asks_too(team: tuple[Face, Path], tmp_path: Path, name: str, source: str) -> None:
    dsv, _ = team
    _send(dsv, name)
    url = f"file://{tmp_path / 'remote'}" if source == "remote" else str(dsv.folder)
    done = dsv("clone", url, str(tmp_path / "first"), cwd=tmp_path)
    assert (done.code, name in done.err) == (3, True)
    assert not (tmp_path / "first" / name).exists()
    dsv.ok(*_hint(done.err), cwd=tmp_path)
    assert (tmp_path / "first" / name).read_text() == "something new\n"
    dsv.ok("clone", "--yes", url, str(tmp_path / "second"), cwd=tmp_path)
    assert (tmp_path / "second" / name).exists()
    dsv.ok("clone", "--no-data", url, str(tmp_path / "third"), cwd=tmp_path)
    assert name in dsv.fails("checkout", "HEAD", ".", code=3, cwd=tmp_path / "third")["message"]


def test_a_revision_of_a_clone_is_asked_about(team: tuple[Face, Path], tmp_path: Path) -> None:
    dsv, _ = team
    _send(dsv, "conftest.py")
    dsv.ok("tag", "v1")
    done = dsv("clone", str(dsv.folder), "first", "--rev", "v1", cwd=tmp_path)
    assert done.code == 3
    dsv.ok(*_hint(done.err), cwd=tmp_path)
    assert (tmp_path / "first/conftest.py").exists()


@pytest.mark.parametrize("name", ["conftest.py", "folder/deep/.envrc"])
def test_ones_own_that_went_and_comes_back_is_not_asked_about(team: tuple[Face, Path], name: str) -> None:
    dsv, _ = team
    _send(dsv, "folder/a.csv")
    _send(dsv, name)
    dsv.ok("checkout", "HEAD~1")
    assert not (dsv.folder / name).exists()
    dsv.ok("checkout", "main")
    assert (dsv.folder / name).exists()


def test_ones_own_is_not_asked_about(team: tuple[Face, Path]) -> None:
    dsv, _ = team
    _send(dsv, "conftest.py")
    (dsv.folder / "conftest.py").write_text("changed\n")
    dsv.ok("restore", "conftest.py")
    dsv.ok("drop", "conftest.py")
    dsv.ok("checkout", "HEAD", "conftest.py")


@pytest.mark.parametrize("name", ["data.csv", "folder/part.csv", "folder/makefile.txt", "my_conftest.csv"])
def test_ordinary_names_are_not(team: tuple[Face, Path], name: str) -> None:
    dsv, other = team
    _send(dsv, name)
    dsv.ok("pull", cwd=other)
    assert (other / name).exists()


@pytest.mark.parametrize("name", [".gitattributes", "sub/.GitModules", ".git\u200dignore"])
def test_files_of_git_are_no_datasets(dsv: Face, name: str) -> None:
    path = dsv.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("* filter=x\n")
    assert "git" in dsv.fails("add", name, code=3)["message"]


@pytest.mark.parametrize(
    "path",
    [
        "DSV~1/refs",
        ".Dsv/refs",
        "a/.d\u200bsv/x",
        "dsv.toml.",
        "DSV.LOCK",
        ".dsvignor\u200ce",
        "d/GIT~1/x",
        ".git /x",
    ],
)
def test_names_that_some_systems_take_for_dsv_or_git(path: str) -> None:
    with pytest.raises(Corrupt):
        check_stored_paths([path])


@pytest.mark.parametrize("path", ["data/dsv.toml", "dsv.tomlx", "dsv~10", "gitattributes", "dsv"])
def test_names_that_nobody_takes_for_others(path: str) -> None:
    check_stored_paths([path])
    assert not is_executed(path)
