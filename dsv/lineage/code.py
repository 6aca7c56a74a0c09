"""Git's history, as far as data depends on it. The only importer of GitPython.

Every run asks where git is, and importing the library takes longer than asking: `state_of` does without it.
"""

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from dsv import lockfile
from dsv.errors import NotFound
from dsv.ids import ObjectId, is_id
from dsv.lineage.masking import strip_url
from dsv.model.attempt import GitState

if TYPE_CHECKING:
    from git import Repo

_FIELDS = {"1": 8, "2": 9, "u": 10, "?": 1, "!": 1}
"""How many fields stand before the path in a line of `git status --porcelain=v2`, by how it begins."""


def locked_at(root: Path, ref: str) -> ObjectId:
    """Return the commit that `dsv.lock` names at the git revision `ref`.

    Raises:
        NotFound: `root` is in no git repository, there is no such revision, or it has no lock file.
        BadConfig: The lock file of that revision cannot be read.
    """
    from git import Git, GitCommandError, GitCommandNotFound

    git = _open(root)
    if git is None:
        raise NotFound(f"git:{ref}: the workspace is in no git repository")
    with git:
        try:
            text = Git(root).show(f"{ref}:./{lockfile.NAME}", "--") if ref else ""
        except (GitCommandError, GitCommandNotFound) as error:
            raise NotFound(f"git:{ref}: no such git revision, or no {lockfile.NAME} in it") from error
    lock = lockfile.parse(text)
    if lock is None:
        raise NotFound(f"git:{ref}: {lockfile.NAME} names no commit")
    return lock.commit


def locked_in_history(root: Path) -> frozenset[ObjectId]:
    """Return every commit that `dsv.lock` names anywhere in git's history; they are roots of gc.

    Raises:
        NotFound: Git has a history here but does not tell it, so that nothing may be collected.
    """
    from git import Git
    from git.exc import GitError

    git = _open(root)
    if git is None:
        return frozenset()
    with git:
        try:
            here = Git(root)  # paths are relative to the workspace, which may be below git's top folder
            if not here.rev_list("--all", "--max-count=1"):
                return frozenset()
            text = here.log(
                "--all",
                "--reflog",
                "--full-history",
                "-m",
                "--format=",
                "--unified=0",
                "-p",
                "--",
                lockfile.NAME,
            )
        except GitError as error:
            raise NotFound(f"git does not tell the history of {lockfile.NAME}: {error}") from error
    found = set()
    for line in text.splitlines():
        name, _, value = line.lstrip("+- ").partition(" = ")
        oid = value.strip().strip('"')
        if name == "commit" and is_id(oid):
            found.add(ObjectId(oid))
    return frozenset(found)


def state_of(root: Path) -> GitState | None:
    """Return where git is in the workspace `root`; None if it is in no git repository.

    Untracked files are uncommitted, too, a wholly untracked folder as one path that ends with `/`; what git
    ignores is not, nor is `dsv.lock`. The remote is the one that the branch follows, else `origin`, else any.

    Raises:
        NotFound: Git does not tell.
    """
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    if top is None:
        return None
    told = _ask(
        root, "status", "--porcelain=v2", "--branch", "-z", "--no-renames", "--untracked-files=normal"
    )
    heads: dict[str, str] = {}
    paths = set()
    for line in told.split("\0"):
        if line.startswith("# "):
            key, _, value = line[2:].partition(" ")
            heads[key] = value
        elif line:
            paths.add(_below(root, top, line.split(" ", _FIELDS[line[0]])[-1]))
    commit = heads.get("branch.oid")
    return GitState(
        remote=_remote(root, heads.get("branch.head")),
        commit=None if commit == "(initial)" else commit,
        dirty=tuple(sorted(paths - {lockfile.NAME})),
    )


def _ask(root: Path, *arguments: str, may_fail: bool = False) -> str:
    """Return what git says, which takes no lock and runs no monitor for it."""
    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    except OSError as error:
        raise NotFound(f"git does not tell the state of the workspace: {error}") from error
    if done.returncode and not may_fail:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise NotFound(f"git does not tell the state of the workspace: {said}")
    return done.stdout.decode("utf-8", "surrogateescape")


def _below(root: Path, top: Path, path: str) -> str:
    found = os.path.relpath(top.resolve() / path, root.resolve()).replace(os.sep, "/")
    text = found.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return f"{text}/" if path.endswith("/") else text


def _remote(root: Path, branch: str | None) -> str | None:
    told = _ask(
        root, "config", "-z", "--get-regexp", r"^(remote\..*\.url|branch\..*\.remote)$", may_fail=True
    )
    settings = dict(one.partition("\n")[::2] for one in told.split("\0") if one)
    urls = {
        key.removeprefix("remote.").removesuffix(".url"): url
        for key, url in settings.items()
        if key.startswith("remote.")
    }
    names = [
        name for name in (settings.get(f"branch.{branch}.remote"), "origin", *sorted(urls)) if name in urls
    ]
    return strip_url(urls[names[0]]) if names else None


def _open(root: Path) -> "Repo | None":
    from git import InvalidGitRepositoryError, Repo

    try:
        return Repo(root, search_parent_directories=True)
    except InvalidGitRepositoryError:
        return None
