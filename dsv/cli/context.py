"""What a command knows of its surroundings: folder, environment, streams, workspace, author."""

import os
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from dsv.cli.output import TwoStreams
from dsv.errors import DsvError, Refused

if TYPE_CHECKING:
    from dsv.ids import ObjectId
    from dsv.progress import Progress
    from dsv.store.repository import Repository
    from dsv.workspace import Caller, Workspace


class Context:
    """The surroundings of one command; the only reader of the environment.

    Attributes:
        cwd: The folder that arguments are relative to, absolute.
        env: The environment variables.
        out: Where to write.
        after_dashes: How many arguments stood after `--`; None if there was none.
        yes: Whether the user agreed beforehand to new files that programs execute.
    """

    def __init__(self) -> None:
        self.env: Mapping[str, str] = os.environ
        self.cwd = Path.cwd()
        self.out = TwoStreams(self.env)
        self.after_dashes: int | None = None
        self.yes = False

    @cached_property
    def workspace(self) -> "Workspace":
        """The workspace around the current folder.

        Raises:
            NotFound: There is none.
            BadConfig: Its settings cannot be read.
        """
        from dsv.workspace import Workspace

        workspace = Workspace.discover(self.cwd, self.caller)
        for key in workspace.config.unknown:
            self.out.warn(f"unknown setting {key}")
        self.out.style.commits = lambda digits: _commits(workspace.repo, digits)
        return workspace

    @property
    def caller(self) -> "Caller":
        """What a workspace is lent: what asks the user, and where data comes from that its store lacks."""
        from dsv.remotes.lazy_supply import default_supply
        from dsv.workspace import Caller

        return Caller(default_supply, self._agree_to_names, self.knows_endpoint, self.home)

    @property
    def can_ask(self) -> bool:
        """Whether somebody is at a terminal who can be asked, and reads what is said there."""
        return sys.stdin.isatty() and sys.stderr.isatty() and not self.out.json

    def knows_endpoint(self, url: str) -> bool:
        """Whether the user has used the server at `url`, or agreed to it."""
        from dsv.cli.trusting import trusted_file
        from dsv.runs.rebuild.setting_trust import knows_endpoint

        return knows_endpoint(trusted_file(), url, self.env)

    def _agree_to_names(self, paths: list[str]) -> bool:
        """Ask whether files that programs execute may be written; without a terminal, only `--yes` says so."""
        if self.yes or not self.can_ask:
            return self.yes
        import click

        for path in paths:
            self.out.say(f"{path} is new, and programs run files that are called so")
        return click.confirm("write them?", default=False, err=True)

    @property
    def home(self) -> Path | None:
        """The user's home folder; None if there is none."""
        given = self.env.get("HOME")
        return Path(given) if given else None

    def progress(self, label: str, unit: str) -> "Progress":
        """Return a count of work for an operation, begun without a total; the operation may know more."""
        self.out.progress.begin(label, None, unit)
        return self.out.progress

    def path(self, argument: str) -> str:
        """Return a path argument relative to the workspace, with `/`; the workspace itself is `.`.

        Links are not followed. `PATH@REV:FILE` may be given too, for its path comes first.

        Raises:
            Refused: It leads out of the workspace.
        """
        root = self.workspace.root
        for base in (root, root.resolve()):
            full = os.path.normpath(self.cwd / argument)
            if full == str(base):
                return "."
            if full.startswith(f"{base}{os.sep}"):
                return Path(full).relative_to(base).as_posix()
        raise Refused(f"{argument} is outside the workspace {root}")

    def typed(self, path: str) -> str:
        """Return a path of the workspace as it is typed in the current folder, quoted for a shell."""
        from shlex import quote

        here = os.path.relpath(self.workspace.root / path, self.cwd)
        return quote(f"./{here}" if here.startswith("-") else here)

    def path_here(self, argument: str) -> Path:
        """Return a path argument that need not be in the workspace, absolute."""
        return Path(os.path.normpath(self.cwd / argument))

    @cached_property
    def author(self) -> str:
        """Who makes commits: `DSV_AUTHOR`, the setting `user`, git's user, or user@host."""
        return self.env.get("DSV_AUTHOR") or self.workspace.config.user or self._git_user() or self._login()

    def _git_user(self) -> str | None:
        from dsv.worktree import git_door

        words = ("config", "--null", "--get-regexp", r"^user\.(name|email)$")
        try:
            answer = git_door.ask(self.workspace.root, *words, good=(0, 1))
        except git_door.NoGit:
            return None
        found = {}
        for entry in answer.decode("utf-8", "replace").split("\0"):
            key, _, value = entry.partition("\n")
            found[key] = value.strip()
        name, email = found.get("user.name"), found.get("user.email")
        return f"{name} <{email}>" if name and email else name or email

    def _login(self) -> str:
        import getpass
        import socket

        try:
            user = getpass.getuser()
        except (KeyError, OSError, ImportError):
            user = "unknown"
        return f"{user}@{socket.gethostname() or 'localhost'}"


def _commits(repo: "Repository", digits: str) -> "list[ObjectId]":
    try:
        return repo.objects.commits(digits)
    except DsvError:
        return []  # a damaged store is told by what reads it, not by how an id is shown
