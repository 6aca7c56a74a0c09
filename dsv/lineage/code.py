"""Git's history, as far as data depends on it. The only importer of GitPython."""

import os
from pathlib import Path

from git import Git, GitCommandError, GitCommandNotFound, InvalidGitRepositoryError, Repo
from git.exc import GitError

from dsv import lockfile
from dsv.errors import NotFound
from dsv.ids import ObjectId, is_id
from dsv.lineage.masking import strip_url
from dsv.model.attempt import GitState


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


def state_of(root: Path) -> GitState | None:
    """Return where git is in the workspace `root`; None if it is in no git repository.

    Untracked files are uncommitted, too, a wholly untracked folder as one path that ends with `/`; what git
    ignores is not, nor is `dsv.lock`. The remote is the one that the branch follows, else `origin`, else any.

    Raises:
        NotFound: Git does not tell.
    """
    git = _open(root)
    if git is None:
        return None
    with git:
        try:
            here = Git(root)
            here.update_environment(GIT_OPTIONAL_LOCKS="0")
            told = here.status("--porcelain=v1", "-z", "--no-renames", "--untracked-files=normal")
            commit = here.rev_parse("--verify", "--quiet", "HEAD", with_exceptions=False) or None
            remote = _remote(git)
        except (GitError, OSError) as error:
            raise NotFound(f"git does not tell the state of the workspace: {error}") from error
        top = git.working_tree_dir or root
    paths = {_below(root, Path(top), line[3:]) for line in told.split("\0") if line}
    return GitState(remote, commit, tuple(sorted(paths - {lockfile.NAME})))


def _below(root: Path, top: Path, path: str) -> str:
    found = os.path.relpath(top.resolve() / path, root.resolve()).replace(os.sep, "/")
    text = found.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return f"{text}/" if path.endswith("/") else text


def _remote(git: Repo) -> str | None:
    with git.config_reader() as settings:
        urls = {
            section[8:-1]: str(settings.get_value(section, "url"))
            for section in settings.sections()
            if section.startswith('remote "') and settings.has_option(section, "url")
        }
        branch = None if git.head.is_detached else git.active_branch.name
        followed = settings.get_value(f'branch "{branch}"', "remote", "") if branch else ""
    names = [name for name in (str(followed), "origin", *sorted(urls)) if name in urls]
    return strip_url(urls[names[0]]) if names else None


def _open(root: Path) -> Repo | None:
    try:
        return Repo(root, search_parent_directories=True)
    except InvalidGitRepositoryError:
        return None
