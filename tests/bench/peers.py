# ruff: noqa: ARG002 - every tool answers the same calls, whether or not it needs to be told the path
"""The tools that are compared: for each, the commands that a user would type."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from tests.bench.measure import Argv

REPOSITORY = Path(__file__).resolve().parents[2]


class Tool:
    """One tool in one fresh workspace at a time. All commands run in the workspace folder.

    Attributes:
        name: As it stands in the table.
        program: What starts it, or None if it is not here.
        stores: Folders in the workspace whose bytes are its store.
        mirrors: Whether its checkout also removes files that the older version did not have.
        peer: Whether it is a tool of its own, and not another way of using one.
    """

    name = ""
    stores: tuple[str, ...] = ()
    mirrors = True
    peer = True

    def __init__(self, program: Argv | None) -> None:
        self.program = program
        self.missing = "not installed"

    def version(self) -> str:
        """Return the version that the tool prints of itself, or why there is none."""
        if self.program is None:
            return self.missing
        said = subprocess.run(
            [*self.program, *self.version_words()], capture_output=True, text=True, check=False
        )
        found = re.search(r"\d+\.\d[\w.]*", said.stdout)
        return found[0] if found else "unknown"

    def version_words(self) -> Argv:
        return ["--version"]

    def env(self, home: Path) -> dict[str, str]:
        """Return an environment that knows nothing of the user: no settings, caches or identities."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TMPDIR": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def setup(self) -> Sequence[Argv]:
        """Return the commands that make an empty workspace."""
        raise NotImplementedError

    def commit(self, path: str, number: int) -> Sequence[Argv]:
        """Return the commands that record `path` as version `number`, counted from 0."""
        raise NotImplementedError

    def status(self, path: str) -> Sequence[Argv]:
        """Return the commands that say whether `path` changed; empty if the tool has no such question."""
        raise NotImplementedError

    def checkout(self, path: str, back: int) -> Sequence[Argv]:
        """Return the commands that bring the version `back` commits ago into the workspace.

        With 0, `path` has been deleted from the workspace and shall come back.
        """
        raise NotImplementedError

    def record(self, argv: Argv, read: str, written: str, code: str, *, again: bool) -> Sequence[Argv]:
        """Return the commands that run `argv` and record what it made of what; `again` if it was done before."""
        raise NotImplementedError

    def share(self, url: str, address: str) -> Sequence[Argv]:
        """Return the commands that make `url` on the S3 server at `address` the default remote."""
        raise NotImplementedError

    def push(self) -> Sequence[Argv]:
        """Return the commands that send all that is committed to the default remote."""
        raise NotImplementedError

    def clone(self, source: Path, target: Path) -> Sequence[Argv]:
        """Return the commands that make `target` what a clone of the code in `source` is: without data."""
        raise NotImplementedError

    def pull(self) -> Sequence[Argv]:
        """Return the commands that bring the data of a clone from the default remote."""
        raise NotImplementedError

    def command(self, *words: str) -> Argv:
        assert self.program is not None
        return [*self.program, *words]


class Dsv(Tool):
    """dsv without git beside it; its commit is the whole record."""

    name = "dsv"
    stores = (".dsv",)

    def env(self, home: Path) -> dict[str, str]:
        path = {} if find_script("dsv") else {"PYTHONPATH": str(REPOSITORY)}
        return super().env(home) | path | {"DSV_AUTHOR": "Bench <bench@example.org>"}

    def version(self) -> str:
        said = subprocess.run(
            self.command("--version"), env=self.env(Path.cwd()), capture_output=True, text=True, check=False
        )
        found = re.search(r"\d+\.\d[\w.]*", said.stdout)
        return found[0] if found else "unknown"

    def setup(self) -> Sequence[Argv]:
        return [self.command("init")]

    def commit(self, path: str, number: int) -> Sequence[Argv]:
        return [self.command("add", path), self.command("commit", "-m", f"version {number}")]

    def status(self, path: str) -> Sequence[Argv]:
        return [self.command("status")]

    def checkout(self, path: str, back: int) -> Sequence[Argv]:
        return [self.command("checkout", f"HEAD~{back}") if back else self.command("checkout", "HEAD", path)]

    def record(self, argv: Argv, read: str, written: str, code: str, *, again: bool) -> Sequence[Argv]:
        return [self.command("run", "--", *argv)]

    def share(self, url: str, address: str) -> Sequence[Argv]:
        return [self.command("remote", "add", "origin", url, "--endpoint-url", address)]

    def push(self) -> Sequence[Argv]:
        return [self.command("push")]

    def clone(self, source: Path, target: Path) -> Sequence[Argv]:
        names = ("dsv.toml", "dsv.lock")
        return [["mkdir", str(target)], ["cp", *(str(source / name) for name in names), str(target)]]

    def pull(self) -> Sequence[Argv]:
        return [self.command("pull")]


