"""What must be so before a command changes anything: HEAD, `dsv.lock` and git agree."""

from dataclasses import replace
from typing import TYPE_CHECKING

from dsv.errors import Conflict, NotFound, Refused
from dsv.ids import ObjectId, short
from dsv.model import ancestry
from dsv.model.ref_names import is_name
from dsv.store.refs import Refs
from dsv.store.repository import Repository
from dsv.workspace import Workspace
from dsv.worktree import git, lockfile

if TYPE_CHECKING:
    from dsv.versions.from_git import Brought


def lock_differs(workspace: Workspace, refs: Refs) -> bool:
    """Whether `dsv.lock` names another commit than HEAD, as after `git checkout` or `git pull`."""
    if refs.mine.lock_due:
        return False
    lock = lockfile.read(workspace.root)
    if lock is None or lock.commit == refs.head:
        return False
    newer = workspace.repo.refs()  # another process may have committed, and written the lock, in between
    return newer == refs or lock_differs(workspace, newer)


def lock_follows(workspace: Workspace, refs: Refs) -> bool:
    """Whether `dsv.lock` goes where HEAD goes; not while it names what git brought and HEAD has not followed."""
    return lockfile.sides(workspace.root) is None and not lock_differs(workspace, refs)


def settled(workspace: Workspace) -> Refs:
    """Return the refs, with the end of a checkout that was interrupted: half of it is no change of anybody.

    Raises:
        Busy: Another process is moving the working tree.
    """
    refs = workspace.repo.refs()
    if refs.mine.moving is not None:
        from dsv.versions.switch.recover import settle

        settle(workspace)
        refs = workspace.repo.refs()
    if refs.mine.lock_due:
        workspace.write_lock()
        refs = workspace.repo.refs()
    return refs


def ready(workspace: Workspace, *, merging: ObjectId | None = None) -> Refs:
    """Return the refs, in a workspace where data may be added, made or merged.

    Args:
        workspace: The workspace.
        merging: A commit that is about to be merged: then `dsv.lock` may name what comes with it.

    Raises:
        Busy: Another process is moving the working tree.
        Refused: `dsv.lock` names another commit than HEAD.
        BadConfig: `dsv.lock` has a conflict that git left.
    """
    refs = settled(workspace)
    if not lock_differs(workspace, refs):
        return refs
    from dsv.versions import from_git

    found = from_git.find(workspace, refs)
    if found is None or (merging is not None and _comes_with(workspace.repo, found.commit, merging)):
        return refs
    raise _differs(workspace, refs, found)


def ready_to_commit(workspace: Workspace) -> "tuple[Refs, Brought | None]":
    """Return the refs, in a workspace where data may be staged and committed, and what is to be merged then.

    A change of what git brought another version of cannot be carried over to that version. So it
    is committed on HEAD, `dsv.lock` stays as git brought it, and a merge comes next.

    Raises:
        Busy: Another process is moving the working tree.
        Refused: `dsv.lock` names another commit than HEAD, and nothing has to be committed before it is followed.
        BadConfig: `dsv.lock` has a conflict that git left, and HEAD is on neither side of it.
    """
    from dsv.versions import from_git

    refs = settled(workspace)
    found = from_git.find(workspace, refs)
    if found is None:
        return refs, None
    if workspace.repo.refs() != refs:  # another process committed, and perhaps wrote the lock, in between
        return ready_to_commit(workspace)
    if found.standing is from_git.LockStanding.APART:
        return refs, found
    if found.standing is from_git.LockStanding.LATER and from_git.changed_twice(
        workspace, refs, found.commit
    ):
        return refs, found
    raise _differs(workspace, refs, found)


def _comes_with(repo: Repository, commit: ObjectId, merging: ObjectId) -> bool:
    return repo.objects.has(commit) and ancestry.is_ancestor(commit, merging, repo.commit)


def _differs(workspace: Workspace, refs: Refs, found: "Brought") -> Refused:
    from dsv.versions import from_git

    hint = from_git.way_out(workspace, refs, found)
    return Refused(f"dsv.lock names {short(found.commit)}, which is not HEAD", hint=hint)


def follow_git(workspace: Workspace, refs: Refs) -> tuple[Refs, str | None]:
    """Return `refs` attached to the branch that the next commit goes to, and what to say of it.

    Where git's branch changed since HEAD was attached, the dsv branch of git's name is
    used; it is made at HEAD if it is missing.

    Raises:
        Refused: HEAD is detached.
        Conflict: The branch of git's name has commits that HEAD does not follow.
    """
    local = refs.mine
    top = git.find(workspace.root) if workspace.config.follow_git else None
    here = git.branch(top) if top else None
    if here is not None and is_name(here) and here not in {local.git_branch, local.branch}:
        tip = refs.branches.get(here)
        if (
            tip is not None
            and refs.head is not None
            and not ancestry.is_ancestor(tip, refs.head, workspace.repo.commit)
        ):
            raise Conflict(
                f"git is on {here}, and the dsv branch {here} has other commits", hint=f"dsv checkout {here}"
            )
        moved = replace(local, branch=here, detached=None, git_branch=here)
        branches = dict(refs.branches)
        if refs.head is not None:
            branches[here] = refs.head
        return replace(
            refs, branches=branches, local=moved
        ), f"git is on {here}: committing to the dsv branch {here}"
    if local.branch is None:
        raise Refused(
            "HEAD is detached: a commit here would belong to no branch", hint="dsv checkout -b NAME"
        )
    return replace(refs, local=replace(local, git_branch=here)), None


def known_commit(repo: Repository, lock: lockfile.LockPins) -> None:
    """Check that the store has the commit that `dsv.lock` names.

    Raises:
        NotFound: It has not.
    """
    if repo.objects.find(lock.commit) is None:
        raise NotFound(
            f"the commit {short(lock.commit)} that dsv.lock names is not in this store",
            hint="somebody has not run `dsv push`",
        )
