"""A repository whose settings name programs in every place that git runs one from: dsv runs none of them."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face
from tests.real_git import git

HOOKS = ("post-index-change", "fsmonitor-watchman", "post-checkout", "pre-commit", "reference-transaction")
SIGNATURE = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQEzBAAB\n -----END PGP SIGNATURE-----\n"

EVERYDAY = [
    ("status",),
    ("run", "-m", "again", "--", "python3", "mk.py"),
    ("why", "out.csv"),
    ("lineage", "out.csv"),
    ("rerun", "--dry-run"),
    ("rerun", "-m", "up to date"),
    ("verify", "--level", "hashes"),
    ("verify", "--yes"),
    ("rebuild", "--yes", "out.csv"),
    ("add", "in.csv"),
    ("commit", "-am", "all"),
    ("log",),
    ("diff",),
    ("show",),
    ("ls", "git:HEAD"),
    ("checkout", "git:HEAD"),
    ("checkout", "main"),
    ("mv", "in.csv", "raw.csv"),
    ("undo",),
    ("branch", "other"),
    ("gc",),
    ("fsck",),
    ("push",),
    ("fetch",),
    ("pull",),
    ("import", "plain.txt", "got.txt"),
    ("config", "trust"),
]


class Trap:
    """Programs that say that they were run, by what made git run them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "sprung").mkdir(parents=True)

    def program(self, name: str, then: str = "exit 1") -> str:
        path = self.folder / name
        path.write_text(f'#!/bin/sh\n: > "{self.folder}/sprung/{name}"\n{then}\n')
        path.chmod(0o755)
        return str(path)

    def sprung(self) -> set[str]:
        found = {path.name for path in (self.folder / "sprung").iterdir()}
        for path in (self.folder / "sprung").iterdir():
            path.unlink()
        return found


def plant(root: Path, trap: Trap) -> None:
    """Name a program in each setting of the repository `root` that git runs one from, and of a submodule in it."""
    (root / "part").mkdir()
    git(root / "part", "init", "-q")
    (root / "part" / "x.py").write_text("x = 1\n")
    git(root / "part", "add", "x.py")
    git(root / "part", "commit", "-qm", "x")
    head = git(root / "part", "rev-parse", "HEAD")
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{head},part")
    hooks = trap.folder / "hooks"
    hooks.mkdir()
    for hook in HOOKS:
        Path(trap.program(hook)).rename(hooks / hook)
    evil = trap.program
    settings = {
        "core.fsmonitor": evil("fsmonitor"),
        "core.hooksPath": str(hooks),
        "core.pager": evil("pager", "cat"),
        "pager.log": evil("pager-log", "cat"),
        "pager.status": "true",
        "core.sshCommand": evil("ssh"),
        "core.editor": evil("editor"),
        "core.alternateRefsCommand": evil("alternates"),
        "core.askPass": evil("askpass"),
        "credential.helper": evil("credential"),
        "gpg.program": evil("gpg"),
        "log.showSignature": "true",
        "diff.external": evil("diff-external"),
        "diff.evil.textconv": evil("textconv", 'cat "$1"'),
        "diff.evil.command": evil("diff-command"),
        "filter.evil.clean": evil("clean", "cat"),
        "filter.evil.smudge": evil("smudge", "cat"),
        "filter.evil.required": "true",
        "filter.long.process": evil("process"),
        "filter.a.b c.clean": evil("clean-odd-name"),
        "status.submoduleSummary": "true",
        "submodule.recurse": "true",
        "protocol.allow": "always",
        "protocol.ext.allow": "always",
        "remote.origin.url": f"ext::{evil('ext')} %S",
        "remote.origin.uploadpack": evil("uploadpack"),
        "remote.origin.promisor": "true",
        "remote.origin.partialclonefilter": "blob:none",
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "origin",
    }
    for word in ("status", "log", "config", "ls-files", "check-ignore", "cat-file", "rev-list"):
        settings[f"alias.{word}"] = f"!{evil(f'alias-{word}')}"
    for key, value in settings.items():
        git(root, "-c", "core.fsmonitor=false", "config", key, value)
    (root / ".gitattributes").write_text(
        "*.py filter=evil diff=evil\ndsv.lock diff=evil\n*.txt filter=long\n*.md filter=a.b\n"
    )
    git(root / "part", "config", "core.fsmonitor", evil("fsmonitor-of-submodule"))
    git(root / "part", "config", "filter.inner.clean", evil("clean-of-submodule"))
    (root / "part" / ".gitattributes").write_text("*.py filter=inner\n")
    (root / "part" / "x.py").write_text("x = 2\n")


