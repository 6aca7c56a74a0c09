"""Garbage collection: what nothing reaches is first left out of refs, and deleted much later.

    1. mark      the caller walks what its roots reach and tells `Marks`
    2. collect   copies what lives in packs that are mostly dead, and writes indexes that omit
                 these and the dead ones; gives refs that list those and condemn the packs
    3.           the caller swaps refs; if they moved meanwhile it starts again
    4. sweep     (`dsv.store.upkeep.delete`) deletes what refs that were just read have condemned before the grace

A reader that still has the old refs finds its packs until the grace is over, and a
writer that relied on a condemned object sees that refs moved before it publishes.
"""

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from dsv.errors import Corrupt
from dsv.hashing import checksum
from dsv.ids import ObjectId
from dsv.store.blobs.base import Blobs
from dsv.store.objects import Objects, read_footer
from dsv.store.packs import index_file, index_merge, index_rows
from dsv.store.packs import pack as packs
from dsv.store.packs.index import Index
from dsv.store.refs import IndexRef, Refs
from dsv.store.writer import Writer

GRACE = 24 * 3600
"""Seconds between condemning a pack and deleting it."""

SPARSE = 0.5
"""A pack with more than this part dead is written again."""

_NONE: Mapping[str, Index] = MappingProxyType({})
_BATCH = 1 << 16
_FEW = 64
_OVERHEAD = 4096  # header, trailer and the fixed part of a footer


