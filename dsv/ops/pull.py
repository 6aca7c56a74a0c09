"""Bring what others pushed, and make the working tree follow."""

from collections.abc import Sequence
from dataclasses import dataclass

from dsv.errors import Conflict, NotFound, Refused
from dsv.ids import ObjectId, short
from dsv.model import ancestry
from dsv.progress import SILENT, Progress
from dsv.records import dataset_names
from dsv.remotes import start
from dsv.remotes.incoming import check_there, fetch_history
from dsv.remotes.remote import connect
from dsv.store.blobs.metered import Traffic
from dsv.store.repository import Tracked
from dsv.versions import fast_forward, from_git, preconditions
from dsv.versions.from_git import LockStanding
from dsv.versions.switch.move import Moved, move
from dsv.wording import arguments
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PullResult:
    """What a pull did.

    Attributes:
        remote: Where from.
        branch: The branch that HEAD is on; None if detached.
        before: The commit of HEAD before.
        commit: The commit of HEAD now; None if there is none.
        moved: What happened to the working tree; None if nothing was to be done.
        traffic: What the remote was asked.
        absent: Tracked datasets whose data is not in the working tree by choice.
        setback: Whether the refs of the remote are older than those that were seen here before.
    """

    remote: str
    branch: str | None
    before: ObjectId | None
    commit: ObjectId | None
    moved: Moved | None
    traffic: Traffic
    absent: tuple[str, ...] = ()
    setback: bool = False


def pull(
    workspace: Workspace, name: str | None = None, paths: Sequence[str] = (), *, progress: Progress = SILENT
) -> PullResult:
    """Fast-forward the branch that HEAD is on to the remote's; or bring datasets of HEAD.

    In a workspace into which nothing was ever checked out all datasets come.

    Args:
        workspace: The workspace; one without a store gets what `dsv.lock` names.
        name: The remote; by default the default one.
        paths: Datasets of HEAD to bring and check out, `.` for all; then HEAD stays where it is.
        progress: Counts the bytes that come, and of the files that are written.

    Raises:
        NotFound: No such remote, or no such dataset; or the remote has no such branch.
        Conflict: There are commits here that the remote's branch does not follow.
        InTheWay: Uncommitted or untracked data would be overwritten.
        Corrupt, StorageError: The remote is damaged, or cannot be read.
    """
    made = start.ensure(workspace, name, progress=progress)
    remote = connect(workspace, name)
    if not made:
        fetch_history(workspace, remote, progress=progress)
        check_there(remote)
    before = None if made else workspace.repo.refs().head
    # Where nothing was ever checked out, a pull or clone before this one did not come to its end.
    begun = made or workspace.repo.refs().mine.present is None
    moved = None if made else _follow_lock(workspace, remote.name, progress)
    refs = preconditions.ready(workspace)
    if moved is None and not (made or paths) and not (begun and refs.mine.detached):
        moved = _follow(workspace, remote.name, progress)
    if begun or paths:
        moved = _and(moved, _bring(workspace, list(paths) or ["."], progress))
    now = moved.refs if moved else refs
    absent = _absent(workspace)
    return PullResult(
        remote.name, now.mine.branch, before, now.head, moved, remote.traffic, absent, remote.setback
    )


def _absent(workspace: Workspace) -> tuple[str, ...]:
    local = workspace.repo.refs().mine
    present = workspace.repo.datasets(local.present)
    return tuple(
        path
        for path in workspace.repo.datasets(local.staged)
        if path not in present and not workspace.worktree.holds(path)
    )


def _bring(workspace: Workspace, paths: list[str], progress: Progress) -> Moved | None:
    head = workspace.repo.refs().head
    if head is None:
        return None
    datasets = workspace.repo.datasets(workspace.repo.snapshot_of(head))
    if paths == ["."] and not datasets:
        return None
    present = workspace.repo.datasets(workspace.repo.refs().mine.present)
    wanted: dict[str, Tracked | None] = {
        path: datasets[path] for path in dataset_names.select(datasets, paths, "HEAD") if path not in present
    }
    return move(workspace, f"pull {arguments(paths)}", wanted, lambda found, _: found, progress=progress)


def _and(first: Moved | None, then: Moved | None) -> Moved | None:
    """Return what two moves did together."""
    if first is None or then is None:
        return first or then
    return Moved(
        then.refs,
        (*first.written, *then.written),
        (*first.removed, *then.removed),
        (*first.kept, *then.kept),
    )


def _follow_lock(workspace: Workspace, remote: str, progress: Progress) -> Moved | None:
    """Follow `dsv.lock`, as after `git pull`, if it names a later commit of the branch that HEAD is on."""
    refs = workspace.repo.refs()
    found = from_git.find(workspace, refs)
    if found is None or found.standing is LockStanding.OTHER:
        return None
    if found.standing is LockStanding.UNKNOWN:
        raise NotFound(
            f"the commit {short(found.commit)} that dsv.lock names is not on remote {remote}",
            hint="somebody has not run `dsv push`; until then dsv checkout HEAD goes on with the data that is here",
        )
    if found.standing is LockStanding.LATER:
        return _advance(workspace, "pull", found.commit, progress)
    name = from_git.name_of(refs, found.commit)
    branch = refs.mine.branch
    raise Conflict(
        f"{branch} and {name}, which dsv.lock names, have both moved on",
        hint=from_git.way_out(workspace, refs, found),
    )


def _advance(workspace: Workspace, what: str, commit: ObjectId, progress: Progress) -> Moved:
    refs = workspace.repo.refs()
    after = workspace.repo.datasets(workspace.repo.snapshot_of(commit))
    name = from_git.name_of(refs, commit)
    toward = fast_forward.Toward(name, f"dsv merge {name}", "dsv pull")
    return fast_forward.advance(workspace, what, refs, after, commit, toward, progress=progress)


def _follow(workspace: Workspace, remote: str, progress: Progress) -> Moved | None:
    refs = workspace.repo.refs()
    local = refs.mine
    if local.branch is None:
        raise Refused("HEAD is detached, so there is no branch to pull", hint="dsv checkout BRANCH")
    theirs = local.remotes.get(f"{remote}/{local.branch}")
    if theirs is None:
        raise NotFound(f"remote {remote} has no branch {local.branch}", hint=f"dsv push {remote}")
    if refs.head is not None and ancestry.is_ancestor(theirs, refs.head, workspace.repo.commit):
        return None
    if refs.head is not None and not ancestry.is_ancestor(refs.head, theirs, workspace.repo.commit):
        raise Conflict(
            f"{local.branch} and {remote}/{local.branch} have both moved on",
            hint=f"dsv merge {remote}/{local.branch}",
        )
    return _advance(workspace, f"pull {remote}", theirs, progress)
