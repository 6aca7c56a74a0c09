"""The one door out: the bytes of a file, however the store holds them."""

import os
import threading
from array import array
from bisect import bisect_right
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from dsv.ahead import in_order
from dsv.errors import Corrupt, Missing
from dsv.hashing import Buffer, Kind, derived_hasher, file_hasher, file_id
from dsv.ids import ObjectId
from dsv.store import holdings
from dsv.store.holdings import HOLDINGS, Composition
from dsv.store.objects import Objects
from dsv.store.packs import pack
from dsv.store.packs.index import Located

MAX_DEPTH = 16
"""Recipes of recipes, or what else is composed; four levels are enough for any file that fits on a disk."""

_LOAD = 4 << 20
_LOAD_PARTS = 256
_THREADED = 8 << 20
_AHEAD = 4  # loads
_WORKERS = min(4, os.cpu_count() or 1)
_CACHE = 32 << 20
_BROUGHT = 1 << 20
"""Bytes that come with one request for a part of a file, if no more are wanted: what follows is wanted next."""

_FINGERPRINT = "dsv 2026-11 content range v1"


class _Segment(NamedTuple):
    id: ObjectId
    size: int
    place: Located


class Contents:
    """Reads files from a store.

    Args:
        objects: The store's objects.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def has(self, oid: ObjectId) -> bool:
        """Whether the store holds the file `oid`, as far as its own entry tells."""
        return self._objects.listed(bytes.fromhex(oid), data=True) is not None

    def size(self, oid: ObjectId) -> int:
        """Return how many bytes the file `oid` has.

        Raises:
            Missing: The store does not hold it.
            Corrupt: Its recipe is damaged.
        """
        place = self._find(oid, oid)
        return place.raw if holdings.is_plain(place.kind) else self._composition(oid, oid, place).size

    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of a file that fits in memory.

        Raises:
            Missing: The store does not hold all of it.
            Corrupt: It is damaged.
        """
        return b"".join(self.stream(oid))

    def stream(self, oid: ObjectId) -> Iterator[Buffer]:
        """Yield the bytes of a file in order.

        What is yielded is proved only when the iterator has come to its end: a caller that
        writes it to a place where others see it waits for that.

        Raises:
            Missing: The store does not hold all of it.
            Corrupt: It is damaged, or it is not the file that its id names.
        """
        place = self._find(oid, oid)
        if holdings.is_plain(place.kind):
            data = self._objects.get(oid, Kind.SEGMENT)
            if file_id(data) != oid:
                raise Corrupt(f"file {oid} is not what its id says")
            yield data
            return
        whole = self._composition(oid, oid, place)
        loads = _loads(self._segments(oid, whole, 0))
        if whole.size < _THREADED:
            found = yield from _hashed(map(self._read_load, loads))
        else:
            found = yield from _hashed_beside(
                in_order(self._read_load, loads, threads=_WORKERS, under_way=_AHEAD, name="dsv-read")
            )
        if found != oid:
            raise Corrupt(
                f"file {oid} is not what its id says: its {holdings.word(place.kind)} makes other bytes"
            )

    def open(self, oid: ObjectId, name: str) -> "ContentSource":
        """Return the file `oid` for reading at any place; `name` helps to tell its format.

        Raises:
            Missing: The store does not hold all of it.
            Corrupt: Its recipe is damaged.
        """
        return ContentSource(self._objects, name, self.segments(oid))

    def peek(self, oid: ObjectId, name: str) -> "ContentSource":
        """Like `open`, to look at a part: of a file that is not here only what is read is brought.

        Each segment is what its id says, but that these segments make the file is then the word of the
        remote, as only the whole file proves it. So it is for showing, and nothing is to be derived from it.

        Raises:
            Missing: It is nowhere.
            Corrupt: Its recipe is damaged.
            StorageError: The remote cannot be read.
        """
        supply = self._objects.supply
        layout = None if supply is None or self.has(oid) else supply.layout(oid)
        if layout is None:
            return self.open(oid, name)
        return ContentSource(self._objects, name, iter(layout))

    def segments(self, oid: ObjectId) -> Iterator[tuple[ObjectId, int]]:
        """Yield id and size of each segment of a file in order, as its recipe has them.

        Raises:
            Missing: The store does not hold one of them.
            Corrupt: Its recipe is damaged.
        """
        place = self._find(oid, oid)
        if holdings.is_plain(place.kind):
            yield oid, place.raw
            return
        for segment in self._segments(oid, self._composition(oid, oid, place), 0):
            yield segment.id, segment.size

    def members(self, oid: ObjectId) -> Iterator[ObjectId]:
        """Yield the id of every object that the file `oid` is held by, once for each mention.

        Raises:
            Missing: The store does not hold one of the recipes.
            Corrupt: A recipe is damaged.
        """
        waiting = [(oid, 0)]
        while waiting:
            part, depth = waiting.pop()
            yield part
            place = self._objects.listed(bytes.fromhex(part), data=True)
            if place is not None and holdings.is_composed(place.kind):
                if depth > MAX_DEPTH:
                    raise Corrupt(f"{holdings.describe(place.kind, oid)} nests without end")
                waiting += [(child.id, depth + 1) for child in self._composition(oid, part, place).children]

    def _find(self, oid: ObjectId, part: ObjectId) -> Located:
        place = self._objects.listed(bytes.fromhex(part), data=True) or self._objects.find_hidden(part)
        place = place or self._objects.seek(part)
        if place is None and self._objects.supply is not None:
            self._objects.supply.bring([oid, part])
            place = self._objects.listed(bytes.fromhex(part), data=True)
        if place is None:
            what = f"file {oid}" if part == oid else f"segment {part} of file {oid}"
            raise Missing(f"{what} is not in the store")
        if place.kind not in HOLDINGS:
            raise Corrupt(f"object {part} is no part of a file")
        return place

    def _composition(self, oid: ObjectId, part: ObjectId, place: Located) -> Composition:
        return holdings.compose(place.kind, self._objects.get(part, Kind(place.kind)), oid, part)

    def _segments(self, oid: ObjectId, whole: Composition, depth: int) -> Iterator[_Segment]:
        what = holdings.describe(whole.kind, oid)
        if depth > MAX_DEPTH:
            raise Corrupt(f"{what} nests without end")
        for part, size in whole.parts:
            place = self._find(oid, part)
            if holdings.is_plain(place.kind):
                if place.raw != size:
                    raise Corrupt(f"{what} lies: segment {part} has {place.raw} bytes, not {size}")
                yield _Segment(part, size, place)
                continue
            inner = self._composition(oid, part, place)
            if inner.size != size:
                raise Corrupt(f"{what} lies: part {part} has {inner.size} bytes, not {size}")
            yield from self._segments(oid, inner, depth + 1)

    def _read_load(self, load: list[_Segment]) -> list[Buffer]:
        return [piece for run in _runs(load) for piece in self._read_run(run)]

    def _read_run(self, run: list[_Segment]) -> list[Buffer]:
        first, last = run[0].place, run[-1].place
        length = last.offset + last.stored - first.offset
        try:
            stored = memoryview(self._objects.blobs.read(pack.name(first.pack), first.offset, length))
        except (Corrupt, FileNotFoundError):
            return [self._objects.get(segment.id, Kind.SEGMENT) for segment in run]
        return [self._decode(segment, stored, first.offset) for segment in run]

    def _decode(self, segment: _Segment, stored: memoryview, start: int) -> Buffer:
        place = segment.place
        at = place.offset - start
        try:
            return self._objects.decode(segment.id, place, stored[at : at + place.stored])
        except Corrupt:
            return self._objects.get(segment.id, Kind.SEGMENT)  # perhaps another copy is sound


