"""Bytes of files that the store lacks, brought from a remote when they are needed."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from dsv.errors import Corrupt, Missing
from dsv.hashing import Buffer, Kind, file_hasher
from dsv.ids import ObjectId
from dsv.model.recipe import FilePart
from dsv.progress import SILENT, Progress
from dsv.remotes.receive import ObjectWanted, batches, receive
from dsv.remotes.remote import RemoteStore
from dsv.store import holdings
from dsv.store.contents import MAX_DEPTH
from dsv.store.holdings import Composition
from dsv.store.objects import Objects
from dsv.store.packs import pack as packs
from dsv.store.packs.index import Located
from dsv.store.repository import Repository

BATCH = 256 << 20
"""Stored bytes that are brought before they count as here: a kill loses no more."""

RECIPES = 8 << 20
"""Bytes of recipes, and of what else is composed, that are held at once."""

LAYOUT = 1 << 19
"""Segments of a file of which parts are read on their own: 64 GB or so. Of a larger one all is brought first."""

_ROWS = 1 << 17
_TRIES = 4
_WORKERS = 8


class RemoteSupply:
    """Brings files from a remote into the store: whole, and proved.

    Segments are proved by their ids. The id of what is composed, such as a recipe, is that of the file
    which it makes, so it enters the store only when that file was put together.

    Args:
        repo: The repository.
        connect: Opens the remote; called when it is first needed.
    """

    def __init__(self, repo: Repository, connect: Callable[[], RemoteStore]) -> None:
        self._progress: Progress = SILENT
        self._repo = repo
        self._connect = connect
        self._lock = threading.RLock()
        self._busy = False
        self._remote: RemoteStore | None = None
        self._there: Objects | None = None

    @property
    def remote(self) -> RemoteStore:
        """The remote, opened."""
        if self._remote is None:
            self._remote = self._connect()
        return self._remote

    def bring(self, ids: Iterable[ObjectId], *, again: bool = False, progress: Progress = SILENT) -> None:
        """Bring those files (or segments, or block digests) that the store lacks and the remote has.

        What the remote does not have either is passed over: what needs it finds it missing.

        Args:
            ids: Their ids.
            again: Bring them although the store lists them: what it has is damaged.
            progress: Counts the bytes that come.

        Raises:
            Corrupt: What the remote has is damaged, or not what it claims to be.
            StorageError: The remote cannot be read, or the store not written.
        """
        with self._lock:
            if self._busy:
                return  # asked by the work itself, which knows what it lacks
            self._busy = True
            self._progress = progress
            try:
                waiting = iter(ids)
                while group := list(islice(waiting, _ROWS)):
                    self._bring_surely(group if again else self._absent(group), again=again)
            finally:
                self._busy = False

    def has(self, ids: Iterable[ObjectId], *, surely: bool = False) -> bool:
        """Whether the remote has all these files, with all that their recipes name.

        Args:
            ids: Their ids.
            surely: An index that lists them is not enough, for the last copy here may be given up:
                each pack is asked for the last byte that is needed of it.

        Raises:
            Corrupt: A recipe there is damaged.
            StorageError: The remote cannot be read.
        """
        with self._lock:
            there = self._objects()
            waiting, seen = set(ids), set[ObjectId]()
            ends: dict[str, int] = {}
            try:
                while waiting:
                    found = self._find(there, waiting)
                    if len(found) < len(waiting):
                        return False
                    for _, place in found:
                        ends[place.pack] = max(ends.get(place.pack, 0), place.offset + place.stored)
                    seen |= waiting
                    waiting = set()
                    for group in self._read_composed(there, found):
                        waiting |= {child.id for one in group.values() for child in one.children} - seen
            except FileNotFoundError:
                return False
            if not surely:
                return True
            with ThreadPoolExecutor(_WORKERS, thread_name_prefix="dsv-has") as pool:
                return all(pool.map(lambda end: _reaches(there, *end), ends.items()))

    def layout(self, oid: ObjectId) -> Sequence[tuple[ObjectId, int]] | None:
        """Return id and size of each segment of a file as its recipe on the remote has them.

        Nothing proves it but the whole file, so it does not enter the store.

        Returns:
            The segments in order; None if the remote lacks the file, or there are more than
            `LAYOUT`, or gc was at work there.

        Raises:
            Corrupt: A recipe there is damaged, lies about a size, or nests without end.
            StorageError: The remote cannot be read.
        """
        with self._lock:
            try:
                return self._unfold(oid)
            except FileNotFoundError:
                self._there = None  # gc may have moved things since the refs were read
                return None

    def _unfold(self, oid: ObjectId) -> list[FilePart] | None:
        there = self._objects()
        found = self._find(there, [oid])
        parts = [FilePart(oid, found[0].place.raw)] if found else []
        for depth in range(MAX_DEPTH + 1):
            known: dict[ObjectId, Composition] = {}
            for group in self._read_composed(there, self._find(there, {part.id for part in parts})):
                known |= group
                if sum(len(one.parts) for one in known.values()) > LAYOUT:
                    return None
            if not known:
                return parts or None
            parts = list(islice(_unfolded(parts, known, top=depth == 0), LAYOUT + 1))
            if len(parts) > LAYOUT:
                return None
        raise Corrupt(f"the recipe of file {oid} on remote {self.remote.name} nests without end")

    def _absent(self, ids: Iterable[ObjectId]) -> list[ObjectId]:
        objects = self._repo.objects
        return [oid for oid in dict.fromkeys(ids) if objects.listed(bytes.fromhex(oid), data=True) is None]

    def _objects(self) -> Objects:
        if self._there is None:
            self.remote.load()
            self._there = self.remote.objects(data=True)
        return self._there

    def _bring_surely(self, ids: list[ObjectId], *, again: bool) -> None:
        if not ids:
            return
        for attempt in range(_TRIES):
            there = self._objects()
            found = self._find(there, ids)
            try:
                self._bring_found(there, found, again=again)
            except FileNotFoundError as error:
                self._there = None  # gc may have moved things since the refs were read
                if attempt == _TRIES - 1:
                    name = self.remote.name
                    raise Corrupt(
                        f"remote {name} lacks a pack that it names: {error.filename or error}",
                        hint=f"dsv fsck --remote {name}",
                    ) from None
            else:
                return

    @staticmethod
    def _find(there: Objects, ids: Iterable[ObjectId]) -> list[ObjectWanted]:
        found = []
        for oid in ids:
            key = bytes.fromhex(oid)
            place = there.listed(key, data=True) or there.listed(key, data=False)
            if place is not None and place.kind != Kind.FACTS:
                found.append(ObjectWanted(key, place))
        return found

    def _bring_found(self, there: Objects, found: list[ObjectWanted], *, again: bool) -> None:
        plain = [one for one in found if not holdings.is_composed(one.place.kind)]
        if plain:
            self._progress.begin("fetching", sum(one.place.stored for one in plain), "B")
        self._store(there, plain)
        for group in self._read_composed(there, found):
            self._progress.begin("fetching", sum(one.size for one in group.values()), "B")
            self._bring_composed(there, group, 0, again=again)

    def _read_composed(
        self, there: Objects, found: Iterable[ObjectWanted]
    ) -> Iterator[dict[ObjectId, Composition]]:
        """Yield what is composed among `found`, some at a time."""
        wanted = [one for one in found if holdings.is_composed(one.place.kind)]
        for batch in batches(wanted, RECIPES, lambda place: place.raw):
            yield _compositions(there, batch)

    def _bring_composed(
        self, there: Objects, group: dict[ObjectId, Composition], depth: int, *, again: bool
    ) -> None:
        """Bring all that `group` needs, and then these, each when it was proved."""
        if depth > MAX_DEPTH:
            word = holdings.word(next(iter(group.values())).kind)
            raise Corrupt(f"a {word} on remote {self.remote.name} nests without end")
        asked = dict.fromkeys(child.id for one in group.values() for child in one.children)
        wanted = list(asked) if again else self._absent(asked)
        parts = self._find(there, wanted)
        if len(parts) < len(wanted):
            known = {one.key.hex() for one in parts}
            lost = next(oid for oid in wanted if oid not in known)
            raise Missing(f"segment {lost} is neither here nor on remote {self.remote.name}")
        for inner in self._read_composed(there, parts):
            self._bring_composed(there, inner, depth + 1, again=again)
        self._store(there, [one for one in parts if not holdings.is_composed(one.place.kind)])
        with self._repo.writer() as writer:
            for oid, one in group.items():
                if not one.proved_as(oid):
                    self._prove(oid, one)
                writer.add(one.kind, oid, one.data, again=again)
            self._repo.publish(lambda refs, _: refs, writer=writer)

    def _prove(self, oid: ObjectId, whole: Composition) -> None:
        """Put a file together from what is here by now.

        Raises:
            Corrupt: It is another file.
        """
        objects, contents = self._repo.objects, self._repo.contents
        what = f"{holdings.describe(whole.kind, oid)} on remote {self.remote.name}"
        hasher = file_hasher()
        for part in whole.parts:
            size = 0
            for segment, _ in contents.segments(part.id):
                data = objects.get(segment, Kind.SEGMENT)
                size += len(data)
                hasher.update(data)
            if size != part.size:
                raise Corrupt(f"{what} lies about its parts")
        if hasher.hexdigest() != oid:
            raise Corrupt(f"{what} makes another file")

    def _store(self, there: Objects, wanted: list[ObjectWanted]) -> None:
        """Bring objects whose ids prove them; they are in the store afterwards."""
        for batch in batches(wanted, BATCH, lambda place: place.stored):
            self._store_batch(there, batch)

    def _store_batch(self, there: Objects, batch: list[ObjectWanted]) -> None:
        with self._repo.writer() as writer:

            def take(key: bytes, place: Located, stored: Buffer, _: Buffer) -> None:
                writer.relocate(key, place, stored)
                self._progress.advance(place.stored)

            receive(there, batch, take)
            self._repo.publish(lambda refs, _: refs, writer=writer)


def _unfolded(
    parts: list[FilePart], known: Mapping[ObjectId, Composition], *, top: bool
) -> Iterator[FilePart]:
    """Yield `parts` with those of what is composed in its place."""
    for part in parts:
        whole = known.get(part.id)
        if whole is None:
            yield part
        elif top or whole.size == part.size:
            yield from whole.parts
        else:
            word = holdings.word(whole.kind)
            raise Corrupt(f"{word} {part.id} has {whole.size} bytes, not {part.size}")


def _reaches(there: Objects, pack: str, end: int) -> bool:
    """Whether a pack is there and has at least `end` bytes."""
    try:
        return not end or len(there.blobs.read(packs.name(pack), end - 1, 1)) == 1
    except (FileNotFoundError, Corrupt):
        return False


def _compositions(there: Objects, batch: list[ObjectWanted]) -> dict[ObjectId, Composition]:
    found: dict[ObjectId, Composition] = {}

    def take(key: bytes, place: Located, _: Buffer, raw: Buffer) -> None:
        oid = ObjectId(key.hex())
        found[oid] = holdings.compose(place.kind, bytes(raw), oid)

    receive(there, batch, take)
    return found
