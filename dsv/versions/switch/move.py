"""Moving the working tree from what it holds to what is wanted, so that nothing is lost.

First everything is looked at, and what would be overwritten is either refused or stored.
Then the refs name the target; only then files are written. A kill in between leaves the
refs saying that a move has begun, and the next command that moves or stages ends it.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Protocol

from dsv.errors import InTheWay
from dsv.ids import ObjectId
from dsv.lock import FileLock
from dsv.progress import SILENT, Progress
from dsv.records import needs
from dsv.store.refs import Moving, Refs
from dsv.store.repository import Datasets, Tracked
from dsv.store.writer import Writer
from dsv.versions import stage
from dsv.versions.switch import executed_names
from dsv.versions.switch.on_disk import is_known, look
from dsv.versions.switch.planned import Planned, planned
from dsv.versions.switch.preflight import check_parents, check_writable
from dsv.versions.switch.recover import Ended, end, finish
from dsv.versions.switch.write_versions import write
from dsv.workspace import TreeChange, Workspace
from dsv.worktree.materialise import sweep

Wanted = Mapping[str, Tracked | None]
"""By path what the working tree shall hold; None: nothing."""

Change = Callable[[Refs, Writer], Refs]


class Ways(Protocol):
    """What a user can do where something that is not committed is in the way."""

    @property
    def state(self) -> str:
        """Say how datasets stand that have uncommitted changes: `has uncommitted changes`."""

    def tracked(self, paths: Sequence[str]) -> str:
        """Return a hint for datasets that have uncommitted changes."""

    def untracked(self, paths: Sequence[str]) -> str:
        """Return a hint for files that are not tracked, or data of datasets that are absent."""


class _ByForce:
    state = "has uncommitted changes"

    def tracked(self, _: Sequence[str]) -> str:
        return "dsv commit -a, or --force (what it overwrites is stored first)"

    untracked = tracked


_BY_FORCE = _ByForce()

_NOTHING: Wanted = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did to the working tree.

    Attributes:
        refs: As they were published.
        written: Datasets that were written.
        removed: Datasets that were removed from the working tree.
        kept: Datasets whose uncommitted state was stored before it was overwritten.
    """

    refs: Refs
    written: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]


