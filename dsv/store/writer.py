"""Writing objects: into packs, then indexes; what names them in refs comes after."""

import contextlib
import mmap
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from dsv import atomic
from dsv.hashing import Buffer, Kind, checksum, object_id
from dsv.ids import ObjectId
from dsv.store import holdings
from dsv.store.blobs.base import Blobs
from dsv.store.objects import Objects
from dsv.store.packs import codec, index_file, index_merge, index_rows
from dsv.store.packs import pack as packs
from dsv.store.packs.index import Index, Located
from dsv.store.packs.pack import PLAIN, Pack, PackWriter
from dsv.store.refs import IndexRef

PACK_ROWS = 1 << 17
"""Objects of one pack at most; it bounds what is remembered of an open one."""

RUN_ROWS = 1 << 18
_BLOOM_BITS = 27
_MASK = (1 << _BLOOM_BITS) - 1


class PackRef(NamedTuple):
    """A pack that was written.

    Attributes:
        id: BLAKE3 of its bytes.
        size: Bytes.
        data: Whether it holds data.
    """

    id: ObjectId
    size: int
    data: bool


class Sealed(NamedTuple):
    """What a writer has put into the store; durable, but in the store only when refs name it.

    Attributes:
        indexes: List what was written; to be added to those in refs.
        packs: What was written.
    """

    indexes: tuple[IndexRef, ...]
    packs: tuple[PackRef, ...]


class _Runs:
    """Sorted runs of rows that were put aside, so that memory does not grow with the work.

    A Bloom filter in front (two bits of the id itself, which is a hash) spares the search
    for nearly all that is new.
    """

    def __init__(self) -> None:
        self.indexes: list[Index] = []
        self._bloom = bytearray()

    def add(self, index: Index) -> None:
        """Take a run in: `words` are the first 8 bytes of its ids, of which the halves each name a bit."""
        import numpy as np

        self._bloom = self._bloom or bytearray(1 << _BLOOM_BITS >> 3)
        bloom = np.frombuffer(self._bloom, dtype=np.uint8)
        words = index.numpy("id")[:, 0].astype(np.uint64)
        for bits in (words & np.uint64(_MASK), words >> np.uint64(32) & np.uint64(_MASK)):
            np.bitwise_or.at(
                bloom, bits >> np.uint64(3), np.uint8(1) << (bits & np.uint64(7)).astype(np.uint8)
            )
        self.indexes.append(index)

    def __contains__(self, key: bytes) -> bool:
        bloom = self._bloom
        if not bloom:
            return False
        first, second = _bits(key)
        if not bloom[first >> 3] >> (first & 7) & 1 or not bloom[second >> 3] >> (second & 7) & 1:
            return False
        return any(index.find(key) >= 0 for index in self.indexes)


def _bits(key: bytes) -> tuple[int, int]:
    number = int.from_bytes(key[:8])
    return number & _MASK, number >> 32 & _MASK


class _Side:
    """The packs of data or of meta objects that are being written."""

    def __init__(self, *, data: bool) -> None:
        self.data = data
        self.open: PackWriter | None = None
        self.rows = bytearray()
        self.packs: list[str] = []
        self.runs = _Runs()