class Marks:
    """Which objects of a store are reachable: one byte for each row of its indexes.

    Args:
        objects: The store's objects.
        refs: The refs whose indexes are meant.
        spare: Footers of packs that no index lists, by pack: whether one is needed all the same.

    Attributes:
        indexes: The live indexes, by their ref.
        live: For each of them which rows are marked: a numpy array of bool, shape (rows,). Others
            change them too (`dsv.remotes.outgoing.strike`).

    Raises:
        Corrupt: An index is damaged, so that nobody knows what is garbage.
    """

    def __init__(self, objects: Objects, refs: Refs, spare: Mapping[str, Index] = _NONE) -> None:
        import numpy as np

        self.refs = refs
        self.objects = objects
        self.indexes = open_all(objects.blobs, refs)
        self.live: dict[IndexRef, Any] = {
            ref: np.zeros(index.rows, np.bool_) for ref, index in self.indexes.items()
        }
        self._spare = [(pack, index, np.zeros(index.rows, np.bool_)) for pack, index in spare.items()]

    def mark(self, ids: Iterable[ObjectId]) -> list[ObjectId]:
        """Mark objects with all their copies; return those that were not marked before.

        Ids that the store does not hold are left out: what is absent has no row. Quickest
        with some thousands at a time.
        """
        new: list[ObjectId] = []
        batch: list[ObjectId] = []
        for oid in dict.fromkeys(ids):
            batch.append(oid)
            if len(batch) == _BATCH:
                new += self._mark(batch)
                batch = []
        return new + self._mark(batch) if batch else new

    def _mark(self, ids: list[ObjectId]) -> list[ObjectId]:
        if len(ids) < _FEW:
            return [oid for oid in ids if self._mark_one(bytes.fromhex(oid))]
        return self._mark_many(ids)

    def _mark_one(self, key: bytes) -> bool:
        """Mark an id of 32 bytes; return whether the store holds it, unmarked until now."""
        present = known = False
        for ref, index in self.indexes.items():
            row = index.find(key)
            live = self.live[ref]
            while 0 <= row < index.rows and index.id_at(row) == key:
                present, known = True, known or bool(live[row])
                live[row] = True
                row += 1
        for _, index, wanted in self._spare:
            row = index.find(key)
            if row >= 0:
                wanted[row] = True
        return present and not known

    def _mark_many(self, ids: list[ObjectId]) -> list[ObjectId]:
        """Mark a batch of different ids; return those that the store holds, unmarked until now."""
        import numpy as np

        # For each of `ids`: whether an index lists it, and whether a row of it was marked before.
        fresh = np.zeros(len(ids), np.bool_)
        known = np.zeros(len(ids), np.bool_)
        keys = bytes.fromhex("".join(ids))
        for ref, index in self.indexes.items():
            live = self.live[ref]
            asked, found = index.find_many(keys)
            known[asked[live[found]]] = True
            fresh[asked] = True
            live[found] = True
        for _, index, wanted in self._spare:
            wanted[index.find_many(keys)[1]] = True
        fresh &= ~known
        return [ids[number] for number in np.flatnonzero(fresh)]

    def hidden(self, present: Collection[str]) -> tuple[str, ...]:
        """Return the spare packs that hold something reachable which is listed in no pack that is `present`."""
        import numpy as np

        return tuple(
            pack
            for pack, footer, wanted in self._spare
            if not all(self._is_listed(footer.id_at(row), present) for row in np.flatnonzero(wanted).tolist())
        )

    def _is_listed(self, key: bytes, present: Collection[str]) -> bool:
        return any(place.pack in present for index in self.indexes.values() for place in index.places(key))

    @property
    def count(self) -> int:
        """How many rows are marked."""
        return sum(int(live.sum()) for live in self.live.values())


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection would do, or did up to the swap of refs.

    Attributes:
        indexes: The live indexes after it.
        condemned: The packs that refs condemn after it, with times.
        dead: Packs in which nothing lives.
        sparse: Packs that are mostly dead; what lives in them has been copied.
        freed: Bytes that go when the grace is over.
        copied: Bytes that were, or would be, copied.
    """

    indexes: tuple[IndexRef, ...]
    condemned: dict[str, int]
    dead: tuple[str, ...]
    sparse: tuple[str, ...]
    freed: int
    copied: int

    def apply(self, refs: Refs) -> Refs:
        """Return the refs that `Marks` was made for, after the collection."""
        return replace(refs, indexes=self.indexes, condemned=self.condemned, epoch=refs.epoch + 1)


def collect(marks: Marks, now: int, *, dry_run: bool = False) -> Collected | None:
    """Write what is left when all that is not marked is gone; None if nothing would go.

    Nothing is deleted, and nothing changes for anybody until the refs are swapped.

    Args:
        marks: What is reachable.
        now: Seconds since 1970.
        dry_run: Only count.

    Raises:
        Corrupt: An index says something else of a pack that would go than the pack itself does, or a pack
            that no index lists is needed.
        StorageError: The new packs and indexes cannot be written.
    """
    sizes: dict[str, int] = {
        pack: blob.size for blob in marks.objects.blobs.list("packs/") if (pack := packs.id_of(blob.name))
    }
    hidden = marks.hidden(sizes)
    if hidden:
        what = f"pack {hidden[0]} holds what is needed, and no index lists it"
        raise Corrupt(what, hint="dsv fsck --repair")
    used = _usage(marks)
    going = _judge(marks.objects.blobs, used, sizes)
    dead, sparse = ([pack for pack in some if _is_as_listed(marks, pack, sizes[pack])] for some in going)
    if not dead and not sparse:
        return None
    freed = sum(sizes.get(pack, 0) for pack in (*dead, *sparse))
    copied = sum(used[pack][0] for pack in sparse)
    indexes = tuple(marks.indexes)
    if not dry_run:
        sparse, relocated = _relocate(marks, sparse)
        indexes = leave_out(marks.objects.blobs, marks.indexes, {*dead, *sparse}) + relocated
    condemned = dict(marks.refs.condemned) | dict.fromkeys((*dead, *sparse), now)
    return Collected(indexes, condemned, tuple(dead), tuple(sparse), freed, copied)


def _usage(marks: Marks) -> dict[str, tuple[int, int]]:
    """Return stored bytes and rows that live, for each pack that an index lists.

    Raises:
        Corrupt: A row names a pack that its index does not list.
    """
    import numpy as np

    used: dict[str, tuple[int, int]] = {}
    for ref, index in marks.indexes.items():
        ordinals, live = index.numpy("pack"), marks.live[ref]
        sizes = np.where(live, index.numpy("stored"), 0)
        # By number of the pack in this index: bytes that live (float64, exact below 2^53), and rows that do.
        total = np.bincount(ordinals, weights=sizes, minlength=len(index.packs))
        count = np.bincount(ordinals[live], minlength=len(index.packs))
        if len(total) > len(index.packs):
            raise Corrupt(f"{index.name} names a pack that it does not list")
        for pack, stored, number in zip(index.packs, total, count, strict=True):
            before = used.get(pack, (0, 0))
            used[pack] = before[0] + int(stored), before[1] + int(number)
    return used


def _is_there(blobs: Blobs, pack: str) -> bool:
    """Whether a pack is there that was not listed: a listing may lag behind."""
    try:
        packs.check_header(pack, blobs.read(packs.name(pack), 0, packs.HEADER.size))
    except (Corrupt, FileNotFoundError):
        return False
    return True


def _judge(
    blobs: Blobs, used: dict[str, tuple[int, int]], sizes: dict[str, int]
) -> tuple[list[str], list[str]]:
    dead, sparse = [], []
    for pack, (stored, count) in used.items():
        size = sizes.get(pack)
        if size is None:
            if count and not _is_there(blobs, pack):
                raise Corrupt(f"pack {pack} is missing, and holds what is needed", hint="dsv fsck --repair")
            continue
        if not count:
            dead.append(pack)
        elif stored + count * index_rows.SIZE + _OVERHEAD < size * (1 - SPARSE):
            sparse.append(pack)
    return dead, sparse


def _is_as_listed(marks: Marks, pack: str, size: int) -> bool:
    """Whether a pack holds what the indexes say; False if its own footer is damaged, so that nobody knows.

    Raises:
        Corrupt: It does not.
    """
    try:
        footer = read_footer(marks.objects.blobs, pack, size)
    except (Corrupt, FileNotFoundError):
        return False
    held = {footer.id_at(row) for row in range(footer.rows)}
    listed = {index.id_at(row) for index, row in _rows_of(marks, pack)}
    if held != listed:
        raise Corrupt(f"an index and the footer of pack {pack} disagree", hint="dsv fsck --repair")
    return True


def _rows_of(marks: Marks, pack: str, *, live: bool = False) -> Iterator[tuple[Index, int]]:
    """Yield the rows that list a pack, as index and row number; only those that are marked, if `live`."""
    import numpy as np

    for ref, index in marks.indexes.items():
        if pack in index.packs:
            here = index.numpy("pack") == index.packs.index(pack)
            yield from (
                (index, row) for row in np.flatnonzero(here & marks.live[ref] if live else here).tolist()
            )


def _relocate(marks: Marks, sparse: list[str]) -> tuple[list[str], tuple[IndexRef, ...]]:
    """Copy what lives in `sparse` packs; return those that were copied and the new indexes."""
    with Writer(marks.objects) as writer:
        moved = [pack for pack in sparse if _copy_live(marks, pack, writer)]
        return moved, writer.seal().indexes


def _copy_live(marks: Marks, pack: str, writer: Writer) -> bool:
    """Copy what lives in a pack; False, with nothing copied, if any of it is damaged."""
    blobs = marks.objects.blobs
    found = [(index.id_at(row), index.at(row)) for index, row in _rows_of(marks, pack, live=True)]
    try:
        content = blobs.view(packs.name(pack))
    except FileNotFoundError:
        return False
    for _, place in found:
        if checksum(content[place.offset : place.offset + place.stored]) != place.checksum:
            return False  # what is corrupt is never deleted
    for key, place in found:
        writer.relocate(key, place, content[place.offset : place.offset + place.stored])
    return True


def leave_out(blobs: Blobs, indexes: Mapping[IndexRef, Index], gone: Collection[str]) -> tuple[IndexRef, ...]:
    """Return indexes without the packs that are `gone`; those that had none stay as they are.

    Raises:
        StorageError: The new ones cannot be written.
    """
    import numpy as np

    kept: list[IndexRef] = []
    changed: dict[bool, list[Index]] = {True: [], False: []}
    for ref, index in indexes.items():
        lost = [number for number, pack in enumerate(index.packs) if pack in gone]
        if not lost:
            kept.append(ref)
            continue
        keep = np.isin(index.numpy("pack"), lost, invert=True)  # shape (rows,), bool
        if keep.any():
            packed = index_merge.pick(index, keep)
            content = b"".join(index_file.encode(index_rows.columns(packed), index.packs))
            changed[ref.data].append(Index(index.name, content))
    made = [ref for data, sources in changed.items() for ref in index_merge.store(blobs, sources, data=data)]
    return tuple(kept + made)


def unlisted(blobs: Blobs, refs: Refs, foreign: Collection[str] = ()) -> dict[str, Index]:
    """Return the footers of the packs that no live index lists, as far as they can be read.

    Args:
        blobs: The store.
        refs: Its refs.
        foreign: Packs of other workspaces, which are left out.

    Raises:
        Corrupt: An index is damaged or missing.
    """
    listed = {pack for index in open_all(blobs, refs).values() for pack in index.packs}
    found: dict[str, Index] = {}
    for blob in blobs.list("packs/"):
        pack = packs.id_of(blob.name)
        if pack is not None and pack not in listed and pack not in foreign:
            with contextlib.suppress(Corrupt, FileNotFoundError):
                found[pack] = read_footer(blobs, pack, blob.size)
    return found


def open_all(blobs: Blobs, refs: Refs) -> dict[IndexRef, Index]:
    """Return every live index; each was compared with its id.

    Raises:
        Corrupt: One is damaged or missing.
    """
    found = {}
    for ref in refs.indexes:
        try:
            found[ref] = index_merge.proved_index(blobs, ref)
        except FileNotFoundError:
            raise Corrupt(f"index {ref.id} is missing", hint="dsv fsck") from None
    return found
