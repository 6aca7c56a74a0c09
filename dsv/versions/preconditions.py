"""What must be so before a command changes anything: HEAD, `dsv.lock` and git agree."""

from dataclasses import replace
from typing import TYPE_CHECKING

from dsv.errors import Conflict, NotFound, Refused
from dsv.ids import ObjectId, short
from dsv.model import ancestry
from dsv.model.ref_names import is_name
from dsv.store.refs import Refs
from dsv.workspace import Workspace
from dsv.worktree import git, lockfile

if TYPE_CHECKING:
    from dsv.versions.from_git import Brought


def lock_differs(repo: Workspace, refs: Refs) -> bool:
    """Whether `dsv.lock` names another commit than HEAD, as after `git checkout` or `git pull`."""
    if repo.local(refs).lock_due:
        return False
    lock = lockfile.read(repo.root)
    if lock is None or lock.commit == refs.head:
        return False
    newer = repo.refs()  # another process may have committed, and written the lock, in between
    return newer == refs or lock_differs(repo, newer)


def lock_follows(repo: Workspace, refs: Refs) -> bool:
    """Whether `dsv.lock` goes where HEAD goes; not while it names what git brought and HEAD has not followed."""
    return lockfile.sides(repo.root) is None and not lock_differs(repo, refs)


def settled(repo: Workspace) -> Refs:
    """Return the refs, with the end of a checkout that was interrupted: half of it is no change of anybody.

    Raises:
        Busy: Another process is moving the working tree.
    """
    refs = repo.refs()
    if repo.local(refs).moving is not None:
        from dsv.versions.switch.recover import settle

        settle(repo)
        refs = repo.refs()
    if repo.local(refs).lock_due:
        repo.write_lock()
        refs = repo.refs()
    return refs


def ready(repo: Workspace, *, merging: ObjectId | None = None) -> Refs:
    """Return the refs, in a workspace where data may be added, made or merged.

    Args:
        repo: The workspace.
        merging: A commit that is about to be merged: then `dsv.lock` may name what comes with it.

    Raises:
        Busy: Another process is moving the working tree.
        Refused: `dsv.lock` names another commit than HEAD.
        BadConfig: `dsv.lock` has a conflict that git left.
    """
    refs = settled(repo)
    if not lock_differs(repo, refs):
        return refs
    from dsv.versions import from_git

    found = from_git.find(repo, refs)
    if found is None or (merging is not None and _comes_with(repo, found.commit, merging)):
        return refs
    raise _differs(repo, refs, found)


def ready_to_commit(repo: Workspace) -> "tuple[Refs, Brought | None]":
    """Return the refs, in a workspace where data may be staged and committed, and what is to be merged then.

    A change of what git brought another version of cannot be carried over to that version. So it
    is committed on HEAD, `dsv.lock` stays as git brought it, and a merge comes next.

    Raises:
        Busy: Another process is moving the working tree.
        Refused: `dsv.lock` names another commit than HEAD, and nothing has to be committed before it is followed.
        BadConfig: `dsv.lock` has a conflict that git left, and HEAD is on neither side of it.
    """
    from dsv.versions import from_git

    refs = settled(repo)
    found = from_git.find(repo, refs)
    if found is None:
        return refs, None
    if repo.refs() != refs:  # another process committed, and perhaps wrote the lock, in between
        return ready_to_commit(repo)
    if found.standing is from_git.LockStanding.APART:
        return refs, found
    if found.standing is from_git.LockStanding.LATER and from_git.changed_twice(repo, refs, found.commit):
        return refs, found
    raise _differs(repo, refs, found)


def _comes_with(repo: Workspace, commit: ObjectId, merging: ObjectId) -> bool:
    return repo.objects.has(commit) and ancestry.is_ancestor(commit, merging, repo.commit)


def _differs(repo: Workspace, refs: Refs, found: "Brought") -> Refused:
    from dsv.versions import from_git

    hint = from_git.way_out(repo, refs, found)
    return Refused(f"dsv.lock names {short(found.commit)}, which is not HEAD", hint=hint)


def follow_git(repo: Workspace, refs: Refs) -> tuple[Refs, str | None]:
    """Return `refs` attached to the branch that the next commit goes to, and what to say of it.

    Where git's branch changed since HEAD was attached, the dsv branch of git's name is
    used; it is made at HEAD if it is missing.

    Raises:
        Refused: HEAD is detached.
        Conflict: The branch of git's name has commits that HEAD does not follow.
    """
    local = repo.local(refs)
    top = git.find(repo.root) if repo.config.follow_git else None
    here = git.branch(top) if top else None
    if here is not None and is_name(here) and here not in {local.git_branch, local.branch}:
        tip = refs.branches.get(here)
        if (
            tip is not None
            and refs.head is not None
            and not ancestry.is_ancestor(tip, refs.head, repo.commit)
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


def known_commit(repo: Workspace, lock: lockfile.LockPins) -> None:
    """Check that the store has the commit that `dsv.lock` names.

    Raises:
        NotFound: It has not.
    """
    if repo.objects.find(lock.commit) is None:
        raise NotFound(
            f"the commit {short(lock.commit)} that dsv.lock names is not in this store",
            hint="somebody has not run `dsv push`",
        )
