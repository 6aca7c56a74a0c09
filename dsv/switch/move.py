"""Moving the working tree from what it holds to what is wanted, so that nothing is lost.

First everything is looked at, and what would be overwritten is either refused or stored.
Then the refs name the target; only then files are written. A kill in between leaves the
refs saying that a move has begun, and the next command that moves or stages ends it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from dsv import needs, stage
from dsv.errors import InTheWay
from dsv.progress import SILENT, Progress
from dsv.repo import Datasets, Repo, Tracked, Tree
from dsv.store.lock import FileLock
from dsv.store.refs import Moving, Refs
from dsv.store.writer import Writer
from dsv.switch import executed
from dsv.switch.room import check_parents, check_writable
from dsv.switch.seen import content, is_as, is_known, look
from dsv.switch.settle import Ended, end, finish
from dsv.switch.write import write
from dsv.workspace.materialise import sweep
from dsv.workspace.observe import Observation

Wanted = Mapping[str, Tracked | None]
"""By path what the working tree shall hold; None: nothing."""

Change = Callable[[Refs, Writer], Refs]

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
    repo: Repo,
    what: str,
    wanted: Wanted,
    change: Change,
    *,
    dirty: Wanted = _NOTHING,
    force: bool = False,
    progress: Progress = SILENT,
) -> Moved:
    """Make the working tree hold `wanted`, and the refs say so.

    Args:
        repo: The workspace.
        what: The command, for the oplog.
        wanted: By path what the working tree shall hold; paths not named stay as they are.
        change: Makes the rest of the change of the refs (HEAD, what is staged).
        dirty: What to write besides, as uncommitted changes of what is checked out; None deletes.
        force: Overwrite uncommitted data, after storing it; `dsv undo` brings it back.
        progress: Told of the files that are written.

    Raises:
        InTheWay: Uncommitted or untracked data would be overwritten; nothing was changed.
        Busy: Another process is moving the working tree.
        Missing, Corrupt: The store cannot give all of `wanted`.
        StorageError: The disk is full or fails.
    """
    with FileLock(repo.dot / "tree.lock"):
        ended = finish(repo, progress=progress)
        sweep(repo.place())
        goal = {**wanted, **dirty}
        stuck = next((error for path, error in ended.failed.items() if path not in goal), None)
        if stuck is not None:
            raise stuck
        present = repo.datasets(repo.local(repo.refs()).present)
        check_parents(repo, list(goal))
        since = time.time_ns()
        looks = {path: look(repo, path) for path in goal}
        lost = [path for path in goal if _is_lost(repo, path, goal[path], looks[path], present, ended)]
        if lost and not force:
            raise _in_the_way(lost, present)
        here = {path: content(seen, goal[path]) for path, seen in looks.items()}
        needs.bring(repo, goal, here, progress=progress)
        check_writable(repo, goal, looks)
        before = repo.local(repo.refs())
        own = [present, repo.datasets(before.staged), repo.datasets(repo.snapshot_of(repo.refs().head))]
        executed.check(repo, goal, looks, own)
        with repo.writer() as writer:
            stored = {path: _keep(repo, writer, path, present.get(path), progress) for path in lost}
            # What was there untracked and is as wanted stays, and is there untracked again after `undo`.
            mine = {
                path: new for path, new in goal.items() if path not in present and is_as(looks[path], new)
            }
            kept = stage.edit(repo, None, {**mine, **stored}, writer) if mine or stored else None

            def begin(found: Refs, session: Writer) -> Refs:
                target = change(found, session)
                after = stage.edit(repo, repo.local(target).present, wanted, session)
                moving = Moving(
                    repo.local(found).present,
                    stage.edit(repo, repo.local(target).present, goal, session),
                    kept,
                )
                here = {one.checkpoint.content for one in (*stored.values(), *goal.values()) if one}
                dropped = tuple(oid for oid in repo.local(target).dropped if oid not in here)
                local = replace(
                    repo.local(target), present=after, moving=moving, lock_due=True, dropped=dropped
                )
                return replace(target, local=local)

            wrote = stage.edit(repo, None, dirty, writer) if any(dirty.values()) else None
            gone = _deletions(goal, dirty, looks, present)
            repo.publish(what, begin, writer=writer, tree=Tree(kept, wrote, gone) if goal else None)
        written, removed = write(
            repo, {path: (looks[path], new) for path, new in goal.items()}, since, progress
        )
        refs = end(repo)
    return Moved(refs, tuple(written), tuple(removed), tuple(lost))


def _is_lost(
    repo: Repo, path: str, new: Tracked | None, seen: Observation | None, present: Datasets, ended: Ended
) -> bool:
    """Whether something that the store does not have would be overwritten at `path`."""
    known = [present.get(path), *ended.known.get(path, ())]
    return not is_known(repo, seen, new, known, gone=new is None or path in ended.known)


def _keep(repo: Repo, writer: Writer, path: str, before: Tracked | None, progress: Progress) -> Tracked:
    seen = stage.store(repo, writer, path, progress=progress)
    return stage.put(
        writer, stage.checkpoint(repo, writer, path, seen, before.checkpoint if before else None)
    )


def _deletions(
    goal: Wanted, dirty: Wanted, looks: Mapping[str, Observation | None], present: Datasets
) -> dict[str, tuple[bool, bool]]:
    """Return by path whether a dataset that is checked out is deleted, before and after a move to `goal`.

    A deletion is uncommitted data of zero bytes: nothing to store, and to bring back all the same.
    """
    both = {
        path: (path in present and looks[path] is None, path in dirty and dirty[path] is None)
        for path in goal
    }
    return {path: states for path, states in both.items() if states[0] != states[1]}


def _in_the_way(dirty: list[str], present: Datasets) -> InTheWay:
    named = ", ".join(dirty[:5]) + (f" and {len(dirty) - 5} more" if len(dirty) > 5 else "")
    state = "has uncommitted changes" if all(path in present for path in dirty) else "would be overwritten"
    return InTheWay(f"{named} {state}", hint="dsv commit -a, or --force (what it overwrites is stored first)")
