"""Reading many objects of a remote: few requests, everything verified, bounded memory."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext, suppress
from typing import NamedTuple

from dsv.ahead import in_order
from dsv.errors import Corrupt
from dsv.hashing import Buffer, Kind, object_id
from dsv.ids import ObjectId
from dsv.store.objects import Objects
from dsv.store.packs import pack
from dsv.store.packs.index import Located

GAP = 256 << 10
"""Bytes that nobody asked for and that are read to spare a request."""

RANGE = 8 << 20
"""Bytes of one request at most, except for an object that has more."""

_WORKERS = 8
_AHEAD = 12
_LARGE = 8 << 20

Take = Callable[[bytes, Located, Buffer, Buffer], None]
"""Called with each object: its id, where it is, its stored bytes, its decoded bytes."""


class ObjectWanted(NamedTuple):
    """An object to be read.

    Attributes:
        key: Its id, 32 bytes.
        place: Where it is.
    """

    key: bytes
    place: Located


def receive(there: Objects, wanted: Iterable[ObjectWanted], take: Take) -> None:
    """Read objects and hand each to `take`, from several threads, in no order.

    Each has been found to match its checksum and its length, and its id except where that is a key (`Kind.is_keyed`).

    Raises:
        FileNotFoundError: A pack is not there any more.
        Corrupt: No copy of one of them is sound.
        StorageError: The remote cannot be read.
    """
    large = threading.Lock()

    def read(group: list[ObjectWanted]) -> None:
        first = group[0].place
        end = max(one.place.offset + one.place.stored for one in group)
        try:
            data = memoryview(there.blobs.read(pack.name(first.pack), first.offset, end - first.offset))
        except Corrupt as error:
            for one in group:
                use_other_copy(one, error)
            return
        for one in group:
            start = one.place.offset - first.offset
            try:
                use(one, data[start : start + one.place.stored])
            except Corrupt as error:
                use_other_copy(one, error)

    def use(one: ObjectWanted, stored: Buffer) -> None:
        # A few bytes may claim to be many: of such objects there is one in memory at a time.
        with large if one.place.raw > _LARGE else nullcontext():
            take(one.key, one.place, stored, verified(one, stored))

    def use_other_copy(one: ObjectWanted, error: Corrupt) -> None:
        # At once, not at the end: else a remote full of damage would fill the memory with failures.
        for other, stored in _other_copies(there, one):
            with suppress(Corrupt):
                use(other, stored)
                return
        raise error

    for _ in in_order(read, ranges(wanted), threads=_WORKERS, under_way=_AHEAD, name="dsv-receive"):
        pass


def verified(wanted: ObjectWanted, stored: Buffer) -> Buffer:
    """Return the decoded bytes of an object.

    Raises:
        Corrupt: They are not what index and id say.
    """
    oid = ObjectId(wanted.key.hex())
    raw = Objects.decode(oid, wanted.place, bytes(stored) if isinstance(stored, bytearray) else stored)
    try:
        kind = Kind(wanted.place.kind)
    except ValueError:
        raise Corrupt(f"object {oid} has the unknown kind {wanted.place.kind}") from None
    if not kind.is_keyed and object_id(kind, raw) != oid:
        raise Corrupt(f"{kind.name.lower()} {oid} is not what its id says")
    return raw


def ranges(wanted: Iterable[ObjectWanted]) -> Iterator[list[ObjectWanted]]:
    """Yield groups of objects that are read with one request, in the order of packs and offsets."""
    group: list[ObjectWanted] = []
    start = end = 0
    for one in sorted(wanted, key=_where):
        place = one.place
        after = place.offset + place.stored
        apart = not group or place.pack != group[0].place.pack or place.offset > end + GAP
        if apart or after - start > RANGE:
            if group:
                yield group
            group, start, end = [], place.offset, after
        group.append(one)
        end = max(end, after)
    if group:
        yield group


def batches(
    wanted: list[ObjectWanted], limit: int, size: Callable[[Located], int]
) -> Iterator[list[ObjectWanted]]:
    """Yield `wanted` in the order of packs, about `limit` bytes at a time."""
    batch: list[ObjectWanted] = []
    total = 0
    for one in sorted(wanted, key=_where):
        batch.append(one)
        total += size(one.place)
        if total >= limit:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


def _where(wanted: ObjectWanted) -> tuple[str, int]:
    return wanted.place.pack, wanted.place.offset


def _other_copies(there: Objects, one: ObjectWanted) -> Iterator[tuple[ObjectWanted, Buffer]]:
    """Yield where else an object is, with the bytes that are stored there."""
    for index in there.indexes(data=one.place.kind < Kind.COMMIT):
        for place in index.places(one.key):
            if place != one.place and place.kind == one.place.kind:
                with suppress(Corrupt, FileNotFoundError):
                    yield (
                        ObjectWanted(one.key, place),
                        there.blobs.read(pack.name(place.pack), place.offset, place.stored),
                    )
