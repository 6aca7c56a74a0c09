"""Reading objects: found through the live indexes, verified, and sought again if damaged."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from dsv.errors import Corrupt, Missing
from dsv.hashing import Kind, checksum, file_id, object_id
from dsv.ids import ObjectId
from dsv.progress import SILENT, Progress
from dsv.store import holdings
from dsv.store.blobs.base import Blobs
from dsv.store.packs import index_merge
from dsv.store.packs import pack as packs
from dsv.store.packs.codec import decompress
from dsv.store.packs.index import Index, Located
from dsv.store.refs import IndexRef, Refs


class Supplier(Protocol):
    """Where a store gets what it lacks, or has damaged."""

    def bring(self, ids: Iterable[ObjectId], *, again: bool = False, progress: Progress = SILENT) -> None:
        """Bring files or objects into the store, as far as they are to be had; `again`: also those it has."""

    def has(self, ids: Iterable[ObjectId], *, surely: bool = False) -> bool:
        """Whether it has all these files; `surely`: the bytes themselves, not only a list of them."""

    def layout(self, oid: ObjectId) -> Sequence[tuple[ObjectId, int]] | None:
        """Return id and size of each segment of a file, which nothing proves; None: bring it instead."""


class Objects:
    """The objects of a store.

    An object is in the store if a live index lists it. Where an index is damaged or gone,
    the packs speak for themselves through their footers, so that everything else stays
    readable. Safe to use from many threads.

    Args:
        blobs: Where packs and indexes are.
        load_refs: Returns the refs as they are now.
        supply: Brings what is wanted and not here; None: what is not here is missing.

    Attributes:
        blobs: As given.
        damage: What was found to be wrong with indexes and packs, by name.
        epoch: `Refs.epoch` of the refs in use; above it, gc may have taken objects away.
        supply: As given.
    """

    def __init__(self, blobs: Blobs, load_refs: Callable[[], Refs], supply: Supplier | None = None) -> None:
        self.blobs = blobs
        self.damage: dict[str, Corrupt] = {}
        self.epoch = 0
        self.supply = supply
        self._load_refs = load_refs
        self._lock = threading.RLock()
        self._open: dict[IndexRef, Index] = {}
        self._verified: set[IndexRef] = set()
        self._footers: dict[str, Index] | None = None
        self._refs: tuple[IndexRef, ...] | None = None
        self._sides: tuple[tuple[Index, ...], tuple[Index, ...]] = ((), ())

    def refresh(self, refs: Refs | None = None) -> bool:
        """Use the indexes of `refs`, by default of those stored now; return whether they are others."""
        with self._lock:
            refs = refs or self._load_refs()
            self.epoch = refs.epoch
            indexes = refs.indexes
            if indexes == self._refs:
                return False
            self._refs = indexes
            self._open = {ref: found for ref, found in self._open.items() if ref in set(indexes)}
            self._footers = None
            for ref in indexes:
                if ref not in self._open:
                    self._open_index(ref)
            self._arrange()
            return True

    def current_epoch(self) -> int:
        """Return `Refs.epoch` of the refs in use."""
        self._ready()
        return self.epoch

    def _open_index(self, ref: IndexRef) -> None:
        try:
            self._open[ref] = index_merge.open_index(self.blobs, ref)
        except FileNotFoundError:
            self.damage[index_merge.name(ref.id)] = Corrupt(f"index {ref.id} is missing")
        except Corrupt as error:
            self.damage[index_merge.name(ref.id)] = error

    def _arrange(self) -> None:
        # The largest first: most of what is looked for is there.
        refs = sorted(self._open, key=lambda ref: -ref.rows)
        data = tuple(self._open[ref] for ref in refs if ref.data)
        meta = tuple(self._open[ref] for ref in refs if not ref.data)
        self._sides = (data, meta)

    def _ready(self) -> tuple[tuple[Index, ...], tuple[Index, ...]]:
        if self._refs is None and self.refresh() and self.damage:
            # gc may have replaced an index between the refs that were read and its opening.
            self._refs = None
            self.damage.clear()
            self.refresh()
        return self._sides

    def indexes(self, *, data: bool) -> tuple[Index, ...]:
        """Return the live indexes of data packs, or of meta packs, that can be read."""
        return self._ready()[0 if data else 1]

    def listed(self, key: bytes, *, data: bool) -> Located | None:
        """Return where the live indexes say an object is; footers of packs do not count.

        Args:
            key: Its id, 32 bytes.
            data: Whether its kind is one of data.
        """
        sides = self._sides if self._refs is not None else self._ready()
        for index in sides[0 if data else 1]:
            row = index.find(key)
            if row >= 0:
                try:
                    return index.at(row)
                except Corrupt as error:
                    self.damage[index.name] = error
        return None

    def find(self, oid: ObjectId) -> Located | None:
        """Return where an object is, None if it is not in the store."""
        key = bytes.fromhex(oid)
        return self.listed(key, data=True) or self.listed(key, data=False) or self.find_hidden(oid)

    def find_hidden(self, oid: ObjectId) -> Located | None:
        """Return where an object is that no sound index lists, because its own is known to be damaged."""
        return next(self._spare(bytes.fromhex(oid)), None)

    def seek(self, oid: ObjectId) -> Located | None:
        """Return where an object is that `find` does not find: a flipped bit in an index may hide it.

        Hashes each index, once.
        """
        self._ready()
        self._verify_indexes()
        return self.find(oid)

    def has(self, oid: ObjectId) -> bool:
        """Whether the store holds an object."""
        return self.find(oid) is not None

    def commits(self, prefix: str) -> list[ObjectId]:
        """Return the ids of the commits that start with the hex digits `prefix`, in order."""
        found = {
            ObjectId(index.id_at(row).hex())
            for index in self._ready()[1]
            for row in index.matching(prefix)
            if index.at(row).kind == Kind.COMMIT
        }
        return sorted(found)

    def kind(self, oid: ObjectId) -> Kind:
        """Return the kind of an object.

        Raises:
            Missing: The store does not hold it.
        """
        place = self.find(oid)
        if place is None:
            raise Missing(f"object {oid} is not in the store")
        return _kind(oid, place)

    def get(self, oid: ObjectId, kind: Kind | None = None) -> bytes:
        """Return the bytes of an object; they match its checksum and its length.

        Args:
            oid: Its id.
            kind: The kind that it must have; by default any.

        Raises:
            Missing: The store does not hold it.
            Corrupt: No copy of it is sound.
        """
        key = bytes.fromhex(oid)
        place = None
        if kind is None or kind < Kind.COMMIT:
            place = self.listed(key, data=True)
        if place is None and (kind is None or kind >= Kind.COMMIT):
            place = self.listed(key, data=False)
        if place is not None and (kind is None or kind == place.kind):
            try:
                return self.fetch(oid, place)
            except (Corrupt, FileNotFoundError):
                pass  # perhaps another copy is sound
        return self._get_elsewhere(oid, key, kind)

    def get_record(self, kind: Kind, oid: ObjectId) -> bytes:
        """Return the encoding of a record, verified to be what its id says.

        Those whose id may be a key, and no hash of the record (`Kind.is_keyed`), are not.

        Raises:
            Missing: The store does not hold it.
            Corrupt: No copy of it is sound.
        """
        data = self.get(oid, kind)
        if not kind.is_keyed and object_id(kind, data) != oid:
            raise Corrupt(f"{kind.name.lower()} {oid} is not what its id says")
        return data

    def fetch(self, oid: ObjectId, place: Located) -> bytes:
        """Return the bytes of one copy of an object.

        Raises:
            FileNotFoundError: The pack is not there.
            Corrupt: This copy is damaged.
        """
        try:
            stored = self.blobs.read(packs.name(place.pack), place.offset, place.stored)
        except Corrupt as error:
            raise Corrupt(f"object {oid} in pack {place.pack}: {error}") from error
        return bytes(self.decode(oid, place, stored))

    @staticmethod
    def decode(oid: ObjectId, place: Located, stored: bytes | memoryview) -> bytes | memoryview:
        """Return the bytes of an object from what is stored of it.

        Raises:
            Corrupt: It does not match its checksum, or its length, or claims too many bytes.
        """
        if checksum(stored) != place.checksum:
            raise Corrupt(f"object {oid} in pack {place.pack} does not match its checksum")
        if place.raw > holdings.limit(place.kind):
            raise Corrupt(f"object {oid} in pack {place.pack} claims to have {place.raw} bytes")
        try:
            return decompress(place.codec, stored, place.raw)
        except Corrupt as error:
            raise Corrupt(f"object {oid} in pack {place.pack}: {error}") from error

    def _get_elsewhere(self, oid: ObjectId, key: bytes, kind: Kind | None) -> bytes:
        failure: Corrupt | None = None
        tried: set[Located] = set()
        for places in (
            self._copies(key),
            self._copies_after_refresh(key),
            self._copies_in_footers(key, tried),
        ):
            for place in places:
                if place in tried or (kind is not None and kind != place.kind):
                    continue
                tried.add(place)
                try:
                    return self.fetch(oid, place)
                except Corrupt as error:
                    failure = failure or error
                except FileNotFoundError:
                    failure = failure or Corrupt(f"pack {place.pack} is missing; it holds object {oid}")
        if self.supply is not None and (failure is not None or kind is None or kind.is_data):
            self.supply.bring([oid], again=failure is not None)
            for place in self._copies(key):
                if place not in tried and (kind is None or kind == place.kind):
                    return self.fetch(oid, place)
        if failure is not None:
            raise failure
        what = "object" if kind is None else kind.name.lower()
        raise Missing(f"{what} {oid} is not in the store")

    def _copies(self, key: bytes) -> Iterator[Located]:
        for side in self._ready():
            for index in side:
                try:
                    yield from index.places(key)
                except Corrupt as error:
                    self.damage[index.name] = error

    def _copies_after_refresh(self, key: bytes) -> Iterator[Located]:
        if self.refresh():
            yield from self._copies(key)

    def _copies_in_footers(self, key: bytes, tried: set[Located]) -> Iterator[Located]:
        # An index with a flipped bit may hide an object or misplace it.
        self._verify_indexes()
        yield from self._spare(key)
        for pack in {place.pack for place in tried}:
            footer = self._footer(pack, None)
            if footer is not None:
                yield from footer.places(key)

    def _verify_indexes(self) -> None:
        with self._lock:
            for ref in list(self._open):
                if ref in self._verified:
                    continue
                if file_id(self.blobs.view(index_merge.name(ref.id))) == ref.id:
                    self._verified.add(ref)
                    continue
                self.damage[index_merge.name(ref.id)] = Corrupt(f"index {ref.id} is not what its name says")
                del self._open[ref]
                self._footers = None
            self._arrange()

    def _spare(self, key: bytes) -> Iterator[Located]:
        """Yield the copies that only footers of packs know of, where an index is damaged."""
        if self.damage:
            for index in self._spare_footers().values():
                try:
                    yield from index.places(key)
                except Corrupt as error:
                    self.damage[index.name] = error

    def _spare_footers(self) -> dict[str, Index]:
        with self._lock:
            if self._footers is None:
                covered = {pack for side in self._sides for index in side for pack in index.packs}
                self._footers = {}
                for blob in self.blobs.list("packs/"):
                    pack = packs.id_of(blob.name)
                    if pack is None or pack in covered:
                        continue
                    footer = self._footer(pack, blob.size)
                    if footer is not None:
                        self._footers[pack] = footer
            return self._footers

    def _footer(self, pack: str, size: int | None) -> Index | None:
        try:
            return read_footer(self.blobs, pack, size)
        except FileNotFoundError:
            return None
        except Corrupt as error:
            self.damage[packs.name(pack)] = error
            return None


def read_footer(blobs: Blobs, pack: str, size: int | None = None) -> Index:
    """Return the index that a pack carries.

    Raises:
        FileNotFoundError: There is no such pack.
        Corrupt: Its trailer or footer is damaged.
    """
    name = packs.name(pack)
    if size is None:
        size = len(blobs.view(name))
    trailer = blobs.read(name, max(0, size - packs.TRAILER.size))
    start, length, check = packs.footer_place(pack, size, trailer)
    return packs.open_footer(pack, blobs.read(name, start, length), check)


def _kind(oid: ObjectId, place: Located) -> Kind:
    try:
        return Kind(place.kind)
    except ValueError:
        raise Corrupt(f"object {oid} in pack {place.pack} has the unknown kind {place.kind}") from None
