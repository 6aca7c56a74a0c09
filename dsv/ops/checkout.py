"""Make the working tree another version."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dsv.errors import InTheWay, NotFound, RefMoved, Refused
from dsv.ids import ObjectId
from dsv.progress import SILENT, Progress
from dsv.records import dataset_names, revisions
from dsv.remotes.start import bring_locked
from dsv.store.refs import Refs
from dsv.store.repository import Datasets, Tracked
from dsv.store.writer import Writer
from dsv.versions import fast_forward, from_git, preconditions, stage
from dsv.versions.from_git import LockStanding
from dsv.versions.switch.move import Moved, Ways, move
from dsv.wording import arguments
from dsv.workspace import Workspace
from dsv.worktree import git, lockfile


@dataclass(frozen=True, slots=True)
class CheckoutResult:
    """What a checkout did.

    Attributes:
        branch: The branch that HEAD is on now; None if detached.
        commit: The commit that is checked out.
        moved: What happened to the working tree.
        carried: Datasets whose uncommitted changes were carried over.
    """

    branch: str | None
    commit: ObjectId
    moved: Moved
    carried: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Head:
    """Where HEAD shall be: on a branch, or detached at the commit."""

    branch: str | None
    commit: ObjectId
    new: bool = False


def checkout(
    workspace: Workspace,
    revision: str | None = None,
    *,
    new_branch: str | None = None,
    force: bool = False,
    progress: Progress = SILENT,
) -> CheckoutResult:
    """Check out `revision` (default HEAD) and attach HEAD to it if it is a branch.

    Untracked files are not touched. A dataset with changes that is the same in both commits is
    carried over.

    Args:
        workspace: The workspace.
        revision: A branch, or any other name of a commit.
        new_branch: Make this branch there, and attach HEAD to it.
        force: Overwrite uncommitted changes, after storing them.
        progress: Counts the files that are written.

    Raises:
        NotFound: No such revision.
        InTheWay: Uncommitted or untracked data would be overwritten.
        Refused: The new branch exists.
        RefMoved: Another process committed or staged something meanwhile.
    """
    refs = workspace.repo.refs()
    commit = revisions.resolve(workspace.repo, revision or "HEAD")
    if new_branch is not None:
        revisions.check_free(workspace.repo, new_branch)
        if new_branch in refs.branches:
            raise Refused(f"branch {new_branch} exists already", hint=f"dsv checkout {new_branch}")
        head = _Head(new_branch, commit, new=True)
    else:
        head = _Head(_branch(refs, revision), commit)
    return _go(workspace, f"checkout {revision or 'HEAD'}", head, force=force, progress=progress)


def tracked_branch(workspace: Workspace, name: str) -> str | None:
    """Return the remote's branch, as `REMOTE/BRANCH`, that a branch `name` which is not here would start at.

    Of several remotes that have one it is the default one's; None if that is not among them, and if
    `name` already means something here.
    """
    local = workspace.repo.refs().mine
    found = [whole for whole in local.remotes if whole.partition("/")[2] == name]
    if (
        not found
        or revisions.is_revision(workspace.repo, name)
        or name in workspace.repo.datasets(local.staged)
    ):
        return None
    default = workspace.config.default_remote
    own = None if default is None else f"{default.name}/{name}"
    return own if own in found else found[0] if len(found) == 1 else None


def checkout_locked(
    workspace: Workspace, *, force: bool = False, progress: Progress = SILENT
) -> CheckoutResult:
    """Check out the commit that `dsv.lock` names, on its branch if that is where the branch is.

    Data that git took away since is put back. A branch that only a remote has is made there. A commit that is not here is fetched from the default remote; so is all of a store that is not here.

    Raises:
        NotFound: There is no lock file, or its commit is neither here nor on the default remote.
        BadConfig: Git left a conflict in it.
        InTheWay: Uncommitted or untracked data would be overwritten.
        Corrupt, StorageError: The remote is damaged, or cannot be read.
    """
    lock = lockfile.read(workspace.root)
    if lock is None:
        raise NotFound(f"there is no {lockfile.NAME} here", hint="dsv commit -m MESSAGE")
    made = bring_locked(workspace, lock, progress=progress)
    refs = workspace.repo.refs()
    tip = refs.branches.get(lock.branch) if lock.branch else None
    fresh = lock.branch and tip is None and _is_tracked(refs, lock.branch)
    if fresh and lock.branch not in workspace.repo.datasets(workspace.repo.snapshot_of(lock.commit)):
        head = _Head(lock.branch, lock.commit, new=True)
    else:
        head = _Head(lock.branch if tip == lock.commit else None, lock.commit)
    ways = _ways_to_lock(workspace, refs)
    return _go(
        workspace,
        "checkout --locked",
        head,
        force=force,
        everything=made,
        back=True,
        ways=ways,
        progress=progress,
    )


class _BackWithGit:
    """The ways out where git went to other code, and uncommitted data is in the way of what goes with it."""

    state = "has uncommitted changes"
    _force = "dsv checkout --locked --force (what it overwrites is stored first, dsv undo brings it back)"

    def tracked(self, _: Sequence[str]) -> str:
        return f"go back with git checkout, then dsv commit -am MESSAGE; or {self._force}"

    def untracked(self, paths: Sequence[str]) -> str:
        return f"move {shlex.join(paths)} away; or {self._force}"


def _ways_to_lock(workspace: Workspace, refs: Refs) -> Ways:
    found = from_git.find(workspace, refs)
    if found is None or found.standing is LockStanding.OTHER:
        return _BackWithGit()
    name = from_git.name_of(refs, found.commit)
    return fast_forward.Toward(name, f"dsv merge {name}", "dsv checkout --locked")


def _is_tracked(refs: Refs, branch: str) -> bool:
    """Whether a remote has a branch of that name, as last seen."""
    return any(name.partition("/")[2] == branch for name in refs.mine.remotes)


def checkout_paths(
    workspace: Workspace, revision: str, paths: list[str], *, force: bool = False, progress: Progress = SILENT
) -> Moved:
    """Write the datasets `paths` as they are at `revision`, and stage them.

    Raises:
        NotFound: No such revision, or no such dataset in it.
        InTheWay: Uncommitted or untracked data would be overwritten.
    """
    preconditions.ready(workspace)
    datasets = dataset_names.datasets_at(workspace.repo, revision)
    wanted = {path: datasets[path] for path in dataset_names.select(datasets, paths, revision)}
    return move(
        workspace,
        f"checkout {revision} {arguments(paths)}",
        wanted,
        lambda found, session: stage.restage(workspace.repo, found, wanted, session),
        force=force,
        progress=progress,
    )


def _branch(refs: Refs, revision: str | None) -> str | None:
    if revision is None or revision == "HEAD":
        return refs.mine.branch
    return revision if revision in refs.branches else None


def _go(
    workspace: Workspace,
    what: str,
    head: _Head,
    *,
    force: bool,
    progress: Progress,
    everything: bool = False,
    back: bool = False,
    ways: Ways | None = None,
) -> CheckoutResult:
    refs = workspace.repo.refs()
    local = refs.mine
    old = workspace.repo.datasets(workspace.repo.snapshot_of(refs.head))
    new = workspace.repo.datasets(workspace.repo.snapshot_of(head.commit))
    staged = workspace.repo.datasets(local.staged)
    carried, lost = fast_forward.carried(old, new, staged)
    if force:
        carried = {}
    elif lost:
        raise InTheWay(f"{', '.join(lost)} staged and not committed", hint="dsv commit -m MESSAGE")
    kept_absent = {} if everything else staged  # in a new store nothing is absent by choice
    wanted = _wanted(workspace, new, kept_absent, carried, old if not force else {})
    if back:
        wanted |= _taken(workspace, new, carried)

    def change(found: Refs, session: Writer) -> Refs:
        if (found.head, found.mine.staged) != (refs.head, local.staged):
            raise RefMoved("another process committed or staged meanwhile", hint="run the command again")
        top = git.find(workspace.root)
        branches = (
            {**found.branches, head.branch: head.commit} if head.new and head.branch else found.branches
        )
        attached = replace(
            found.mine,
            branch=head.branch,
            detached=None if head.branch else head.commit,
            git_branch=git.branch(top) if top and head.branch else None,
            staged=workspace.repo.commit(head.commit).snapshot,
            lock_due=True,  # also where HEAD stays: the one who names it goes on with it, whatever git brought
        )
        return stage.restage(
            workspace.repo, replace(found, branches=branches, local=attached), carried, session
        )

    moved = move(workspace, what, wanted, change, force=force, ways=ways, progress=progress)
    return CheckoutResult(head.branch, head.commit, moved, tuple(sorted(carried)))


def _taken(
    workspace: Workspace, new: Datasets, carried: dict[str, Tracked | None]
) -> dict[str, Tracked | None]:
    """Return what is checked out and gone: git deletes a file that became ignored between two of its commits."""
    present = workspace.repo.datasets(workspace.repo.refs().mine.present)
    return {
        path: one
        for path, one in new.items()
        if path not in carried and present.get(path) == one and not workspace.worktree.holds(path)
    }


def _wanted(
    workspace: Workspace, new: Datasets, staged: Datasets, carried: dict[str, Tracked | None], old: Datasets
) -> dict[str, Tracked | None]:
    """Return what the working tree shall hold, except for what is carried over or absent by choice.

    A dataset that is the same in `old`, `new` and `staged` is left alone, changed or not.
    """
    present = workspace.repo.datasets(workspace.repo.refs().mine.present)
    wanted: dict[str, Tracked | None] = {}
    for path in sorted({*old, *new, *staged, *present}):
        if path in carried or (path in old and old[path] == new.get(path) == staged.get(path)):
            continue
        absent = path in staged and path not in present
        if not absent or (workspace.root / path).exists():
            wanted[path] = new.get(path)
    return wanted
