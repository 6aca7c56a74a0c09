"""Tell how the working tree, the staged snapshot and HEAD differ."""

from collections.abc import Container
from dataclasses import dataclass

from dsv.ids import ObjectId
from dsv.model import ancestry, file_diff
from dsv.model.checkpoint import Checkpoint, HasData
from dsv.model.file_diff import FileCounts
from dsv.model.node import DIR
from dsv.progress import SILENT, Progress
from dsv.runs.stale.find_stale import stale_datasets
from dsv.runs.stale.stale_reasons import StaleDataset
from dsv.runs.stale.step_order import steps_of
from dsv.store.refs import Refs
from dsv.store.repository import Datasets, Repository
from dsv.versions import preconditions
from dsv.versions.survey import size_of, survey
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class DatasetChange:
    """A dataset that differs.

    Attributes:
        path: The dataset.
        change: `added`, `removed` or `modified`.
        files: For a folder on both sides, how many of its files differ.
        only: Where the data is the same: `run` if another run gave it, `origin` if it came otherwise from
            elsewhere, `schema` if only the types that it is read with differ.
    """

    path: str
    change: str
    files: FileCounts | None = None
    only: str | None = None


@dataclass(frozen=True, slots=True)
class WorkspaceStatus:
    """How things stand.

    Attributes:
        branch: The branch that HEAD is on; None if detached.
        head: Its commit; None before the first.
        staged: What differs between HEAD and the staged snapshot.
        unstaged: What differs between the staged snapshot and the working tree.
        untracked: Paths that neither dsv nor git tracks; a folder ends with `/`.
        code: Files that git does not track, and that dsv keeps with the runs that read them.
        stale: Datasets that their runs would make of other inputs or by other code today.
        absent: Tracked datasets that are not in the working tree by choice.
        lock_matches: Whether `dsv.lock` names HEAD.
        way_out: The command that makes it so; None if it is so.
        interrupted: Whether a checkout was begun and has not ended.
        ahead: Commits that the default remote's branch lacks, as last fetched; None without one.
        behind: Commits that only the default remote's branch has; None without one.
    """

    branch: str | None
    head: ObjectId | None
    staged: tuple[DatasetChange, ...]
    unstaged: tuple[DatasetChange, ...]
    untracked: tuple[str, ...]
    code: tuple[str, ...]
    stale: tuple[StaleDataset, ...]
    absent: tuple[str, ...]
    lock_matches: bool
    way_out: str | None
    interrupted: bool
    ahead: int | None
    behind: int | None

    @property
    def clean(self) -> bool:
        """Whether nothing is staged, changed, or untracked."""
        return not (self.staged or self.unstaged or self.untracked)


def status(workspace: Workspace, *, rehash: bool = False, progress: Progress = SILENT) -> WorkspaceStatus:
    """Return how the working tree stands.

    Files whose stat is known are not read; nothing is decoded and nothing is written but the
    stat cache.

    Args:
        workspace: The workspace.
        rehash: Trust no stat: read every file.
        progress: Counts the bytes that are read.
    """
    refs = workspace.repo.refs()
    local = refs.mine
    head = workspace.repo.datasets(workspace.repo.snapshot_of(refs.head))
    staged = head if local.staged is None else workspace.repo.datasets(local.staged)
    present = workspace.repo.datasets(local.present)
    working = _working(workspace, staged, present, rehash=rehash, progress=progress)
    steps = steps_of(workspace, staged)
    stale = stale_datasets(workspace, steps, working.now, rehash=rehash)
    workspace.worktree.cache.commit()
    read = {file.path for step in steps.by_run.values() for file in step.code}
    untracked, code = workspace.worktree.untracked(staged, read)
    ahead, behind = _remote(workspace, refs)
    differs = preconditions.lock_differs(workspace, refs)
    return WorkspaceStatus(
        branch=local.branch,
        head=refs.head,
        staged=_between(workspace.repo, head, staged, steps.by_run),
        unstaged=tuple(working.changes),
        untracked=tuple(untracked),
        code=tuple(code),
        stale=stale,
        absent=tuple(working.absent),
        lock_matches=not differs,
        way_out=_way_out(workspace, refs) if differs else None,
        interrupted=local.moving is not None,
        ahead=ahead,
        behind=behind,
    )


def _way_out(workspace: Workspace, refs: Refs) -> str | None:
    from dsv.versions import from_git

    found = from_git.find(workspace, refs)
    return None if found is None else from_git.way_out(workspace, refs, found)


def _between(
    repo: Repository, before: Datasets, after: Datasets, runs: Container[ObjectId]
) -> tuple[DatasetChange, ...]:
    changes = []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old is None or new is None:
            changes.append(DatasetChange(path, "added" if old is None else "removed"))
        elif not old.checkpoint.same_data(new.checkpoint):
            files = _files(repo, old.checkpoint, new.checkpoint)
            changes.append(DatasetChange(path, "modified", files))
        elif old.id != new.id:
            changes.append(DatasetChange(path, "modified", only=_only(old.checkpoint, new.checkpoint, runs)))
    return tuple(changes)


def _only(old: Checkpoint, new: Checkpoint, runs: Container[ObjectId]) -> str:
    """Return what differs besides data, which does not."""
    if old.origin == new.origin:
        return "schema"
    return "run" if new.origin in runs else "origin"


@dataclass(frozen=True, slots=True)
class _Working:
    """The tracked datasets as they are: what differs from what is staged, what is absent, and all there is."""

    changes: list[DatasetChange]
    absent: list[str]
    now: dict[str, Checkpoint]


def _working(
    workspace: Workspace, staged: Datasets, present: Datasets, *, rehash: bool, progress: Progress
) -> _Working:
    progress.begin("reading", size_of(staged, present), "B")
    changes: list[DatasetChange] = []
    absent: list[str] = []
    now: dict[str, Checkpoint] = {}
    for held in survey(workspace, staged, present, rehash=rehash, progress=progress):
        if held.now is not None:
            now[held.path] = held.now
        if held.absent:
            absent.append(held.path)
        elif held.seen is None:
            changes.append(DatasetChange(held.path, "removed"))
        elif held.changed:
            files = _files(workspace.repo, held.wanted.checkpoint, held.seen)
            changes.append(DatasetChange(held.path, "modified", files))
    return _Working(changes, absent, now)


def _files(repo: Repository, old: HasData, new: HasData) -> FileCounts | None:
    if old.kind != DIR or new.kind != DIR:
        return None
    return file_diff.count(old.content, new.content, repo.node)


def _remote(workspace: Workspace, refs: Refs) -> tuple[int | None, int | None]:
    remote = workspace.config.default_remote
    branch = refs.mine.branch
    if remote is None or branch is None:
        return None, None
    theirs = refs.mine.remotes.get(f"{remote.name}/{branch}")
    if theirs is not None:
        return ancestry.ahead_behind(refs.head, theirs, workspace.repo.commit)
    if refs.head is None:
        return None, None
    prefix = f"{remote.name}/"
    tips = {oid for name, oid in refs.mine.remotes.items() if name.startswith(prefix)}
    return ancestry.count_new(refs.head, tips, workspace.repo.commit), 0
