"""What must be so before a command changes anything: HEAD, `dsv.lock` and git agree."""

from dataclasses import replace

from dsv import git, history, lockfile
from dsv.errors import Conflict, NotFound, Refused
from dsv.ids import short
from dsv.refnames import is_name
from dsv.repo import Repo
from dsv.store.refs import Refs


def lock_differs(repo: Repo, refs: Refs) -> bool:
    """Whether `dsv.lock` names another commit than HEAD, as after `git checkout` or `git pull`."""
    if repo.local(refs).lock_due:
        return False
    lock = lockfile.read(repo.root)
    if lock is None or lock.commit == refs.head:
        return False
    newer = repo.refs()  # another process may have committed, and written the lock, in between
    return newer == refs or lock_differs(repo, newer)


def ready(repo: Repo) -> Refs:
    """Return the refs, in a workspace where data may be added or committed.

    A checkout that was interrupted is ended first: half of it is no change that anybody made.

    Raises:
        Busy: Another process is moving the working tree.
        Refused: `dsv.lock` names another commit than HEAD.
        BadConfig: `dsv.lock` has a conflict that git left.
    """
    refs = repo.refs()
    if repo.local(refs).moving is not None:
        from dsv.switch.settle import settle

        settle(repo)
        refs = repo.refs()
    if repo.local(refs).lock_due:
        repo.write_lock()
        refs = repo.refs()
    if lock_differs(repo, refs):
        lock = lockfile.read(repo.root)
        named = short(lock.commit) if lock else "another commit"
        raise Refused(f"dsv.lock names {named}, which is not HEAD", hint="dsv checkout --locked")
    return refs


def follow_git(repo: Repo, refs: Refs) -> tuple[Refs, str | None]:
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
        if tip is not None and refs.head is not None and not history.is_ancestor(tip, refs.head, repo.commit):
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


def known_commit(repo: Repo, lock: lockfile.Lock) -> None:
    """Check that the store has the commit that `dsv.lock` names.

    Raises:
        NotFound: It has not.
    """
    if repo.objects.find(lock.commit) is None:
        raise NotFound(
            f"the commit {short(lock.commit)} that dsv.lock names is not in this store",
            hint="somebody has not run `dsv push`",
        )
