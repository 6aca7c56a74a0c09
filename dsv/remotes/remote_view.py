"""What a remote holds, seen as a repository, so that one walk serves both."""

from collections.abc import Callable, Iterator
from pathlib import Path

from dsv.errors import Corrupt
from dsv.hashing import Buffer, Kind
from dsv.ids import ObjectId
from dsv.records import reachable
from dsv.remotes.receive import ObjectWanted, batches, receive
from dsv.remotes.remote import RemoteStore
from dsv.store import holdings
from dsv.store.contents import Contents
from dsv.store.holdings import Composition
from dsv.store.objects import Objects
from dsv.store.packs.index import Located
from dsv.store.refs import Refs
from dsv.store.repository import Repository
from dsv.store.upkeep.collect import Marks
from dsv.worktree import git

_BATCH = 8 << 20


class _Both(Objects):
    """Objects that a remote lists, read from the store here where that has them."""

    def __init__(self, there: Objects, here: Objects, refs: Refs) -> None:
        super().__init__(there.blobs, lambda: refs)
        self._here = here
        self.refresh(refs)

    def get(self, oid: ObjectId, kind: Kind | None = None) -> bytes:
        """Return the bytes of an object.

        Raises:
            Missing: It is nowhere.
            Corrupt: It is damaged there, and not here.
        """
        key = bytes.fromhex(oid)
        if self._here.listed(key, data=True) or self._here.listed(key, data=False):
            return self._here.get(oid, kind)
        return super().get(oid, kind)


class _Flat(Contents):
    """Contents whose parts are not asked for one by one; `expand` marks them all at once."""

    def members(self, oid: ObjectId) -> Iterator[ObjectId]:
        """Yield the file itself."""
        yield oid


def remote_repository(here: Repository, remote: RemoteStore) -> Repository:
    """Return what a remote holds, for `dsv.records.reachable.Walk`.

    Args:
        here: The store here, which spares requests.
        remote: The remote; its refs have been read.
    """
    both = _Both(remote.objects(data=True), here.objects, remote.refs)
    return Repository(both.blobs, objects=both, contents=_Flat(both), name=f"remote {remote.name}")


def remote_roots(root: Path, refs: Refs, objects: Objects) -> reachable.Roots:
    """Return where reachability in a remote starts: its refs, and what `dsv.lock` names in git's history.

    Args:
        root: The workspace.
        refs: Of the remote.
        objects: Of the remote.
    """
    found = reachable.Roots(commits={*refs.branches.values(), *refs.tags.values()})
    if git.find(root) is not None:
        from dsv.capture.git_state import locked_in_history

        found.commits |= {oid for oid in locked_in_history(root) if objects.has(oid)}
    return found


def expand(marks: Marks, here: Objects, lost: Callable[[ObjectId, ObjectId], None] | None = None) -> None:
    """Mark the parts of all files that are marked, however deep they nest.

    Args:
        marks: Of a remote.
        here: The local store, which spares requests.
        lost: Called with a file, or a part of one, and of a part of it that the remote does not list.

    Raises:
        Corrupt: What says which they are is damaged.
    """
    import numpy as np

    done = {ref: np.zeros(index.rows, np.bool_) for ref, index in marks.indexes.items()}
    while True:
        composed: list[ObjectWanted] = []
        for ref, index in marks.indexes.items():
            fresh = marks.live[ref] & ~done[ref]
            done[ref] |= fresh
            if ref.data:
                rows = np.flatnonzero(fresh & holdings.composed_rows(index.numpy("kind")))
                composed += [ObjectWanted(index.id_at(row), index.at(row)) for row in rows.tolist()]
        if not composed:
            return
        for oid, found in _read(marks.objects, here, composed):
            parts = {child.id for child in found.children}
            marks.mark(parts)
            if lost is None:
                continue
            for part in parts:
                if marks.objects.listed(bytes.fromhex(part), data=True) is None:
                    lost(oid, part)


def _read(
    there: Objects, here: Objects, wanted: list[ObjectWanted]
) -> Iterator[tuple[ObjectId, Composition]]:
    """Yield composed objects by id, read from the store here where that has them."""
    away = []
    for one in wanted:
        place = here.listed(one.key, data=True)
        if place is not None and place.kind == one.place.kind:
            oid = ObjectId(one.key.hex())
            yield oid, holdings.compose(place.kind, here.get(oid, Kind(place.kind)), oid)
        else:
            away.append(one)
    for batch in batches(away, _BATCH, lambda place: place.raw):
        yield from _fetch(there, batch)


def _fetch(there: Objects, batch: list[ObjectWanted]) -> Iterator[tuple[ObjectId, Composition]]:
    found: list[tuple[ObjectId, int, bytes]] = []

    def take(key: bytes, place: Located, _: Buffer, raw: Buffer) -> None:
        found.append((ObjectId(key.hex()), place.kind, bytes(raw)))

    try:
        receive(there, batch, take)
    except FileNotFoundError as error:
        raise Corrupt(f"a pack that holds recipes is missing: {error.filename or error}") from None
    for oid, kind, data in found:
        yield oid, holdings.compose(kind, data, oid)