class ByHand(Dsv):
    """Running a command and then adding what it wrote, without any record of how it came about."""

    name = "by hand"
    peer = False

    def record(self, argv: Argv, read: str, written: str, code: str, *, again: bool) -> Sequence[Argv]:
        return [argv, self.command("add", written)]


class GitTool(Tool):
    """A tool whose versions are git commits."""

    def git_setup(self) -> list[Argv]:
        return [
            ["git", "init", "-q", "--template="],
            ["git", "config", "gc.auto", "0"],  # it would go on in the background, uncounted
            ["git", "config", "user.name", "Bench"],
            ["git", "config", "user.email", "bench@example.org"],
        ]

    def checkout(self, path: str, back: int) -> Sequence[Argv]:
        return [["git", "checkout", "-q", f"HEAD~{back}"] if back else ["git", "checkout", "-q", "--", path]]


class Dvc(GitTool):
    """DVC with its default cache: in the workspace, linked by reflink where that exists, else copied."""

    name = "DVC"
    stores = (".dvc", ".git")

    def env(self, home: Path) -> dict[str, str]:
        own = {"DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(home / "site")}
        return super().env(home) | own

    def setup(self) -> Sequence[Argv]:
        return [
            *self.git_setup(),
            self.command("init", "-q"),
            self.command("config", "core.analytics", "false"),
            self.command("config", "core.check_update", "false"),
            ["git", "add", ".dvc/config"],
            ["git", "commit", "-q", "-m", "dvc init"],
        ]

    def commit(self, path: str, number: int) -> Sequence[Argv]:
        return [
            self.command("add", "-q", path),
            ["git", "add", f"{path}.dvc", ".gitignore"],
            ["git", "commit", "-q", "-m", f"version {number}"],
        ]

    def status(self, path: str) -> Sequence[Argv]:
        return [self.command("status", "-q", f"{path}.dvc")]

    def checkout(self, path: str, back: int) -> Sequence[Argv]:
        code = [["git", "checkout", "-q", f"HEAD~{back}"]] if back else []
        return [*code, self.command("checkout", "-q")]

    def record(self, argv: Argv, read: str, written: str, code: str, *, again: bool) -> Sequence[Argv]:
        if again:
            return [self.command("repro", "-q", "-f", "step")]
        of = ("-d", read, "-d", code, "-o", written)
        return [self.command("stage", "add", "-q", "--run", "-n", "step", *of, *argv)]

    def share(self, url: str, address: str) -> Sequence[Argv]:
        return [
            self.command("remote", "add", "-q", "-d", "origin", url),
            self.command("remote", "modify", "-q", "origin", "endpointurl", address),
            ["git", "add", ".dvc/config"],
            ["git", "commit", "-q", "-m", "remote"],
        ]

    def push(self) -> Sequence[Argv]:
        return [self.command("push", "-q")]

    def clone(self, source: Path, target: Path) -> Sequence[Argv]:
        return [["git", "clone", "-q", str(source), str(target)]]

    def pull(self) -> Sequence[Argv]:
        return [self.command("pull", "-q")]


class GitLfs(GitTool):
    name = "Git LFS"
    stores = (".git",)

    def setup(self) -> Sequence[Argv]:
        return [
            *self.git_setup(),
            self.command("install", "--local"),
            self.command("track", "data*", "data/**"),
            ["git", "add", ".gitattributes"],
            ["git", "commit", "-q", "-m", "track data"],
        ]

    def commit(self, path: str, number: int) -> Sequence[Argv]:
        return [["git", "add", path], ["git", "commit", "-q", "-m", f"version {number}"]]

    def status(self, path: str) -> Sequence[Argv]:
        return [["git", "status", "--porcelain"]]


class GitAnnex(GitTool):
    """git-annex with unlocked files, so that data can be edited in place as with the others."""

    name = "git-annex"
    stores = (".git",)

    def version_words(self) -> Argv:
        return ["version"]

    def setup(self) -> Sequence[Argv]:
        return [
            *self.git_setup(),
            ["git", "commit", "-q", "--allow-empty", "-m", "start"],
            self.command("init", "-q"),
            self.command("config", "--set", "annex.addunlocked", "true"),
        ]

    def commit(self, path: str, number: int) -> Sequence[Argv]:
        return [self.command("add", "-q", path), ["git", "commit", "-q", "-m", f"version {number}"]]

    def status(self, path: str) -> Sequence[Argv]:
        return [["git", "status", "--porcelain"]]


class Restic(Tool):
    name = "restic"
    stores = (".restic",)
    mirrors = False

    def version_words(self) -> Argv:
        return ["version"]

    def env(self, home: Path) -> dict[str, str]:
        own = {"RESTIC_REPOSITORY": ".restic", "RESTIC_PASSWORD": "bench"}
        return super().env(home) | own | {"RESTIC_CACHE_DIR": str(home / "cache")}

    def setup(self) -> Sequence[Argv]:
        self.latest = -1
        return [self.command("init", "-q", "--repository-version", "2")]

    def commit(self, path: str, number: int) -> Sequence[Argv]:
        self.latest = number
        return [self.command("backup", "-q", "--tag", f"v{number}", path)]

    def status(self, path: str) -> Sequence[Argv]:
        return []

    def checkout(self, path: str, back: int) -> Sequence[Argv]:
        return [self.command("restore", "-q", "--tag", f"v{self.latest - back}", "--target", ".", "latest")]


class Borg(Tool):
    """borg without encryption, with its default compression (lz4)."""

    name = "borg"
    stores = (".borg",)
    mirrors = False

    def env(self, home: Path) -> dict[str, str]:
        own = {"BORG_REPO": ".borg", "BORG_BASE_DIR": str(home)}
        return super().env(home) | own | {"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"}

    def setup(self) -> Sequence[Argv]:
        self.latest = -1
        return [self.command("init", "--encryption", "none")]

    def commit(self, path: str, number: int) -> Sequence[Argv]:
        self.latest = number
        return [self.command("create", f"::v{number}", path)]

    def status(self, path: str) -> Sequence[Argv]:
        return []

    def checkout(self, path: str, back: int) -> Sequence[Argv]:
        return [self.command("extract", f"::v{self.latest - back}")]


def find_script(name: str) -> str | None:
    """Return the console script that stands beside the running interpreter, if it is there."""
    script = Path(sys.executable).parent / name
    return str(script) if script.exists() else None


def find_tools(options: Mapping[str, str | None]) -> list[Tool]:
    """Return every tool, found or not: dsv and DVC first, and at last what is no peer.

    `options` may name programs: `{"dvc": "venv/bin/dvc"}`.
    """

    def on_path(name: str) -> Argv | None:
        named = options.get(name) or os.environ.get(f"DSV_BENCH_{name.upper().replace('-', '_')}")
        found = shutil.which(named) if named else find_script(name) or shutil.which(name)
        return [str(Path(found).absolute())] if found else None

    dsv = on_path("dsv") or ([sys.executable, "-m", "dsv"] if find_spec("dsv.cli.main") else None)
    tools: list[Tool] = [Dsv(dsv), Dvc(on_path("dvc")), GitLfs(on_path("git-lfs"))]
    tools += [GitAnnex(on_path("git-annex")), Restic(on_path("restic")), Borg(on_path("borg"))]
    return [*tools, ByHand(dsv)]
