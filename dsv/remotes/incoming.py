"""Bringing history here: all meta objects of a remote that the store lacks, then its refs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from types import MappingProxyType
from typing import Any

from dsv.errors import Corrupt, DsvError, Missing, RefMoved, Refused, StorageError
from dsv.hashing import Buffer, Kind
from dsv.ids import ObjectId
from dsv.model.checkpoint import Checkpoint
from dsv.model.ref_names import check_name
from dsv.progress import SILENT, Progress
from dsv.records import reachable
from dsv.remotes.negotiate import boundary, held_by
from dsv.remotes.outgoing import listed_rows
from dsv.remotes.receive import ObjectWanted, receive
from dsv.remotes.remote import RemoteStore
from dsv.store.objects import Objects
from dsv.store.packs.index import Index, Located
from dsv.store.refs import Refs
from dsv.store.repository import Repository
from dsv.store.writer import Writer
from dsv.tables.fact_keys import facts_key
from dsv.workspace import Workspace

_TRIES = 4
_ROWS = 1 << 16
_KINDS = frozenset(int(kind) for kind in Kind if not kind.is_data)


@dataclass(frozen=True, slots=True)
class FetchedHistory:
    """What a fetch brought.

    Attributes:
        branches: Names of branches of the remote that are new or moved, with what they were.
        gone: Branches that the remote has no more.
        tags: Tags that are new here.
        kept: Tags that are another commit here than there; they stay.
        objects: How many objects came.
    """

    branches: Mapping[str, tuple[ObjectId | None, ObjectId]]
    gone: tuple[str, ...]
    tags: tuple[str, ...]
    kept: tuple[str, ...]
    objects: int


def fetch_history(
    workspace: Workspace, remote: RemoteStore, *, progress: Progress = SILENT
) -> FetchedHistory:
    """Bring commits, snapshots and lineage of all branches and tags; not the bytes of files.

    Raises:
        Corrupt: Something there is damaged, or is not what it claims to be; refs here are not changed.
        RefMoved: gc ran here meanwhile.
        StorageError: The remote cannot be read, or the store not written.
    """
    for attempt in range(_TRIES):
        theirs = remote.load()
        if remote.raw is None and remote.setback:
            check_there(remote)
        check_names(remote.name, theirs)
        try:
            count = _bring_records(workspace.repo, remote, progress)
        except FileNotFoundError as error:
            if attempt == _TRIES - 1:
                raise Corrupt(
                    f"remote {remote.name} lacks a pack that it names: {error.filename or error}",
                    hint=f"dsv fsck --remote {remote.name}",
                ) from None
            continue
        break
    remote.blobs.forget(remote.refs.indexes)
    epoch = workspace.repo.objects.current_epoch()
    _check_whole(workspace.repo, remote)
    return _note(workspace, remote, epoch, count)


def check_names(remote: str, refs: Refs) -> None:
    """Refuse names that no dsv gives to branches and tags; HEAD, files and terminals get to see them.

    Raises:
        Corrupt: There is one.
    """
    for name in (*refs.branches, *refs.tags, refs.default):
        try:
            check_name(name)
        except Refused as error:
            raise Corrupt(f"remote {remote}: {error.message}") from error


def _bring_records(repo: Repository, remote: RemoteStore, progress: Progress) -> int:
    there = remote.objects(data=False)
    lacking = _lacking(repo, there)
    if not lacking:
        return 0
    size = sum(int(index.numpy("stored")[rows].sum(dtype="u8")) for index, rows in lacking)
    progress.begin("fetching history", size, "B")
    keys: set[bytes] = set()
    count = 0
    with repo.writer() as writer:

        def take(key: bytes, place: Located, stored: Buffer, raw: Buffer) -> None:
            progress.advance(place.stored)
            if place.kind == Kind.CHECKPOINT:
                found = Checkpoint.decode(bytes(raw), f"checkpoint {key.hex()}")
                keys.add(bytes.fromhex(facts_key(found.content, found.schema)))
            writer.relocate(key, place, stored)

        # No id proves facts: they enter under the key of a version that came with them, and no other.
        for facts in (False, True):
            wanted = (one for one in _wanted(lacking, facts=facts) if not facts or one.key in keys)
            while batch := list(islice(wanted, _ROWS)):
                receive(there, batch, take)
                count += len(batch)
        repo.publish(lambda found, _: found, writer=writer)
    return count


def _lacking(repo: Repository, there: Objects) -> list[tuple[Index, Any]]:
    """Return which rows of the remote's indexes are lacking here, as numpy numbers, in the order of packs.

    Returns:
        Pairs of an index and some of its row numbers, at least one: shape (k,), int64, ordered by
        pack and offset. An object may be in several.
    """
    import numpy as np

    found = []
    mine = repo.objects.indexes(data=False)
    # Copies in the largest indexes first: packs that were joined take fewer requests.
    for index in there.indexes(data=False):
        # Both are truth values, shape (rows,); `rows` are numbers.
        known = np.isin(index.numpy("kind"), list(_KINDS))
        rows = np.flatnonzero(known & ~listed_rows(index, mine))
        if len(rows):
            order = np.lexsort((index.numpy("offset")[rows], index.numpy("pack")[rows]))
            found.append((index, rows[order]))
    return found


def _wanted(lacking: list[tuple[Index, Any]], *, facts: bool) -> Iterator[ObjectWanted]:
    """Yield the objects in those rows, each once, without ever holding them all.

    Args:
        lacking: As `_lacking` returns it.
        facts: Whether facts are wanted, or all except facts.
    """
    seen: set[bytes] = set()
    for index, rows in lacking:
        chosen = rows[(index.numpy("kind")[rows] == Kind.FACTS) == facts]
        for start in range(0, len(chosen), _ROWS):
            for row in chosen[start : start + _ROWS].tolist():
                key, place = index.id_at(row), index.at(row)
                mark = key + bytes([place.kind])
                if mark not in seen:
                    seen.add(mark)
                    yield ObjectWanted(key, place)


def _check_whole(repo: Repository, remote: RemoteStore) -> None:
    """Check that all that the remote's refs reach has come, except for the bytes of files."""
    refs = repo.refs()
    local = refs.mine
    tips = {*remote.refs.branches.values(), *remote.refs.tags.values()}
    have = {*refs.branches.values(), *refs.tags.values(), *local.remotes.values()}
    seen: set[ObjectId] = set()

    def fail(what: str, error: DsvError) -> None:
        raise Corrupt(
            f"remote {remote.name}: {what}: {error.message}", hint=f"dsv fsck --remote {remote.name}"
        ) from error

    try:
        found = boundary(repo, tips, have)
        held = held_by(repo, found)
    except Missing as error:
        fail("history", error)

    def mark(ids: Iterable[ObjectId]) -> list[ObjectId]:
        fresh = [
            oid for oid in dict.fromkeys(ids) if oid not in seen and oid not in held and repo.objects.has(oid)
        ]
        seen.update(fresh)
        return fresh

    walk = reachable.Walk(repo, mark, damaged=fail, files=False)
    walk.run(reachable.Roots(commits=set(found.new)))