def move(
    workspace: Workspace,
    what: str,
    wanted: Wanted,
    change: Change,
    *,
    dirty: Wanted = _NOTHING,
    force: bool = False,
    ways: Ways | None = None,
    lock: bool = True,
    progress: Progress = SILENT,
) -> Moved:
    """Make the working tree hold `wanted`, and the refs say so.

    Args:
        workspace: The workspace.
        what: The command, for the oplog.
        wanted: By path what the working tree shall hold; paths not named stay as they are.
        change: Makes the rest of the change of the refs (HEAD, what is staged).
        dirty: What to write besides, as uncommitted changes of what is checked out; None deletes.
        force: Overwrite uncommitted data, after storing it; `dsv undo` brings it back.
        ways: What the user can do where something is in the way; by default to commit, or to use force.
        lock: Whether `dsv.lock` shall follow HEAD. Where HEAD stays, it stays as git brought it in any case.
        progress: Counts the files that are written.

    Raises:
        InTheWay: Uncommitted or untracked data would be overwritten; nothing was changed.
        Busy: Another process is moving the working tree.
        Missing, Corrupt: The store cannot give all of `wanted`.
        StorageError: The disk is full or fails.
    """
    repo = workspace.repo
    with FileLock(workspace.dot / "tree.lock"):
        ended = finish(workspace, progress=progress)
        sweep(workspace.place())
        goal = {**wanted, **dirty}
        stuck = next((error for path, error in ended.failed.items() if path not in goal), None)
        if stuck is not None:
            raise stuck
        present = repo.datasets(repo.refs().mine.present)
        check_parents(workspace, list(goal))
        since = time.time_ns()
        progress.begin("looking", sum(present[path].checkpoint.size for path in goal if path in present), "B")
        plan = [_plan(workspace, path, new, present, ended, progress) for path, new in goal.items()]
        lost = [one.path for one in plan if one.lost]
        if lost and not force:
            raise _in_the_way(lost, present, ways or _BY_FORCE)
        needs.bring(repo, goal, {one.path: one.at_hand for one in plan}, progress=progress)
        check_writable(workspace, plan)
        refs = repo.refs()
        head = repo.datasets(repo.snapshot_of(refs.head))
        added = {path: new for path, new in repo.datasets(refs.mine.staged).items() if head.get(path) != new}
        executed_names.check(workspace, plan, [present, added])
        with repo.writer() as writer:
            stored = {path: _keep(workspace, writer, path, present.get(path), progress) for path in lost}
            # What was there untracked and is as wanted stays, and is there untracked again after `undo`.
            mine = {one.path: one.wanted for one in plan if one.done and one.path not in present}
            kept = stage.edit(repo, None, {**mine, **stored}, writer) if mine or stored else None

            def begin(found: Refs, session: Writer) -> Refs:
                target = change(found, session)
                after = stage.edit(repo, target.mine.present, wanted, session)
                moving = Moving(
                    found.mine.present,
                    stage.edit(repo, target.mine.present, goal, session),
                    kept,
                )
                here = {one.checkpoint.content for one in (*stored.values(), *goal.values()) if one}
                dropped = tuple(oid for oid in target.mine.dropped if oid not in here)
                local = target.mine
                due = local.lock_due or (lock and _position(target) != _position(found))
                return replace(
                    target,
                    local=replace(local, present=after, moving=moving, lock_due=due, dropped=dropped),
                )

            wrote = stage.edit(repo, None, dirty, writer) if any(dirty.values()) else None
            gone = _deletions(plan, dirty, present)
            workspace.publish(
                what, begin, writer=writer, tree=TreeChange(kept, wrote, gone) if goal else None
            )
        written, removed = write(workspace, plan, since, progress)
        refs = end(workspace)
    return Moved(refs, tuple(written), tuple(removed), tuple(lost))


def _plan(
    workspace: Workspace,
    path: str,
    new: Tracked | None,
    present: Datasets,
    ended: Ended,
    progress: Progress,
) -> Planned:
    """Look at a dataset, and see whether something that the store does not have would be overwritten there."""
    seen = look(workspace, path, progress)
    known = [present.get(path), *ended.known.get(path, ())]
    gone = new is None or path in ended.known
    return planned(path, seen, new, lost=not is_known(workspace.repo, seen, new, known, gone=gone))


def _keep(
    workspace: Workspace, writer: Writer, path: str, before: Tracked | None, progress: Progress
) -> Tracked:
    seen = stage.store(workspace, writer, path, new=before is None, progress=progress)
    return stage.put(
        writer, stage.checkpoint(workspace, writer, path, seen, before.checkpoint if before else None)
    )


def _deletions(plan: Sequence[Planned], dirty: Wanted, present: Datasets) -> dict[str, tuple[bool, bool]]:
    """Return by path whether a dataset that is checked out is deleted, before and after what is planned.

    A deletion is uncommitted data of zero bytes: nothing to store, and to bring back all the same.
    """
    both = {
        one.path: (one.path in present and one.seen is None, one.path in dirty and dirty[one.path] is None)
        for one in plan
    }
    return {path: states for path, states in both.items() if states[0] != states[1]}


def _position(refs: Refs) -> tuple[str | None, ObjectId | None]:
    return refs.mine.branch, refs.head


def _in_the_way(dirty: list[str], present: Datasets, ways: Ways) -> InTheWay:
    named = ", ".join(dirty[:5]) + (f" and {len(dirty) - 5} more" if len(dirty) > 5 else "")
    foreign = [path for path in dirty if path not in present]
    if foreign:
        return InTheWay(f"{named} would be overwritten", hint=ways.untracked(foreign))
    return InTheWay(f"{named} {ways.state}", hint=ways.tracked(dirty))
