"""Garbage collection of a remote: condemn by compare-and-swap, delete when the grace is over.

The same steps as in a local store (`dsv.store.upkeep.collect`); what is marked is what the remote's
own refs reach, and time is told by the remote's clock.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from dsv.errors import Corrupt, DsvError, Missing, RefMoved, Refused
from dsv.progress import SILENT, Progress
from dsv.records import reachable
from dsv.remotes.incoming import check_there, fetch_history
from dsv.remotes.remote import RemoteStore, pause
from dsv.remotes.remote_view import expand, remote_repository, remote_roots
from dsv.store.packs import index_merge
from dsv.store.refs import WRITES_KEPT, IndexRef, Refs
from dsv.store.swapping import swap_until
from dsv.store.upkeep.collect import Collected, Marks, collect, unlisted
from dsv.store.upkeep.delete import Deleted, sweep
from dsv.workspace import Workspace

_TRIES = 16


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a garbage collection of a remote did, or would do.

    Attributes:
        collected: What was condemned; None if nothing.
        swept: What was deleted.
    """

    collected: Collected | None
    swept: Deleted


def clean(
    workspace: Workspace,
    remote: RemoteStore,
    *,
    grace: int,
    dry_run: bool = False,
    progress: Progress = SILENT,
) -> Cleaned:
    """Condemn what the refs of a remote do not reach, and delete what was condemned before the grace.

    Args:
        workspace: The workspace; the history of the remote is fetched into it.
        remote: The remote.
        grace: Seconds.
        dry_run: Only say what would go.
        progress: Counts the bytes that come.

    Raises:
        Corrupt: Something reachable is damaged, so that nobody knows what is garbage.
        RefMoved: Others kept changing the refs.
        Refused: The refs are older than those seen before.
        StorageError: The remote is empty, or cannot be read or written.
    """
    remote.load()
    if remote.setback:
        raise Refused(
            f"remote {remote.name} was set back to older refs than were seen here: what newer ones need"
            " would be deleted",
            hint=f"dsv fetch {remote.name}, then dsv push --repair {remote.name}",
        )
    fetch_history(workspace, remote, progress=progress)
    check_there(remote)
    now = clock(remote)
    collected = _condemn(workspace, remote, now, dry_run=dry_run)
    swept = _sweep(remote, now, grace, dry_run=dry_run)
    if not dry_run:
        remote.blobs.abort_uploads(now - grace)
    return Cleaned(collected, swept)


def clock(remote: RemoteStore) -> int:
    """Return the time of the place, in seconds since 1970: when it says a blob was written just now."""
    name = f"tmp/clock-{secrets.token_hex(8)}"
    remote.blobs.put(name, b"what time is it?")
    try:
        return next(int(blob.modified) for blob in remote.blobs.list("tmp/") if blob.name == name)
    except StopIteration:
        raise Corrupt(f"remote {remote.name} does not list what was just written there") from None
    finally:
        remote.blobs.delete(name)


def _condemn(workspace: Workspace, remote: RemoteStore, now: int, *, dry_run: bool) -> Collected | None:
    def decide(number: int) -> tuple[Collected | None, Callable[[], None] | None]:
        if number:
            fetch_history(workspace, remote)
        try:
            collected = collect(_mark(workspace, remote), now, dry_run=dry_run)
        except (Corrupt, Missing) as error:
            hint = f"dsv fsck --remote {remote.name}"
            raise Corrupt(f"nothing was collected: {error.message}", hint=hint) from error
        if dry_run:
            return collected, None
        wanted = remote.refs if collected is None else collected.apply(remote.refs)
        indexes = index_merge.compact(remote.blobs, wanted.indexes)
        if indexes == remote.refs.indexes and collected is None:
            return None, None
        return collected, partial(_swap, remote, replace(wanted, indexes=indexes))

    return swap_until(decide, _kept_moving(remote), tries=_TRIES, pause=pause)


def _mark(workspace: Workspace, remote: RemoteStore) -> Marks:
    view = remote_repository(workspace.repo, remote)
    marks = Marks(view.objects, remote.refs, unlisted(remote.blobs, remote.refs))
    reachable.Walk(view, marks.mark, lacking=_stop).run(
        remote_roots(workspace.root, remote.refs, view.objects)
    )
    expand(
        marks,
        workspace.repo.objects,
        lambda file, part: _stop(f"file {file}", Missing(f"part {part} is in no index")),
    )
    return marks


def _stop(where: str, error: DsvError) -> None:
    raise Corrupt(f"{where}: {error.message}")


def _sweep(remote: RemoteStore, now: int, grace: int, *, dry_run: bool) -> Deleted:
    def decide(_: int) -> tuple[Deleted, Callable[[], None] | None]:
        refs = remote.load()
        remote.blobs.fetch_indexes(refs.indexes)
        swept = sweep(remote.blobs, refs, now=now, grace=grace, dry_run=dry_run)
        if dry_run or swept.condemned == dict(refs.condemned):
            return swept, None
        return swept, partial(_swap, remote, replace(refs, condemned=swept.condemned))

    return swap_until(decide, _kept_moving(remote), tries=_TRIES, pause=pause)


def _swap(remote: RemoteStore, wanted: Refs) -> None:
    have: set[IndexRef] = set(remote.refs.indexes)
    remote.blobs.send_indexes([ref for ref in wanted.indexes if ref not in have])
    remote.swap(replace(wanted, writes=(*wanted.writes, secrets.token_hex(8))[-WRITES_KEPT:]))


def _kept_moving(remote: RemoteStore) -> RefMoved:
    return RefMoved(f"others kept changing remote {remote.name}", hint=f"dsv gc --remote {remote.name} again")
