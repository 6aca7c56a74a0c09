"""Give back the space of what nothing needs any more."""

import time
from dataclasses import dataclass, replace

from dsv import reach
from dsv.errors import Corrupt, Missing, RefMoved
from dsv.progress import SILENT, Progress
from dsv.remotes.clean import clean
from dsv.remotes.remote import connect
from dsv.repo import Repo
from dsv.store.collect import GRACE, Collected, Marks, Swept, collect, sweep
from dsv.store.refs import Refs

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
    """

    condemned: tuple[str, ...]
    condemned_bytes: int
    deleted: tuple[str, ...]
    deleted_bytes: int
    dry_run: bool


def gc(repo: Repo, *, dry_run: bool = False, keep_days: int = KEEP_DAYS, grace: int = GRACE) -> GcResult:
    """Condemn what nothing reaches, and delete what was condemned before the grace.

    Args:
        repo: The workspace.
        dry_run: Only say what would go.
        keep_days: Operations of so many days stay undoable.
        grace: Seconds; 0 deletes at once, which no other dsv command may run beside.

    Raises:
        Corrupt: Something reachable is damaged, so that nobody knows what is garbage.
        RefMoved: Other processes kept changing the refs.
    """
    now = int(time.time())
    collected = condemn(repo, now, keep_days=keep_days, dry_run=dry_run)
    # With its fraction: else what was written in this second would outlive a grace of 0.
    swept = _sweep(repo, time.time(), grace, dry_run=dry_run)
    return _result(collected, swept, dry_run=dry_run)


def gc_remote(
    repo: Repo,
    name: str | None,
    *,
    dry_run: bool = False,
    grace: int = GRACE,
    progress: Progress = SILENT,
) -> GcResult:
    """Condemn what the refs of a remote do not reach, and delete what was condemned before the grace.

    Args:
        repo: The workspace; it gets the history of the remote.
        name: The remote; None for the default one.
        dry_run: Only say what would go.
        grace: Seconds; 0 deletes at once, which nobody else may use the remote beside.
        progress: Told of the bytes that come.

    Raises:
        NotFound: There is no such remote.
        Corrupt: Something reachable is damaged, so that nobody knows what is garbage.
        RefMoved: Others kept changing the refs.
        StorageError: The remote is empty, or cannot be read or written.
    """
    done = clean(repo, connect(repo, name), grace=grace, dry_run=dry_run, progress=progress)
    return _result(done.collected, done.swept, dry_run=dry_run)


def _result(collected: Collected | None, swept: Swept, *, dry_run: bool) -> GcResult:
    packs = () if collected is None else (*collected.dead, *collected.sparse)
    deleted = {name.rpartition("/")[2].removesuffix(".pack") for name in swept.packs}
    return GcResult(
        condemned=tuple(pack for pack in packs if pack not in deleted),
        condemned_bytes=0 if collected is None else collected.freed - collected.copied,
        deleted=(*swept.packs, *swept.others),
        deleted_bytes=swept.freed,
        dry_run=dry_run,
    )


def condemn(repo: Repo, now: int, *, keep_days: int = KEEP_DAYS, dry_run: bool = False) -> Collected | None:
    """Take what nothing reaches out of the refs; None if there is nothing.

    Raises:
        Corrupt: Something reachable is damaged.
        RefMoved: Other processes kept changing the refs.
    """
    for _ in range(_TRIES):
        refs = repo.refs()
        horizon = max(now - keep_days * reach.DAY, repo.local(refs).horizon)
        collected = collect(_mark(repo, refs, horizon), now, dry_run=dry_run)
        if collected is None or dry_run:
            return collected
        try:
            local = replace(repo.local(refs), horizon=horizon)
            repo.swap(refs, replace(collected.apply(refs), local=local))
        except RefMoved:
            continue
        return collected
    raise RefMoved("other processes kept changing the refs", hint="run dsv gc again")


def _mark(repo: Repo, refs: Refs, since: int) -> Marks:
    repo.objects.refresh(refs)
    marks = Marks(repo.objects, refs)
    try:
        reach.Walk(repo, marks.mark, dropped=repo.local(refs).dropped).run(
            reach.roots(repo, refs, since=since)
        )
    except (Corrupt, Missing) as error:
        raise Corrupt(f"nothing was collected: {error.message}", hint="dsv fsck") from error
    return marks


def _sweep(repo: Repo, now: float, grace: int, *, dry_run: bool) -> Swept:
    for _ in range(_TRIES):
        refs = repo.refs()
        swept = sweep(repo.blobs, refs, now=now, grace=grace, dry_run=dry_run)
        if dry_run or swept.condemned == dict(refs.condemned):
            return swept
        try:
            repo.swap(refs, replace(refs, condemned=swept.condemned))
        except RefMoved:
            continue
        return swept
    raise RefMoved("other processes kept changing the refs", hint="run dsv gc again")
