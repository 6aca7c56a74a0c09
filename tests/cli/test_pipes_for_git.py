"""Pipes and devices in the place of files that git reads: dsv says so, and does not wait with git."""

import os
import subprocess
from pathlib import Path

import pytest

from dsv.worktree import git_door, git_pipes
from tests.cli.face_fixtures import Face


@pytest.fixture
def around(dsv: Face) -> Path:
    """A git repository around the workspace, with a script in it."""
    subprocess.run(["git", "init", "-q", dsv.folder], check=True)
    (dsv.folder / "sub").mkdir()
    (dsv.folder / "sub/mk.sh").write_text("echo a > out.csv\n")
    subprocess.run(["git", "add", "sub"], cwd=dsv.folder, check=True)
    return dsv.folder


@pytest.mark.parametrize("name", [".gitattributes", "sub/.gitignore", ".git/info/exclude"])
def test_a_run_is_refused_with_the_name_of_the_pipe(dsv: Face, around: Path, name: str) -> None:
    (around / name).unlink(missing_ok=True)
    os.mkfifo(around / name)
    done = dsv("run", "--", "sh", "sub/mk.sh")
    assert done.code == 3
    assert f"{around / name} is a pipe or a device" in done.err
    assert not (around / "out.csv").exists()
    (around / name).unlink()
    dsv.ok("run", "--", "sh", "sub/mk.sh")


@pytest.mark.parametrize(
    "name",
    [
        ".gitignore",
        "sub/deep/.gitattributes",
        ".mailmap",
        ".git/config",
        ".git/info/attributes",
        "../.gitignore",
    ],
)
def test_pipes_are_found_wherever_git_reads(around: Path, name: str) -> None:
    path = around / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    assert git_pipes.find(around) is None
    os.mkfifo(path)
    found = git_pipes.find(around)
    assert found is not None
    assert found.samefile(path)


def test_links_to_devices_are_found_and_other_pipes_and_links_are_not(around: Path) -> None:
    os.mkfifo(around / "pipe")
    (around / ".gitattributes").symlink_to("nowhere")
    (around / "sub/.gitignore").mkdir()
    assert git_pipes.find(around) is None
    (around / ".gitignore").unlink(missing_ok=True)
    (around / ".gitignore").symlink_to("/dev/zero")
    assert git_pipes.find(around) == around / ".gitignore"


def test_a_git_that_takes_long_gets_all_that_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked for pipes meanwhile, several times, while git has not read its input yet."""
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nsleep 0.5\nexec cat\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(git_door, "_PATIENCE", 0.05)
    given = b"path\0" * 100_000
    assert git_door.ask(tmp_path, "check-ignore", "--stdin", given=given) == given
