"""Merging indexes, so that their number stays small and no change rewrites them all.

Indexes fall into classes by size, each four times the one before. Where a class has
more than four, they become one of a class above (a log-structured merge, O'Neil et al.
1996): an object is rewritten once a class, and a lookup asks about four a class.
Indexes of the top class stay as they are.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from dsv.errors import Corrupt
from dsv.hashing import file_id
from dsv.store.blobs.base import Blobs
from dsv.store.packs import index_file, index_rows
from dsv.store.packs.index import Index
from dsv.store.refs import IndexRef

MAX_ROWS = 1 << 19
"""Objects of one index file: 30 MB, well under the 64 MiB that a reader allows."""

CLASS_MEMBERS = 4
_CLASS_BASE = 256
_FEW = 8192
_SPAN = 1 << 64


def name(index: str) -> str:
    """Return the blob name of an index."""
    return f"index/{index}.arrow"


def store(blobs: Blobs, sources: Sequence[Index], *, data: bool) -> list[IndexRef]:
    """Write one or more indexes that list what all `sources` list, durably.

    Args:
        blobs: Where to.
        sources: Indexes of the same side.
        data: Whether they list data packs.

    Raises:
        Corrupt: A source names a place that no pack has.
        StorageError: They cannot be written.
    """
    refs = []
    for count, parts in merge(sources):
        content = b"".join(parts)
        oid = file_id(content)
        blobs.put(name(oid), content)
        refs.append(IndexRef(oid, count, len(content), data))
    return refs


def merge(sources: Sequence[Index]) -> Iterator[tuple[int, list[bytes]]]:
    """Yield row count and file parts of the indexes that together list what `sources` do.

    They are cut by id into stretches of at most about `MAX_ROWS`, so that a lookup asks one.
    """
    total = sum(source.rows for source in sources)
    stretches = -(-total // MAX_ROWS)
    for number in range(stretches):
        low, high = number * _SPAN // stretches, (number + 1) * _SPAN // stretches
        packs: dict[str, int] = {}
        gathered = bytearray()
        for source in sources:
            gathered += _gather(source, low, high, packs, few=total <= _FEW)
        if gathered:
            ordered = index_rows.sort(gathered)
            del gathered
            yield (
                len(ordered) // index_rows.SIZE,
                index_file.encode(index_rows.columns(ordered), tuple(packs)),
            )


def _gather(source: Index, low: int, high: int, packs: dict[str, int], *, few: bool) -> bytes:
    """Return the packed rows of an index whose ids are within bounds, in its order.

    Args:
        source: The index.
        low: The first 8 bytes of an id as a number: from there on.
        high: The same: to before there; 2^64 for no end.
        packs: The number that each pack gets in the merged index; new ones are added.
        few: Whether to do without numpy.

    Raises:
        Corrupt: A row names a pack that the index does not list.
    """
    first = source.position(low) if low else 0
    last = source.position(high) if high < _SPAN else source.rows
    if first >= last:
        return b""
    if few:
        return b"".join(
            index_rows.ROW.pack(*row[:3], packs.setdefault(source.packs[row.pack], len(packs)), *row[4:])
            for row in source.packed(first, last)
        )
    return _gather_many(source, first, last, packs)


def _gather_many(source: Index, first: int, last: int, packs: dict[str, int]) -> bytes:
    """Like `_gather`, of rows `first` to before `last`, at least one, with numpy.

    Where the index has the packs aa and bb, rows that say [1, 0, 1], and `packs` is {bb: 0}, they
    say [0, 1, 0] then, and `packs` is {bb: 0, aa: 1}.
    """
    import numpy as np

    ordinals = source.numpy("pack")[first:last]
    used = np.unique(ordinals)
    if used[-1] >= len(source.packs):
        raise Corrupt(f"{source.name} names a pack that it does not list")
    new = np.array([packs.setdefault(source.packs[old], len(packs)) for old in used], dtype="<u4")
    table = _table(source, slice(first, last))
    table["pack"] = new[np.searchsorted(used, ordinals)]
    return bytes(table.tobytes())


def pick(source: Index, keep: Any) -> bytes:
    """Return the packed rows of an index that a numpy array of truth values picks.

    Args:
        source: The index.
        keep: Shape (rows of the index,), bool.

    Returns:
        `rows.SIZE` bytes for each row that is picked, in the order of the index; pack numbers stay.
    """
    return bytes(_table(source, keep).tobytes())


def _table(source: Index, which: Any) -> Any:
    """Return some rows of an index as an array of `rows.dtype()`, a copy.

    Args:
        source: The index.
        which: What indexes a numpy array: a slice, truth values or row numbers.
    """
    import numpy as np

    ids = np.frombuffer(source.column("id"), dtype="V32")[which]
    table: Any = np.empty(len(ids), dtype=index_rows.dtype())
    table["bytes"] = ids
    for column in index_file.COLUMNS[1:]:
        table[column.name] = source.numpy(column.name)[which]
    return table


def size_class(count: int) -> int:
    """Return the size class of an index with so many rows."""
    level = 0
    while count > _CLASS_BASE:
        count //= 4
        level += 1
    return level


def compact(
    blobs: Blobs, indexes: Sequence[IndexRef], *, members: int = CLASS_MEMBERS, most: int | None = None
) -> tuple[IndexRef, ...]:
    """Return indexes that list what `indexes` do, with at most `members` a size class.

    Not more than `most` bytes are merged, if it is given; then classes may stay crowded.

    New ones are written durably; the old ones are left to gc. An index that cannot be read, or is not
    what its name says, is kept as it is and is for fsck to name: a merged one would have a sound name.

    Raises:
        StorageError: The new ones cannot be written.
    """
    kept = list(dict.fromkeys(indexes))
    left_alone: set[str] = set()
    left = most
    while (group := _crowded(kept, left_alone, members)) is not None:
        size = sum(ref.size for ref in group)
        if left is not None and size > left:
            left_alone.update(ref.id for ref in group)
            continue
        left = None if left is None else left - size
        sources = []
        for ref in group:
            try:
                sources.append(proved_index(blobs, ref))
            except (Corrupt, FileNotFoundError):
                left_alone.add(ref.id)
        if len(sources) == len(group):
            merged = store(blobs, sources, data=group[0].data)
            kept = [ref for ref in kept if ref not in group] + merged
    return tuple(kept)


def _crowded(indexes: list[IndexRef], leave: set[str], members: int) -> list[IndexRef] | None:
    classes: dict[tuple[bool, int], list[IndexRef]] = {}
    for ref in indexes:
        if ref.id not in leave and ref.rows < MAX_ROWS // 2:
            classes.setdefault((ref.data, size_class(ref.rows)), []).append(ref)
    return next((group for group in classes.values() if len(group) > members), None)


def open_index(blobs: Blobs, ref: IndexRef) -> Index:
    """Return a live index, mapped where that is possible.

    Raises:
        FileNotFoundError: It is not there.
        Corrupt: It is not what refs say.
    """
    data = blobs.view(name(ref.id))
    if len(data) != ref.size:
        raise Corrupt(f"index {ref.id} has {len(data)} bytes instead of {ref.size}")
    index = Index(f"index {ref.id}", data)
    if index.rows != ref.rows:
        raise Corrupt(f"index {ref.id} lists {index.rows} objects instead of {ref.rows}")
    return index


def proved_index(blobs: Blobs, ref: IndexRef) -> Index:
    """Return a live index whose every byte was compared with its id.

    Raises:
        FileNotFoundError: It is not there.
        Corrupt: It is not what refs or its name say.
    """
    index = open_index(blobs, ref)
    if file_id(blobs.view(name(ref.id))) != ref.id:
        raise Corrupt(f"index {ref.id} is not what its name says")
    return index
