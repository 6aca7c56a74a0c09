"""Git's history, as far as data depends on it. The only importer of GitPython."""

from pathlib import Path

from git import Git, GitCommandError, GitCommandNotFound, InvalidGitRepositoryError, Repo
from git.exc import GitError

from dsv import lockfile
from dsv.errors import NotFound
from dsv.ids import ObjectId, is_id


def locked_at(root: Path, ref: str) -> ObjectId:
    """Return the commit that `dsv.lock` names at the git revision `ref`.

    Raises:
        NotFound: `root` is in no git repository, there is no such revision, or it has no lock file.
        BadConfig: The lock file of that revision cannot be read.
    """
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


def _open(root: Path) -> Repo | None:
    try:
        return Repo(root, search_parent_directories=True)
    except InvalidGitRepositoryError:
        return None