def _hashed(loads: Iterator[list[Buffer]]) -> Generator[Buffer, None, str]:
    """Yield the pieces of `loads`; return the file id of them all."""
    hasher = file_hasher()
    for load in loads:
        for piece in load:
            hasher.update(piece)
            yield piece
    return hasher.hexdigest()


def _hashed_beside(loads: Iterator[list[Buffer]]) -> Generator[Buffer, None, str]:
    """Like `_hashed`; a load is hashed on a thread of its own while the caller writes it."""
    hasher = file_hasher()

    def update(load: list[Buffer]) -> None:
        for piece in load:
            hasher.update(piece)

    with ThreadPoolExecutor(1, thread_name_prefix="dsv-hash") as pool:
        for load in loads:
            hashing = pool.submit(update, load)
            yield from load
            hashing.result()
    return hasher.hexdigest()


def _loads(segments: Iterator[_Segment]) -> Iterator[list[_Segment]]:
    """Yield the segments in lots that are worth handing to another thread, wherever they lie."""
    load: list[_Segment] = []
    size = 0
    for segment in segments:
        if load and (size + segment.size > _LOAD or len(load) >= _LOAD_PARTS):
            yield load
            load, size = [], 0
        load.append(segment)
        size += segment.size
    if load:
        yield load


def _runs(load: list[_Segment]) -> Iterator[list[_Segment]]:
    """Yield the runs of a load that lie one after the other in one pack."""
    run = load[:1]
    for segment in load[1:]:
        place, last = segment.place, run[-1].place
        if place.pack != last.pack or place.offset != last.offset + last.stored:
            yield run
            run = []
        run.append(segment)
    yield run


