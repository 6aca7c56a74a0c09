"""Joining small packs while something is pushed anyway, so that their number stays small.

Where a push would merge crowded indexes (`dsv.store.packs.index_merge`), what lies in small packs that only
those list goes into the pack that is sent, and the small packs are condemned: a log-structured
merge of packs beside that of indexes. So a reader of all history after n pushes needs requests
in the order of log n.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from dsv.errors import Corrupt
from dsv.hashing import Buffer, checksum
from dsv.remotes.cached_blobs import CachedBlobs
from dsv.remotes.receive import ObjectWanted, receive
from dsv.store.objects import Objects
from dsv.store.packs import index_file, index_merge, index_rows
from dsv.store.packs import pack as packs
from dsv.store.packs.index import Index, Located
from dsv.store.refs import IndexRef, Refs
from dsv.store.writer import Writer

SMALL = 4 << 20
"""A pack of more bytes is left alone."""

MOST = {False: 8 << 20, True: 2 << 20}
"""Bytes that one push sends again at most, of meta packs and of data packs."""


class JoinPlan(NamedTuple):
    """What one push joins.

    Attributes:
        indexes: Live indexes that are replaced.
        packs: Packs whose objects are sent again, and which are condemned.
    """

    indexes: frozenset[IndexRef]
    packs: frozenset[str]


def plan(blobs: CachedBlobs, refs: Refs, fresh: int, *, data: bool) -> JoinPlan | None:
    """Return what a push of `fresh` objects should join; None if nothing.

    Args:
        blobs: The remote; its live indexes are here.
        refs: Its refs.
        fresh: Objects that are sent anyway.
        data: Which side.
    """
    mine = [ref for ref in refs.indexes if ref.data == data]
    taken = _crowd(mine, fresh) if fresh else []
    if not taken:
        return None
    elsewhere = {
        pack for ref in mine if ref not in taken for pack in index_merge.open_index(blobs, ref).packs
    }
    sizes: dict[str, int] = {}
    for ref in taken:
        for pack, end in ends(index_merge.open_index(blobs, ref)):
            sizes[pack] = max(sizes.get(pack, 0), end)
    chosen, total = set(), 0
    for pack, size in sorted(sizes.items(), key=lambda item: item[1]):
        total += size
        if size > SMALL or total > MOST[data]:
            break
        if pack not in elsewhere:
            chosen.add(pack)
    return JoinPlan(frozenset(taken), frozenset(chosen)) if len(chosen) > 1 else None


def _crowd(indexes: Sequence[IndexRef], fresh: int) -> list[IndexRef]:
    """Return the indexes with which a new one would make a class too large, class after class."""
    taken: list[IndexRef] = []
    total = fresh
    while True:
        level = index_merge.size_class(total)
        members = [
            ref
            for ref in indexes
            if ref not in taken
            and index_merge.size_class(ref.rows) <= level
            and ref.rows < index_merge.MAX_ROWS // 2
        ]
        if (
            len(members) < index_merge.CLASS_MEMBERS
            or sum(ref.rows for ref in members) + total > index_merge.MAX_ROWS
        ):
            return taken
        taken += members
        total += sum(ref.rows for ref in members)


def copy(found: JoinPlan, blobs: CachedBlobs, there: Objects, here: Objects, writer: Writer) -> None:
    """Add what lies in the packs of a plan, from the store here as far as that has it.

    Raises:
        FileNotFoundError: A pack is not on the remote any more.
        Corrupt: An object is damaged on the remote, and not here.
        StorageError: The remote cannot be read.
    """
    away = []
    for ref in found.indexes:
        index = index_merge.open_index(blobs, ref)
        for row in _rows(index, found.packs).tolist():
            key, place = index.id_at(row), index.at(row)
            mine = here.listed(key, data=ref.data)
            if mine is None or mine.kind != place.kind or not _copy(key, mine, here, writer):
                away.append(ObjectWanted(key, place))

    def take(key: bytes, place: Located, stored: Buffer, _: Buffer) -> None:
        writer.relocate(key, place, stored)

    receive(there, away, take)


def _copy(key: bytes, place: Located, here: Objects, writer: Writer) -> bool:
    try:
        stored = here.blobs.read(packs.name(place.pack), place.offset, place.stored)
    except (Corrupt, FileNotFoundError):
        return False
    if checksum(stored) != place.checksum:
        return False
    writer.relocate(key, place, stored)
    return True


def rest(found: JoinPlan, blobs: CachedBlobs) -> Iterator[tuple[IndexRef, Index]]:
    """Yield what the indexes of a plan list besides its packs."""
    import numpy as np

    for ref in found.indexes:
        index = index_merge.open_index(blobs, ref)
        keep = np.ones(index.rows, np.bool_)
        keep[_rows(index, found.packs)] = False
        if keep.any():
            content = b"".join(
                index_file.encode(index_rows.columns(index_merge.pick(index, keep)), index.packs)
            )
            yield ref, Index(index.name, content)


def ends(index: Index) -> Iterator[tuple[str, int]]:
    """Yield for each pack of an index where the last object that it lists ends.

    Rows of the packs [1, 0, 1] with the offsets [0, 80, 10] and the sizes [10, 8, 8] end in pack 0
    at 88, and in pack 1 at 18; 0 where no row names a pack.
    """
    import numpy as np

    found = np.zeros(len(index.packs), np.int64)
    after = index.numpy("offset").astype(np.int64) + index.numpy("stored")
    np.maximum.at(found, index.numpy("pack"), after)
    yield from zip(index.packs, found.tolist(), strict=True)


def _rows(index: Index, chosen: frozenset[str]) -> Any:
    """Return the numbers of those rows of an index whose packs are chosen: shape (k,), int64, ascending."""
    import numpy as np

    numbers = [number for number, pack in enumerate(index.packs) if pack in chosen]
    return np.flatnonzero(np.isin(index.numpy("pack"), numbers))
