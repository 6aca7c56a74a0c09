"""Make a workspace like another one."""

import shlex
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from dsv.atomic import replace_file
from dsv.config.edit import HEADING, remote_values, with_values
from dsv.config.keys import SHARED
from dsv.config.load import Remote
from dsv.errors import Corrupt, NotFound, Refused
from dsv.hashing import file_id
from dsv.ids import ObjectId, short
from dsv.plain import read_plain
from dsv.progress import SILENT, Progress
from dsv.records import revisions
from dsv.remotes.incoming import check_names, check_there, fetch_history
from dsv.remotes.remote import connect
from dsv.remotes.start import attach, has_store, make_store
from dsv.store.blobs.metered import Traffic
from dsv.store.packs import index_merge
from dsv.store.packs import pack as packs
from dsv.store.refs import Local, Refs
from dsv.store.repository import Repository
from dsv.store.upkeep.collect import open_all
from dsv.store.writer import Writer
from dsv.versions import stage
from dsv.workspace import SETTINGS, STORE, Workspace
from dsv.worktree import git, lockfile


@dataclass(frozen=True, slots=True)
class CloneResult:
    """What `clone` did.

    Attributes:
        root: The new workspace.
        branch: The branch that HEAD is on.
        commit: The commit that is checked out; None if there is none.
        size: Bytes that were copied.
    """

    root: Path
    branch: str | None
    commit: ObjectId | None
    size: int


def clone(source: Path, root: Path, *, progress: Progress = SILENT) -> CloneResult:
    """Make `root` a workspace with the store of the workspace `source`; nothing is checked out.

    Every pack and index is verified while it is copied. What is staged there, and its oplog,
    stay there. A folder that git filled, with `dsv.toml` and no store of its own yet (a clone, another working
    tree), keeps its settings and gets the commit that its `dsv.lock` names.

    Raises:
        NotFound: `source` is no workspace.
        Refused: `root` is one already, or is neither empty nor filled by git alone.
        Corrupt: The store of `source` is damaged.
        StorageError: It cannot be copied.
    """
    if not (source / SETTINGS).is_file() or not (source / STORE).is_dir():
        raise NotFound(f"{source} is no dsv workspace")
    by_git = (root / SETTINGS).is_file() and not has_store(Workspace(root))
    if root.exists() and not by_git and (not root.is_dir() or any(root.iterdir())):
        raise Refused(f"{root} is not an empty folder")
    theirs = Workspace(source)
    refs = theirs.repo.refs()
    local = refs.mine
    root.mkdir(parents=True, exist_ok=True)
    mine = Workspace(root)
    made = not mine.dot.exists()
    mine.dot.mkdir(exist_ok=True)
    git.hide(mine.dot)
    try:
        size = _copy_blobs(theirs, mine, refs, progress)
    except BaseException:
        if made:
            shutil.rmtree(mine.dot, ignore_errors=True)  # so that cloning again finds an empty folder
        raise
    branch = local.branch or refs.default
    first = Refs(
        branches=refs.branches,
        tags=refs.tags,
        indexes=refs.indexes,
        default=refs.default,
        local=Local(branch=branch, dropped=local.dropped),
    )
    mine.blobs.swap(mine.blobs.load(), first.encode())
    if by_git:
        _attach_locked(mine)
    else:
        replace_file(root / SHARED, read_plain(source / SHARED))
    refs = mine.repo.refs()
    return CloneResult(root, refs.mine.branch, refs.head, size)


def _attach_locked(workspace: Workspace) -> None:
    """Make HEAD the commit that `dsv.lock` names, on its branch if that is where the branch is."""
    lock = lockfile.read(workspace.root)
    if lock is None:
        return
    if not workspace.repo.objects.has(lock.commit):
        raise NotFound(
            f"the commit {short(lock.commit)} that dsv.lock names is not there either",
            hint="dsv log shows what is; git checkout of a commit whose dsv.lock names that",
        )
    on_branch = lock.branch is not None and workspace.repo.refs().branches.get(lock.branch) == lock.commit
    attach(workspace, lock.branch if on_branch else None, lock.commit)