def _note(workspace: Workspace, remote: RemoteStore, epoch: int, count: int) -> FetchedHistory:
    """Make the tracking refs and new tags be what the remote has."""
    theirs = remote.refs
    prefix = f"{remote.name}/"
    told: list[FetchedHistory] = []

    def change(found: Refs, _: Writer) -> Refs:
        if found.epoch != epoch:
            raise RefMoved("gc ran meanwhile", hint="run the command again")
        local = found.mine
        before = {
            name.removeprefix(prefix): oid for name, oid in local.remotes.items() if name.startswith(prefix)
        }
        others = {name: oid for name, oid in local.remotes.items() if not name.startswith(prefix)}
        after = {prefix + name: oid for name, oid in theirs.branches.items()}
        tags = {name: oid for name, oid in theirs.tags.items() if name not in found.tags}
        moved = {
            name: (before.get(name), oid) for name, oid in theirs.branches.items() if before.get(name) != oid
        }
        kept = [name for name, oid in theirs.tags.items() if found.tags.get(name, oid) != oid]
        told[:] = [
            FetchedHistory(
                MappingProxyType(moved),
                tuple(sorted(set(before) - set(theirs.branches))),
                tuple(sorted(tags)),
                tuple(sorted(kept)),
                count,
            )
        ]
        return replace(found, tags={**found.tags, **tags}, local=replace(local, remotes={**others, **after}))

    workspace.publish(f"fetch {remote.name}", change)
    remote.remember()
    return told[0]


def check_there(remote: RemoteStore) -> None:
    """Refuse a remote to which nothing was ever pushed.

    Raises:
        StorageError: It has no refs.
    """
    if remote.raw is None:
        lost = ", and was not when it was last seen here: its refs are gone" if remote.setback else ""
        raise StorageError(f"remote {remote.name} is empty{lost}", hint=f"dsv push {remote.name}")