@pytest.fixture
def hostile(dsv: Face, tmp_path: Path) -> Face:
    root = dsv.folder
    git(root, "init", "-q", "-b", "main")
    (root / "in.csv").write_text("a,b\n1,2\n")
    (root / "plain.txt").write_text("text\n")
    (root / "mk.py").write_text('open("out.csv", "w").write(open("in.csv").read())\n')
    git(root, "add", "mk.py", "plain.txt")
    git(root, "commit", "-qm", "code")
    dsv.ok("run", "-m", "first", "--", "python3", "mk.py")
    dsv.ok("remote", "add", "origin", f"file://{tmp_path}/remote")
    dsv.ok("push")
    git(root, "add", "dsv.lock", "dsv.toml", ".gitignore")
    git(root, "commit", "-qm", "lock")
    return dsv


def sign(root: Path) -> None:
    """Let HEAD be a commit with a signature, which `log.showSignature` has git check."""
    text = git(root, "cat-file", "commit", "HEAD")
    head, _, message = text.partition("\n\n")
    signed = git(
        root, "hash-object", "-t", "commit", "-w", "--stdin", given=f"{head}\n{SIGNATURE}\n{message}\n"
    )
    git(root, "update-ref", "HEAD", signed)


def lose(root: Path, path: str) -> None:
    """Let git's store lack the bytes of a file, as a partial clone does."""
    blob = git(root, "rev-parse", f"HEAD:{path}")
    (root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()


def test_no_program_that_a_repository_names_is_run(hostile: Face, tmp_path: Path) -> None:
    root = hostile.folder
    sign(root)
    trap = Trap(tmp_path / "trap")
    plant(root, trap)
    (root / ".gitmodules").write_text('[submodule "part"]\n\tpath = part\n\turl = ../part\n')
    lose(root, "mk.py")
    trap.sprung()
    for number, words in enumerate(EVERYDAY):
        if number % 2:  # a file whose size differs is not read
            with (root / "mk.py").open("a") as file:
                file.write(f"# {number}\n")
        for path in ("mk.py", "plain.txt", "part/x.py"):
            (root / path).touch()
        with (root / "in.csv" if (root / "in.csv").exists() else root / "raw.csv").open("a") as file:
            file.write(f"{number},2\n")
        done = hostile(*words)
        assert done.code not in (70, 139), (words, done.err)
        assert trap.sprung() == set(), words


def test_git_itself_would_run_them(hostile: Face, tmp_path: Path) -> None:
    """Otherwise the test above would show nothing."""
    root = hostile.folder
    sign(root)
    trap = Trap(tmp_path / "trap")
    plant(root, trap)
    (root / "mk.py").touch()
    for words in (("status",), ("log", "-p"), ("ls-files",)):
        subprocess.run(["git", *words], cwd=root, capture_output=True, check=False)
    lose(root, "plain.txt")
    subprocess.run(["git", "cat-file", "-p", "HEAD:plain.txt"], cwd=root, capture_output=True, check=False)
    sprung = trap.sprung()
    assert {"fsmonitor", "clean", "textconv", "gpg", "ext"} <= sprung


def test_a_folder_of_data_that_looks_like_a_repository(hostile: Face, tmp_path: Path) -> None:
    """A bare repository in the working tree is data, also where it names programs."""
    trap = Trap(tmp_path / "trap")
    bare = hostile.folder / "bare"
    git(hostile.folder, "init", "-q", "--bare", "bare")
    git(bare, "config", "core.bare", "false")
    git(bare, "config", "core.worktree", str(hostile.folder))
    git(bare, "config", "core.fsmonitor", trap.program("fsmonitor"))
    trap.sprung()
    for words in (("add", "bare"), ("status",), ("run", "--", "python3", "mk.py")):
        hostile(*words)
    hostile("status", cwd=bare)
    assert trap.sprung() == set()


@pytest.mark.parametrize("words", [("run", "--", "python3", "mk.py"), ("gc",)])
def test_a_git_that_does_not_answer_ends_the_command(hostile: Face, words: tuple[str, ...]) -> None:
    (hostile.folder / ".git" / "config").write_text("[core\n")
    done = hostile(*words)
    assert done.code == 3
    assert "git does not answer" in done.err
    assert "hint: git status" in done.err


def test_a_filter_that_cannot_be_turned_off_is_refused(hostile: Face, tmp_path: Path) -> None:
    trap = Trap(tmp_path / "trap")
    with (hostile.folder / ".git" / "config").open("a") as file:
        file.write(f'[filter "a=b"]\n\tclean = {trap.program("clean")}\n')
    (hostile.folder / ".gitattributes").write_text("*.py filter=a=b\n")
    (hostile.folder / "mk.py").touch()
    done = hostile("run", "--", "python3", "mk.py")
    assert done.code == 3
    assert "filter" in done.err
    assert trap.sprung() == set()