class ContentSource:
    """A file in the store with random access; see `dsv.tables.formats.byte_source.ByteSource`.

    Each segment is verified to be what its id says when it is read.

    Attributes:
        name: The file's name.
        size: Bytes.
    """

    def __init__(self, objects: Objects, name: str, segments: Iterator[tuple[ObjectId, int]]) -> None:
        self._objects = objects
        # Of segment i: 32 bytes of `_ids` from 32 * i on, and the byte of the file that it starts at.
        # A file of two segments, of 5 and 3 bytes, has the starts [0, 5] and the size 8.
        self._ids = bytearray()
        self._starts = array("Q")
        self._cache: dict[int, bytes] = {}
        self._cached = 0
        self._lock = threading.Lock()
        self.name = name
        self.size = 0
        for oid, size in segments:
            self._ids += bytes.fromhex(oid)
            self._starts.append(self.size)
            self.size += size

    def read_at(self, offset: int, length: int) -> Buffer:
        """Return exactly `length` bytes from `offset`; safe to call from many threads.

        Raises:
            EOFError: The bytes end before that.
            Missing: The store does not hold the segment.
            Corrupt: The segment is damaged.
        """
        ranges = list(self._ranges(offset, length))
        self._bring([number for number, _, _ in ranges])
        pieces = [self._segment(number)[start:stop] for number, start, stop in ranges]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def fingerprint(self, offset: int, length: int) -> str:
        """Return a text that is equal for equal ranges of equal segments."""
        hasher = derived_hasher(_FINGERPRINT)
        for number, start, stop in self._ranges(offset, length):
            hasher.update(self._ids[32 * number : 32 * number + 32])
            hasher.update(b"%d:%d;" % (start, stop))
        return "s:" + hasher.hexdigest()

    def _ranges(self, offset: int, length: int) -> Iterator[tuple[int, int, int]]:
        """Yield segment number, start and stop in it, for each segment that a range touches.

        In a file of two segments of 5 and 3 bytes, 4 bytes from byte 3 on are (0, 3, 5) and (1, 0, 2).

        Raises:
            EOFError: The bytes end before that.
        """
        end = offset + length
        if offset < 0 or length < 0 or end > self.size:
            raise EOFError(f"{self.name} has {self.size} bytes, not {end}")
        number = bisect_right(self._starts, offset) - 1
        while offset < end:
            first = self._starts[number]
            stop = min(end, self._after(number))
            yield number, offset - first, stop - first
            offset = stop
            number += 1

    def _after(self, number: int) -> int:
        """Return where a segment ends."""
        return self._starts[number + 1] if number + 1 < len(self._starts) else self.size

    def _bring(self, numbers: list[int]) -> None:
        """Have the store get at once those of the segments that it lacks."""
        supply = self._objects.supply
        if supply is None:
            return
        lacking = [number for number in numbers if self._lacks(number)]
        if not lacking:
            return
        after, last = lacking[-1] + 1, len(self._starts)
        while after < last and self._after(after) - self._starts[lacking[0]] <= _BROUGHT:
            if self._lacks(after):
                lacking.append(after)
            after += 1
        supply.bring(ObjectId(self._key(number).hex()) for number in lacking)

    def _lacks(self, number: int) -> bool:
        return number not in self._cache and self._objects.listed(self._key(number), data=True) is None

    def _key(self, number: int) -> bytes:
        return bytes(self._ids[32 * number : 32 * number + 32])

    def _segment(self, number: int) -> bytes:
        with self._lock:
            cached = self._cache.pop(number, None)
            if cached is not None:
                self._cache[number] = cached  # now the last to go
                return cached
        oid = ObjectId(self._key(number).hex())
        data = self._objects.get(oid, Kind.SEGMENT)
        if file_id(data) != oid:
            raise Corrupt(f"segment {oid} is not what its id says")
        start = self._starts[number]
        if len(data) != self._after(number) - start:
            raise Corrupt(f"segment {oid} has {len(data)} bytes, not {self._after(number) - start}")
        with self._lock:
            if number not in self._cache:
                self._cache[number] = data
                self._cached += len(data)
            while self._cached > _CACHE and len(self._cache) > 1:
                self._cached -= len(self._cache.pop(next(iter(self._cache))))
        return data
