"""Git's history and state, as far as data depends on it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dsv.capture.secrets.masking import strip_url
from dsv.errors import NotFound
from dsv.ids import ObjectId, is_id
from dsv.model.attempt import GitState
from dsv.worktree import git, git_blobs, git_door, lockfile
from dsv.worktree.git_door import NoGit

_FIELDS = {"1": 8, "2": 9, "u": 10, "?": 1, "!": 1}
"""How many fields stand before the path in a line of `git status --porcelain=v2`, by how it begins."""

_STATUS = (
    "status",
    "--porcelain=v2",
    "--branch",
    "-z",
    "--no-renames",
    "--untracked-files=normal",
    "--ignore-submodules=dirty",  # git would ask them without what keeps programs from running
)
_CHANGES = (
    "--all",
    "--reflog",
    "--full-history",
    "-m",
    "--format=",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--unified=0",
    "-p",
)
_REMOTES = r"^(remote\..*\.url|branch\..*\.remote)$"
_NOTHING_FOUND = 1


def locked_at(root: Path, ref: str) -> ObjectId:
    """Return the commit that `dsv.lock` names at the git revision `ref`.

    Raises:
        NotFound: `root` is in no git repository, there is no such revision, or it has no lock file.
        Refused: Git does not answer.
        BadConfig: The lock file of that revision cannot be read.
    """
    if git.find(root) is None:
        raise NotFound(f"git:{ref}: the workspace is in no git repository")
    data = git.blob(root, f"{ref}:./{lockfile.NAME}") if ref else None
    if data is None:
        raise NotFound(f"git:{ref}: no such git revision, or no {lockfile.NAME} in it")
    lock = lockfile.parse(data.decode("utf-8", "replace"))
    if lock is None:
        raise NotFound(f"git:{ref}: {lockfile.NAME} names no commit")
    return lock.commit


def locked_in_history(root: Path) -> frozenset[ObjectId]:
    """Return every commit that `dsv.lock` names anywhere in git's history; they are roots of gc.

    Raises:
        NotFound: Git is not installed, so that nothing may be collected.
        Refused: Git has a history here but does not tell it, likewise.
    """
    if git.find(root) is None:
        return frozenset()
    try:
        if not git_door.ask(root, "rev-list", "--all", "--max-count=1"):
            return frozenset()
        told = git_door.ask(root, "log", *_CHANGES, "--", lockfile.NAME)
    except NoGit as error:
        raise NotFound(f"git, which would tell the history of {lockfile.NAME}, is not installed") from error
    found = set()
    for line in told.decode("utf-8", "replace").splitlines():
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
    try:
        told = _status(root)
        remote = _remote(root, told.heads.get("branch.head"))
    except NoGit as error:
        raise NotFound("git, which would tell the state of the workspace, is not installed") from error
    heads = told.heads
    paths = {_below(root, top, path) for path in told.paths}
    commit = heads.get("branch.oid")
    return GitState(
        remote=remote,
        commit=None if commit == "(initial)" else commit,
        dirty=tuple(sorted(paths - {lockfile.NAME})),
    )


@dataclass(frozen=True, slots=True)
class _Status:
    """What `git status` says: of the branch by key, and the paths that are not as they were committed."""

    heads: Mapping[str, str]
    paths: tuple[str, ...]


def _status(root: Path) -> _Status:
    """Ask for the status of the repository around `root`, and apart from it for that of each submodule."""
    answer = git_door.ask(root, *_STATUS, unfiltered=True)
    heads: dict[str, str] = {}
    paths = []
    top = git.find(root) or root
    for line in git_door.fields(answer):
        if line.startswith("# "):
            key, _, value = line[2:].partition(" ")
            heads[key] = value
        elif not _is_only_filtered(top, line):
            paths.append(line.split(" ", _FIELDS[line[0]])[-1])
    paths += [path for path in git.submodules(top) if path not in paths and _is_changed(top / path)]
    return _Status(heads, tuple(paths))


def _is_only_filtered(top: Path, line: str) -> bool:
    """Whether a file looks changed only since the filters that wrote it are off."""
    if not line.startswith("1 .M "):
        return False
    _, _, sub, _, before, now, _, stored, path = line.split(" ", _FIELDS["1"])
    return sub.startswith("N") and before == now and git_blobs.may_be(top / path, stored)


def _is_changed(submodule: Path) -> bool:
    own = (submodule / ".git").exists() and not submodule.is_symlink()
    return own and bool(_status(submodule).paths)


def _below(root: Path, top: Path, path: str) -> str:
    found = os.path.relpath(top.resolve() / path, root.resolve()).replace(os.sep, "/")
    text = found.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return f"{text}/" if path.endswith("/") else text


def _remote(root: Path, branch: str | None) -> str | None:
    told = git_door.ask(root, "config", "-z", "--get-regexp", _REMOTES, good=(0, _NOTHING_FOUND))
    settings = dict(one.partition("\n")[::2] for one in git_door.fields(told))
    urls = {
        key.removeprefix("remote.").removesuffix(".url"): url
        for key, url in settings.items()
        if key.startswith("remote.")
    }
    names = [
        name for name in (settings.get(f"branch.{branch}.remote"), "origin", *sorted(urls)) if name in urls
    ]
    return strip_url(urls[names[0]]) if names else None