class Writer:
    """Adds objects to a store; use it in a `with` block and `seal` it at the end.

    `add` may be called from many threads. If the block is left without `seal`, nothing is
    in the store; what was written is garbage for gc.

    Args:
        objects: What the store holds already.
        workers: How many packs are synced, or sent, at once; twice as many wait at most.
        pack_rows: Objects of one pack at most.
        run_rows: After how many objects what is remembered of them is put aside, in sorted runs.

    Attributes:
        objects: As given.
        relied: The packs in which objects were found present. If gc condemned one of them
            before refs are replaced, what was written is not complete.
    """

    def __init__(
        self, objects: Objects, *, workers: int = 2, pack_rows: int = PACK_ROWS, run_rows: int = RUN_ROWS
    ) -> None:
        self.objects = objects
        self._pack_rows = pack_rows
        self._run_rows = run_rows
        self._workers = workers
        self.relied: set[str] = set()
        self._blobs: Blobs = objects.blobs
        self._folder: Path | None = None
        self._lock = threading.Lock()
        self._added: set[bytes] = set()
        self._sides = (_Side(data=True), _Side(data=False))
        self._written: list[PackRef] = []
        self._landing: list[tuple[Future[None], Path]] = []
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was not sealed."""
        for side in self._sides:
            if side.open is not None:
                side.open.discard()
                side.open = None
        self._stop()

    def holds(self, oid: ObjectId, *, data: bool) -> bool:
        """Whether an object is in the store or was added before; a pack that has it is relied on."""
        return self._holds(bytes.fromhex(oid), data=data)

    def _holds(self, key: bytes, *, data: bool) -> bool:
        if key in self._added or key in self._sides[0 if data else 1].runs:
            return True
        place = self.objects.listed(key, data=data)
        if place is None:
            return False
        self.relied.add(place.pack)
        return True

    def add(
        self, kind: Kind, oid: ObjectId, data: Buffer, *, compress: bool | None = None, again: bool = False
    ) -> bool:
        """Add an object unless it is there already.

        Args:
            kind: What it is.
            oid: Its id; the caller has computed it.
            data: Its bytes.
            compress: Whether to try to compress it; by default all but segments.
            again: Add it even if the store lists it: what it has is damaged.

        Returns:
            Whether it was new.

        Raises:
            Refused: It is larger than any pack.
            StorageError: It cannot be written.
        """
        key = bytes.fromhex(oid)
        of_data = kind < Kind.COMMIT
        if not again and self._holds(key, data=of_data):
            return False
        how, stored = PLAIN, data
        if compress or (compress is None and not holdings.is_plain(kind)):
            how, stored = codec.compress(data)
        check = checksum(stored)
        with self._lock:
            if key in self._added:
                return False
            self._put(key, kind, how, stored, len(data), check)
        return True

    def put(self, kind: Kind, data: bytes) -> ObjectId:
        """Add a record, given its canonical encoding, and return its id."""
        oid = object_id(kind, data)
        self.add(kind, oid, data)
        return oid

    def relocate(self, key: bytes, place: Located, stored: Buffer) -> None:
        """Add another copy of an object as it is stored, though the store holds it: gc moves it.

        Raises:
            StorageError: It cannot be written.
        """
        with self._lock:
            if key not in self._added:
                self._put(key, place.kind, place.codec, stored, place.raw, place.checksum)

    def _put(self, key: bytes, kind: int, how: int, stored: Buffer, raw: int, check: int) -> None:
        side = self._sides[0 if kind < Kind.COMMIT else 1]
        pack = side.open
        if pack is None or not pack.fits(len(stored)) or pack.count >= self._pack_rows:
            pack = self._next_pack(side)
        pack.append(key, kind, how, stored, raw, check)
        self._added.add(key)

    def _next_pack(self, side: _Side) -> PackWriter:
        if side.open is not None:
            self._finish(side)
        if self._folder is None:
            self._folder = self._blobs.scratch()
        side.open = PackWriter(self._folder, data=side.data)
        return side.open

    def _finish(self, side: _Side) -> None:
        writer, side.open = side.open, None
        assert writer is not None
        try:
            pack = writer.finish()
        except BaseException:
            writer.discard()
            raise
        self._written.append(PackRef(pack.id, pack.size, side.data))
        side.rows += index_rows.move_to_pack(pack.rows, len(side.packs))
        side.packs.append(pack.id)
        self._land(pack)
        if len(side.rows) >= self._run_rows * index_rows.SIZE:
            self._put_aside(side)

    def _land(self, pack: Pack) -> None:
        # Syncing a pack to disk goes on while the next one is filled.
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="dsv-land")
        self._landing.append((self._pool.submit(self._adopt, pack), pack.path))
        while self._landing and (self._landing[0][0].done() or len(self._landing) > 2 * self._workers):
            self._landing.pop(0)[0].result()

    def _adopt(self, pack: Pack) -> None:
        try:
            self._blobs.adopt(packs.name(pack.id), pack.path)
        except BaseException:
            with contextlib.suppress(OSError):
                pack.path.unlink()
            raise

    def _put_aside(self, side: _Side) -> None:
        side.runs.add(self._index_of(side, mapped=True))
        side.rows = bytearray()
        self._added = set()
        for other in self._sides:
            if other.open is not None:
                self._added.update(other.open.keys())
            self._added.update(_keys(other.rows))

    def _index_of(self, side: _Side, *, mapped: bool) -> Index:
        ordered = index_rows.sort(side.rows)
        content = b"".join(index_file.encode(index_rows.columns(ordered), side.packs))
        if mapped:
            assert self._folder is not None
            return Index("what was added", _mapped(self._folder, content))
        return Index("what was added", content)

    def seal(self) -> Sealed:
        """Write everything out, durably: packs first, then the indexes that list them.

        Raises:
            StorageError: Something cannot be written.
        """
        with self._lock:
            for side in self._sides:
                if side.open is not None:
                    self._finish(side)
            for landed, _ in self._landing:
                landed.result()
            self._stop()
            self._added = set()
            indexes: list[IndexRef] = []
            for side in self._sides:
                if side.rows:
                    side.runs.indexes.append(self._index_of(side, mapped=False))
                    side.rows = bytearray()
                indexes += index_merge.store(self._blobs, side.runs.indexes, data=side.data)
                side.runs = _Runs()
                side.packs = []
        written, self._written = tuple(self._written), []
        return Sealed(tuple(indexes), written)

    def _stop(self) -> None:
        landing, self._landing = self._landing, []
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
        for landed, path in landing:
            if landed.cancelled():
                with contextlib.suppress(OSError):
                    path.unlink()


def _mapped(folder: Path, content: bytes) -> mmap.mmap | bytes:
    """Return `content` from a file that has no name any more, so that it takes no memory."""
    path = folder / atomic.temp_name()
    with atomic.storing("write", path):
        fd = atomic.open_new(path)
        try:
            atomic.write_all(fd, content)
            return mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
        finally:
            os.close(fd)
            with contextlib.suppress(OSError):  # Windows keeps it; gc removes it later
                path.unlink()


def _keys(packed: bytes | bytearray) -> list[bytes]:
    return [bytes(packed[at : at + 32]) for at in range(0, len(packed), index_rows.SIZE)]
