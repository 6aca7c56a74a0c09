"""Give back the space of what nothing needs any more."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

from dsv.errors import Corrupt, DsvError, Missing, RefMoved
from dsv.progress import SILENT, Progress
from dsv.records import reachable
from dsv.remotes.collect_remote import clean
from dsv.remotes.remote import connect
from dsv.store.blobs import owners
from dsv.store.blobs.owners import Mark
from dsv.store.refs import Refs
from dsv.store.swapping import swap_until
from dsv.store.upkeep.collect import GRACE, Collected, Marks, collect, unlisted
from dsv.store.upkeep.delete import Deleted, sweep
from dsv.store.upkeep.sharing import Away, Others, others
from dsv.workspace import Workspace

KEEP_DAYS = 30
"""Days for which operations can be undone whatever gc does."""

_TRIES = 16


@dataclass(frozen=True, slots=True)
class GcResult:
    """What gc did, or would do.

    Attributes:
        condemned: Packs that go when the grace is over.
        condemned_bytes: Their size, less what of them was copied.
        deleted: Names of packs, indexes and temporary files that were deleted.
        deleted_bytes: Their size.
        dry_run: Whether nothing was done.
        held: How many packs stay because a workspace that may need them could not be asked.
        away: Those workspaces.
    """

    condemned: tuple[str, ...]
    condemned_bytes: int
    deleted: tuple[str, ...]
    deleted_bytes: int
    dry_run: bool
    held: int = 0
    away: tuple[Away, ...] = ()


def gc(
    workspace: Workspace, *, dry_run: bool = False, keep_days: int = KEEP_DAYS, grace: int = GRACE
) -> GcResult:
    """Condemn what nothing reaches, and delete what was condemned before the grace.

    Args:
        workspace: The workspace.
        dry_run: Only say what would go.
        keep_days: Operations of so many days stay undoable.
        grace: Seconds; 0 deletes at once, which no other dsv command may run beside.

    Raises:
        Corrupt: Something reachable is damaged, so that nobody knows what is garbage.
        RefMoved: Other processes kept changing the refs.
    """
    now = int(time.time())
    blobs = workspace.blobs
    found = others(workspace.dot, blobs.packs_home, now)
    collected = condemn(workspace, now, keep_days=keep_days, dry_run=dry_run, foreign=found.needed)
    # With its fraction: else what was written in this second would outlive a grace of 0.
    swept, found = _sweep(workspace, time.time(), grace, dry_run=dry_run)
    return _result(collected, swept, dry_run=dry_run, away=found.away)


def forget(workspace: Workspace, name: str) -> Mark:
    """Have gc not ask any more for a workspace that shared the folder of packs, and is gone for good.

    Args:
        workspace: The workspace.
        name: The start of the id of its mark.

    Raises:
        NotFound: There is none, or there are several.
        Refused: It is there.
    """
    return owners.forget(workspace.blobs.packs_home, name)


def gc_remote(
    workspace: Workspace,
    name: str | None,
    *,
    dry_run: bool = False,
    grace: int = GRACE,
    progress: Progress = SILENT,
) -> GcResult:
    """Condemn what the refs of a remote do not reach, and delete what was condemned before the grace.

    Args:
        workspace: The workspace; it gets the history of the remote.
        name: The remote; None for the default one.
        dry_run: Only say what would go.
        grace: Seconds; 0 deletes at once, which nobody else may use the remote beside.
        progress: Counts the bytes that come.

    Raises:
        NotFound: There is no such remote.
        Corrupt: Something reachable is damaged, so that nobody knows what is garbage.
        RefMoved: Others kept changing the refs.
        StorageError: The remote is empty, or cannot be read or written.
    """
    done = clean(workspace, connect(workspace, name), grace=grace, dry_run=dry_run, progress=progress)
    return _result(done.collected, done.swept, dry_run=dry_run)


def _result(
    collected: Collected | None, swept: Deleted, *, dry_run: bool, away: tuple[Away, ...] = ()
) -> GcResult:
    packs = () if collected is None else (*collected.dead, *collected.sparse)
    deleted = {name.rpartition("/")[2].removesuffix(".pack") for name in swept.packs}
    return GcResult(
        condemned=tuple(pack for pack in packs if pack not in deleted),
        condemned_bytes=0 if collected is None else collected.freed - collected.copied,
        deleted=(*swept.packs, *swept.others),
        deleted_bytes=swept.freed,
        dry_run=dry_run,
        held=swept.held,
        away=away,
    )


def condemn(
    workspace: Workspace,
    now: int,
    *,
    keep_days: int = KEEP_DAYS,
    dry_run: bool = False,
    foreign: Collection[str] = (),
) -> Collected | None:
    """Take what nothing reaches out of the refs; None if there is nothing.

    What belongs to other workspaces, the packs `foreign`, is not looked at.

    Raises:
        Corrupt: Something reachable is damaged.
        RefMoved: Other processes kept changing the refs.
    """

    def decide(_: int) -> tuple[Collected | None, Callable[[], None] | None]:
        refs = workspace.repo.refs()
        horizon = max(now - keep_days * reachable.DAY, refs.mine.horizon)
        collected = _collect(workspace, refs, horizon, now, foreign, dry_run=dry_run)
        if collected is None or dry_run:
            return collected, None
        wanted = replace(collected.apply(refs), local=replace(refs.mine, horizon=horizon))
        return collected, partial(workspace.repo.swap, refs, wanted)

    return swap_until(decide, _kept_moving(), tries=_TRIES)


def _collect(
    workspace: Workspace, refs: Refs, since: int, now: int, foreign: Collection[str], *, dry_run: bool
) -> Collected | None:
    """Mark what is reachable, all of which must be there, and take the rest out of the indexes."""
    try:
        workspace.repo.objects.refresh(refs)
        marks = Marks(workspace.repo.objects, refs, unlisted(workspace.blobs, refs, foreign))
        walk = reachable.Walk(
            workspace.repo,
            marks.mark,
            dropped=refs.mine.dropped,
            # Where there is a remote, versions that nobody needed yet were never fetched.
            absent=(lambda _, __: None) if workspace.config.remotes else None,
            lacking=_stop,
        )
        walk.run(reachable.roots(workspace.repo, refs, workspace.oplog, workspace.root, since=since))
        return collect(marks, now, dry_run=dry_run)
    except (Corrupt, Missing) as error:
        raise Corrupt(f"nothing was collected: {error.message}", hint="dsv fsck --repair") from error


def _stop(where: str, error: DsvError) -> None:
    raise Corrupt(f"{where}: {error.message}")


def _sweep(workspace: Workspace, now: float, grace: int, *, dry_run: bool) -> tuple[Deleted, Others]:
    def decide(_: int) -> tuple[tuple[Deleted, Others], Callable[[], None] | None]:
        refs = workspace.repo.refs()
        found = others(workspace.dot, workspace.blobs.packs_home, now)
        swept = sweep(workspace.blobs, refs, now=now, grace=grace, others=found, dry_run=dry_run)
        if dry_run or swept.condemned == dict(refs.condemned):
            return (swept, found), None
        wanted = replace(refs, condemned=swept.condemned)
        return (swept, found), partial(workspace.repo.swap, refs, wanted)

    return swap_until(decide, _kept_moving(), tries=_TRIES)


def _kept_moving() -> RefMoved:
    return RefMoved("other processes kept changing the refs", hint="run dsv gc again")