def _check(theirs: Workspace) -> str:
    return f"dsv -C {shlex.quote(str(theirs.root))} fsck"


@dataclass(frozen=True, slots=True)
class RemoteClone:
    """What a clone of a remote did.

    Attributes:
        root: The new workspace; nothing is checked out in it.
        branch: The branch that HEAD is on; None if detached.
        commit: The commit of HEAD; None if the remote has no such branch yet.
        traffic: What the remote was asked.
    """

    root: Path
    branch: str | None
    commit: ObjectId | None
    traffic: Traffic


def clone_remote(
    remote: Remote,
    root: Path,
    *,
    revision: str | None = None,
    no_data: bool = False,
    progress: Progress = SILENT,
) -> RemoteClone:
    """Make `root` a workspace with the history of a remote; the bytes of files come when they are needed.

    Args:
        remote: Its settings, which `dsv.toml` will have.
        root: A folder that is empty or not there.
        revision: What HEAD shall be: a branch, else any name of a commit, which detaches it. By
            default the remote's default branch.
        no_data: Whether its datasets are absent by choice: `pull` does not bring them unasked.
        progress: Counts the bytes that come.

    Raises:
        Refused: `root` is not an empty folder.
        NotFound: The remote has no such revision.
        BadConfig: The settings of the remote are of no use.
        Corrupt, StorageError: The remote is damaged, empty, or cannot be read.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise Refused(f"{root} is not an empty folder")
    made = not root.exists()
    root.mkdir(parents=True, exist_ok=True)
    try:
        return _clone_into(remote, root, revision, progress, no_data=no_data)
    except BaseException:
        shutil.rmtree(root / STORE, ignore_errors=True)
        for name in (SHARED, lockfile.NAME, ".gitignore"):
            (root / name).unlink(missing_ok=True)
        if made:
            shutil.rmtree(root, ignore_errors=True)
        raise


def _clone_into(
    remote: Remote, root: Path, revision: str | None, progress: Progress, *, no_data: bool
) -> RemoteClone:
    replace_file(root / SHARED, with_values(HEADING, remote_values(remote)).encode())
    workspace = Workspace(root)
    opened = connect(workspace, remote.name)
    theirs = opened.load()
    check_there(opened)
    check_names(opened.name, theirs)
    branch = revision if revision is not None and revision in theirs.branches else theirs.default
    make_store(workspace, branch)
    fetch_history(workspace, opened, progress=progress)
    if revision is not None and revision not in theirs.branches:
        attach(workspace, None, revisions.resolve(workspace.repo, revision))
    elif branch in theirs.branches:
        attach(workspace, branch, theirs.branches[branch])
    if no_data:
        _leave_absent(workspace.repo)
    refs = workspace.repo.refs()
    return RemoteClone(root, refs.mine.branch, refs.head, opened.traffic)


def _leave_absent(repo: Repository) -> None:
    """Note that nothing is checked out, and that this is as it shall be."""

    def change(found: Refs, writer: Writer) -> Refs:
        nothing = stage.edit(repo, None, {}, writer)
        return replace(found, local=replace(found.mine, present=nothing))

    repo.publish(change)


def _copy_blobs(theirs: Workspace, mine: Workspace, refs: Refs, progress: Progress) -> int:
    names: dict[str, ObjectId] = {}
    total = 0
    for ref in refs.indexes:
        names[index_merge.name(ref.id)] = ref.id
    for index in open_all(theirs.blobs, refs).values():
        names.update((packs.name(pack), ObjectId(pack)) for pack in index.packs)
    progress.begin("copying", len(names), "files")
    # Packs first: an index never names what is not there.
    for name, oid in sorted(names.items(), reverse=True):
        try:
            data = theirs.blobs.read(name)
        except FileNotFoundError:
            raise Corrupt(f"{name} is missing", hint=_check(theirs)) from None
        if file_id(data) != oid:
            raise Corrupt(f"{name} is not what its name says", hint=_check(theirs))
        mine.blobs.put(name, data)
        total += len(data)
        progress.advance(1)
    return total
