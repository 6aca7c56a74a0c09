"""What git brought in `dsv.lock`, and HEAD does not have yet."""

from enum import Enum
from typing import NamedTuple

from dsv.ids import ObjectId, short
from dsv.model import ancestry
from dsv.store.refs import Refs
from dsv.store.repository import Repository, Tracked
from dsv.versions import stage
from dsv.versions.switch.on_disk import is_known, look
from dsv.workspace import Workspace
from dsv.worktree import git, lockfile


class LockStanding(Enum):
    """How the commit that `dsv.lock` names stands to HEAD."""

    LATER = "a later commit of the branch that HEAD is on"
    APART = "a commit of that branch, and HEAD has others that it does not follow"
    UNKNOWN = "a commit of that branch that the store does not have"
    OTHER = "anything else: an older commit, or one of another branch"


class Brought(NamedTuple):
    """A commit that git brought.

    Attributes:
        commit: Its id.
        standing: How it stands to HEAD.
        conflict: Whether git left a conflict in `dsv.lock`, of which it is the other side.
    """

    commit: ObjectId
    standing: LockStanding
    conflict: bool = False


def find(workspace: Workspace, refs: Refs) -> Brought | None:
    """Return what git brought, None if `dsv.lock` names HEAD or nothing.

    Raises:
        BadConfig: `dsv.lock` cannot be read, or has a conflict of which no side is in HEAD.
    """
    sides = lockfile.sides(workspace.root)
    if sides is not None:
        return _other_side(workspace, refs, sides)
    lock = lockfile.read(workspace.root)
    if lock is None or lock.commit == refs.head or refs.mine.lock_due:
        return None
    branch = refs.mine.branch
    if lock.branch != branch or branch is None or refs.head is None or _moved_in_git(workspace, refs):
        return Brought(lock.commit, LockStanding.OTHER)
    if not workspace.repo.objects.has(lock.commit):
        return Brought(lock.commit, LockStanding.UNKNOWN)
    if ancestry.is_ancestor(refs.head, lock.commit, workspace.repo.commit):
        return Brought(lock.commit, LockStanding.LATER)
    older = ancestry.is_ancestor(lock.commit, refs.head, workspace.repo.commit)
    return Brought(lock.commit, LockStanding.OTHER if older else LockStanding.APART)


def way_out(workspace: Workspace, refs: Refs, found: Brought) -> str:
    """Return the command that makes HEAD and `dsv.lock` agree again."""
    if found.conflict:
        return "dsv merge"
    if found.standing is LockStanding.APART:
        return f"dsv merge {name_of(refs, found.commit)}"
    if found.standing is LockStanding.LATER:
        return "dsv pull" if workspace.config.default_remote else f"dsv merge {short(found.commit)}"
    if found.standing is LockStanding.UNKNOWN and workspace.config.default_remote:
        return "dsv pull"
    return "dsv checkout --locked"


def name_of(refs: Refs, commit: ObjectId) -> str:
    """Return what a user calls `commit`: a branch of a remote if it is the tip of one, else its short id."""
    named = sorted(name for name, tip in refs.mine.remotes.items() if tip == commit)
    return named[0] if named else short(commit)


def changed_twice(workspace: Workspace, refs: Refs, commit: ObjectId) -> tuple[str, ...]:
    """Return the datasets that are otherwise in `commit` than in HEAD, and here otherwise than in both."""
    before = workspace.repo.datasets(workspace.repo.snapshot_of(refs.head))
    after = workspace.repo.datasets(workspace.repo.snapshot_of(commit))
    staged = workspace.repo.datasets(refs.mine.staged)
    present = workspace.repo.datasets(refs.mine.present)
    return tuple(
        path
        for path in stage.changed(before, after)
        if staged.get(path) not in (before.get(path), after.get(path))
        or _is_edited(workspace, path, after.get(path), present.get(path))
    )


def _is_edited(workspace: Workspace, path: str, after: Tracked | None, present: Tracked | None) -> bool:
    return not is_known(workspace.repo, look(workspace, path), after, [present], gone=after is None)


def _other_side(
    workspace: Workspace, refs: Refs, sides: tuple[lockfile.LockPins, lockfile.LockPins]
) -> Brought | None:
    """Return the side of a conflict that HEAD does not have, where it has the other."""
    followed = [_follows(workspace.repo, refs.head, lock.commit) for lock in sides]
    if refs.mine.branch is None or followed.count(True) != 1 or _moved_in_git(workspace, refs):
        lockfile.read(workspace.root)  # says that there is a conflict
        return None
    commit = sides[followed.index(False)].commit
    known = workspace.repo.objects.has(commit)
    return Brought(commit, LockStanding.APART if known else LockStanding.UNKNOWN, conflict=True)


def _follows(repo: Repository, head: ObjectId | None, commit: ObjectId) -> bool:
    return head is not None and repo.objects.has(commit) and ancestry.is_ancestor(commit, head, repo.commit)


def _moved_in_git(workspace: Workspace, refs: Refs) -> bool:
    """Whether git is on another branch than when HEAD was attached: the next commit would go elsewhere."""
    top = git.find(workspace.root) if workspace.config.follow_git else None
    here = git.branch(top) if top else None
    local = refs.mine
    return here is not None and here not in {local.git_branch, local.branch}
