"""Getting a store where git brought `dsv.toml` and `dsv.lock` and nothing else."""

import shutil
from dataclasses import replace
from pathlib import Path

from dsv.errors import Corrupt, NotFound, RefMoved
from dsv.ids import ObjectId, short
from dsv.model.ref_names import is_name
from dsv.progress import SILENT, Progress
from dsv.remotes.incoming import check_names, check_there, fetch_history
from dsv.remotes.remote import RemoteStore, connect
from dsv.store.refs import Local, Refs
from dsv.store.repository import Repository
from dsv.store.writer import Writer
from dsv.workspace import Workspace
from dsv.worktree import git, lockfile
from dsv.worktree.lockfile import LockPins


def has_store(workspace: Workspace) -> bool:
    """Whether the workspace has a store; one that `ensure` has begun and not finished is none yet.

    Raises:
        Corrupt: It has packs, and no refs.
        BadConfig: `dsv.lock` cannot be read.
    """
    if not (workspace.dot / "refs").exists():
        check_lost(workspace)
        return False
    refs = workspace.repo.refs()
    local = refs.mine
    used = refs.branches or local.detached or local.staged or local.moving
    return bool(used) or lockfile.read(workspace.root) is None


def check_lost(workspace: Workspace) -> None:
    """Refuse to start again over packs: gc would take them for garbage.

    Raises:
        Corrupt: There are packs.
    """
    if workspace.dot.is_dir() and next(workspace.blobs.list("packs/"), None) is not None:
        raise Corrupt(
            f"the store in {workspace.dot} holds packs, and its refs are gone",
            hint="restore the file refs from a backup, or move the store away",
        )


def make_store(workspace: Workspace, branch: str | None = None) -> bool:
    """Make the store of a workspace that has none, on `branch` or the one of git and `dsv.lock`.

    Returns:
        Whether it was made; another process may have been faster.

    Raises:
        StorageError: It cannot be written.
    """
    workspace.dot.mkdir(exist_ok=True)
    git.hide(workspace.dot)
    top = git.find(workspace.root)
    here = git.branch(top) if top else None
    lock = lockfile.read(workspace.root)
    own = here if here is not None and is_name(here) else None
    name = branch or (lock.branch if lock else None) or own or "main"
    first = Refs(default=name, local=Local(branch=name, git_branch=here))
    try:
        workspace.blobs.swap(None, first.encode())
    except RefMoved:
        return False  # it is the same
    if top is not None:
        git.ignore(workspace.root, None)
    return True


def ensure(workspace: Workspace, name: str | None = None, *, progress: Progress = SILENT) -> bool:
    """Make the store from a remote if the workspace has none; return whether it was made.

    HEAD is then what `dsv.lock` names, or the remote's default branch, and nothing is checked out.

    Raises:
        NotFound: There is no remote; or it lacks the commit that `dsv.lock` names.
        Corrupt, StorageError: The remote is damaged, or cannot be read; or the store was, before.
    """
    if has_store(workspace):
        return False
    remote = connect(workspace, name)
    theirs = remote.load()
    check_there(remote)
    check_names(remote.name, theirs)
    lock = lockfile.read(workspace.root)
    before = {path.name for path in workspace.dot.iterdir()} if workspace.dot.exists() else None
    mine = make_store(workspace, None if lock else theirs.default)
    try:
        _fill(workspace, remote, lock, progress)
    except BaseException:
        if mine:
            _take_back(workspace.dot, before)  # half a store would pass for one without commits
        raise
    return True


def _take_back(dot: Path, before: set[str] | None) -> None:
    """Remove what was made in the folder of a store; `before` is what was in it, None if it was not there."""
    if before is None:
        shutil.rmtree(dot, ignore_errors=True)
        return
    for path in dot.iterdir():
        if path.name not in before:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _fill(workspace: Workspace, remote: RemoteStore, lock: LockPins | None, progress: Progress) -> None:
    fetch_history(workspace, remote, progress=progress)
    if lock is not None:
        _check_known(workspace.repo, lock, remote.name)
        named = workspace.repo.datasets(workspace.repo.snapshot_of(lock.commit))
        attach(workspace, None if lock.branch in named else lock.branch, lock.commit)
    else:
        branch = workspace.repo.refs().mine.branch or remote.refs.default
        tip = remote.refs.branches.get(branch)
        if tip is not None:
            attach(workspace, branch, tip)


def attach(workspace: Workspace, branch: str | None, commit: ObjectId) -> None:
    """Make HEAD `commit`, on `branch` or detached, in a store that has no commits of its own."""

    def change(found: Refs, _: Writer) -> Refs:
        branches = {**found.branches, branch: commit} if branch is not None else found.branches
        local = replace(
            found.mine,
            branch=branch,
            detached=None if branch is not None else commit,
            staged=workspace.repo.commit(commit).snapshot,
            lock_due=True,
        )
        return replace(found, branches=branches, local=local)

    workspace.publish("clone", change)
    workspace.write_lock()
    if git.find(workspace.root) is not None:
        git.ignore(
            workspace.root,
            list(workspace.repo.datasets(workspace.repo.commit(commit).snapshot)),
            workspace.scratch(),
        )


def bring_locked(workspace: Workspace, lock: LockPins, *, progress: Progress = SILENT) -> bool:
    """Have the store hold the commit that `dsv.lock` names, fetched if need be.

    Returns:
        Whether the store itself had to be made.

    Raises:
        NotFound: The default remote lacks it, too, or there is none.
        Corrupt, StorageError: The remote is damaged, or cannot be read.
    """
    if not has_store(workspace) and workspace.config.default_remote is not None:
        return ensure(workspace, progress=progress)
    if workspace.repo.objects.has(lock.commit):
        return False
    if workspace.config.default_remote is None:
        _check_known(workspace.repo, lock, None)
    remote = connect(workspace)
    fetch_history(workspace, remote, progress=progress)
    _check_known(workspace.repo, lock, remote.name)
    return False


def _check_known(repo: Repository, lock: LockPins, remote: str | None) -> None:
    if not repo.objects.has(lock.commit):
        where = "in this store" if remote is None else f"on remote {remote}"
        raise NotFound(
            f"the commit {short(lock.commit)} that dsv.lock names is not {where}",
            hint="somebody has not run `dsv push`",
        )
