"""A repository: the refs, objects and records of one store, wherever that is.

It needs no folder, no settings and no current folder: a bucket has one, and so has a workspace. What costs
start-up time (indexes, packs) is opened when it is first used.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from dsv.errors import BadConfig, Corrupt, NotFound, RefMoved, StorageError
from dsv.hashing import Kind
from dsv.ids import ObjectId, short
from dsv.model import node as nodes
from dsv.model import tree as trees
from dsv.model.checkpoint import Checkpoint
from dsv.model.commit import Commit
from dsv.model.dataset_paths import check_stored_paths
from dsv.model.node import Node
from dsv.model.origin import Source
from dsv.store.refs import Refs
from dsv.store.swapping import swap_until

if TYPE_CHECKING:
    from dsv.model.attempt import Attempt
    from dsv.model.code_list import Code
    from dsv.model.environment import Environment
    from dsv.model.listing import Listing
    from dsv.model.run import Run
    from dsv.store.blobs.base import Blobs
    from dsv.store.contents import Contents
    from dsv.store.objects import Objects, Supplier
    from dsv.store.writer import Writer

NODES_KEPT = 256
"""How many nodes are remembered, decoded."""


class Tracked(NamedTuple):
    """A dataset in a snapshot.

    Attributes:
        id: Its checkpoint id.
        checkpoint: The checkpoint.
    """

    id: ObjectId
    checkpoint: Checkpoint


Datasets = Mapping[str, Tracked]


class Memory(Protocol):
    """What somebody remembers of a repository, so that no object need be read for it."""

    def node(self, oid: ObjectId, /) -> bytes | None:
        """Return the encoding of a node that the store may lack; None: not known."""

    def snapshot(self, oid: ObjectId, /) -> list[Any] | None:
        """Return the rows that were remembered for a snapshot, or for a commit; None: not known."""

    def remember_snapshot(self, oid: ObjectId, rows: Sequence[Sequence[Any]], /) -> None:
        """Remember rows for it."""


class Repository:
    """The refs, objects and records of a store. Safe to read from many threads.

    Args:
        blobs: Where it is.
        supply: Called once, with this: returns what brings objects that the store lacks, if anything does.
        objects: Its objects, where somebody has opened them; they have a supply of their own, or none.
        contents: The contents of its files, likewise.
        memory: What is remembered of it elsewhere.
        elsewhere: Gives the commit of a name that only the place knows, such as `git:REF` in a workspace.
        before_writing: Called before anything is written.
        name: What messages call the place.

    Attributes:
        blobs: As given.
    """

    def __init__(
        self,
        blobs: "Blobs",
        supply: "Callable[[Repository], Supplier | None] | None" = None,
        *,
        objects: "Objects | None" = None,
        contents: "Contents | None" = None,
        memory: Memory | None = None,
        elsewhere: Callable[[str], ObjectId] | None = None,
        before_writing: Callable[[], object] = lambda: None,
        name: str = "that place",
    ) -> None:
        self.blobs = blobs
        self._supply = supply
        self._objects = objects
        self._contents = contents
        self._memory = memory
        self._elsewhere = elsewhere
        self._before_writing = before_writing
        self._name = name

    @classmethod
    def open(cls, url: str) -> "Repository":
        """Return the repository at a URL, without a workspace: what a push left there, or the store of one.

        It is for reading: what a reader would keep there for the next one is not kept.

        Args:
            url: `s3://BUCKET/PREFIX`, `file:///FOLDER`, or the path of a folder; a folder may be a workspace.

        Raises:
            BadConfig: It is no such URL.
            NotFound: There is no such folder, or it holds no store.
            StorageError: The bucket cannot be reached.
        """
        blobs = _bucket(url) if url.startswith("s3://") else _folder(url)
        if blobs.load() is None:
            raise NotFound(f"there is no dsv repository at {url}")
        return cls(blobs, before_writing=partial(_refuse_writing, url), name=url)

    # What it is made of

    @cached_property
    def objects(self) -> "Objects":
        """The objects of the store."""
        if self._objects is not None:
            return self._objects
        from dsv.store.objects import Objects

        supply = None if self._supply is None else self._supply(self)
        return Objects(self.blobs, self.refs, supply)

    @cached_property
    def contents(self) -> "Contents":
        """The contents of files, however the store holds them."""
        if self._contents is not None:
            return self._contents
        from dsv.store.contents import Contents

        return Contents(self.objects)

    # Reading

    def refs(self) -> Refs:
        """Return the refs as they are now.

        Raises:
            Corrupt: They cannot be read.
        """
        raw = self.blobs.load()
        if raw is None:
            raise StorageError(f"the store in {self._name} has no refs", hint="dsv fsck")
        return Refs.decode(raw)

    @cached_property
    def node(self) -> Callable[[ObjectId], Node]:
        """Read a node by its id; the last ones are remembered."""

        @lru_cache(maxsize=NODES_KEPT)
        def read(oid: ObjectId) -> Node:
            known = None if self._memory is None else self._memory.node(oid)
            return nodes.decode(self.objects.get(oid, Kind.NODE) if known is None else known, oid)

        return read

    def commit(self, oid: ObjectId) -> Commit:
        """Return the commit `oid`."""
        return Commit.decode(self.objects.get_record(Kind.COMMIT, oid), f"commit {short(oid)}")

    def checkpoint(self, oid: ObjectId) -> Checkpoint:
        """Return the checkpoint `oid`."""
        return Checkpoint.decode(self.objects.get_record(Kind.CHECKPOINT, oid), f"checkpoint {short(oid)}")

    def origin(self, oid: ObjectId) -> "Source | Run":
        """Return the origin record `oid`.

        Raises:
            Missing: The store does not hold it.
            Corrupt: It is not what its id says.
        """
        return self.run(oid) if self.objects.kind(oid) == Kind.RUN else self.source(oid)

    def source(self, oid: ObjectId) -> Source:
        """Return the source record `oid`."""
        return Source.decode(self.objects.get_record(Kind.SOURCE, oid), f"source {short(oid)}")

    def run(self, oid: ObjectId) -> "Run":
        """Return the run record `oid`."""
        from dsv.model.run import Run

        return Run.decode(self.objects.get_record(Kind.RUN, oid), f"run {short(oid)}")

    def attempt(self, oid: ObjectId) -> "Attempt":
        """Return the attempt record `oid`."""
        from dsv.model.attempt import Attempt

        return Attempt.decode(self.objects.get_record(Kind.ATTEMPT, oid), f"attempt {short(oid)}")

    def code(self, oid: ObjectId) -> "Code":
        """Return the code list `oid`."""
        from dsv.model.code_list import Code

        return Code.decode(self.objects.get_record(Kind.CODE, oid), f"code list {short(oid)}")

    def listing(self, oid: ObjectId) -> "Listing":
        """Return the listing `oid`."""
        from dsv.model.listing import Listing

        return Listing.decode(self.objects.get_record(Kind.LISTING, oid), f"listing {short(oid)}")

    def environment(self, oid: ObjectId) -> "Environment":
        """Return the environment record `oid`."""
        from dsv.model.environment import Environment

        return Environment.decode(self.objects.get_record(Kind.ENVIRONMENT, oid), f"environment {short(oid)}")

    def named_elsewhere(self, name: str) -> ObjectId:
        """Return the commit of a name that only the place knows: `git:REF`, `BRANCH@{N}`.

        Raises:
            NotFound: It names nothing, or the place has no such names.
        """
        if self._elsewhere is None:
            raise NotFound(f"{name!r} names a commit only in a workspace", hint="dsv clone URL")
        return self._elsewhere(name)

    def datasets(self, snapshot: ObjectId | None) -> Datasets:
        """Return the datasets of a snapshot by path, in order; None stands for the empty one.

        Raises:
            Corrupt: It is damaged, or has paths that dsv never records.
            Missing: The store does not hold all of it.
        """
        if snapshot is None:
            return {}
        # A clean `status` needs no index: the memory has snapshots, and below, commits.
        rows = None if self._memory is None else self._memory.snapshot(snapshot)
        if rows is not None:
            return {path: Tracked(oid, Checkpoint(*fields)) for path, oid, *fields in rows}
        entries = list(trees.walk(snapshot, self.node))
        odd = next((entry.name for entry in entries if entry.kind != nodes.CHECKPOINT), None)
        if odd is not None:
            raise Corrupt(f"snapshot {short(snapshot)} holds {odd!r}, which is no dataset")
        check_stored_paths([entry.name for entry in entries])
        found = {
            entry.name: Tracked(ObjectId(entry.target), self.checkpoint(ObjectId(entry.target)))
            for entry in entries
        }
        if self._memory is not None:
            rows = [[path, one.id, *astuple(one.checkpoint)] for path, one in found.items()]
            self._memory.remember_snapshot(snapshot, rows)
        return found

    def snapshot_of(self, commit: ObjectId | None) -> ObjectId | None:
        """Return the snapshot of a commit; None for no commit."""
        if commit is None:
            return None
        rows = None if self._memory is None else self._memory.snapshot(commit)
        if rows is not None:
            return ObjectId(rows[0][0])
        snapshot = self.commit(commit).snapshot
        if self._memory is not None:
            self._memory.remember_snapshot(commit, [[snapshot]])
        return snapshot

    # Writing

    @contextmanager
    def writer(self) -> Iterator["Writer"]:
        """Open a session that adds objects to the store; they count once refs are published."""
        from dsv.store.writer import Writer

        self._before_writing()
        with Writer(self.objects) as session:
            yield session

    def publish(
        self,
        change: "Callable[[Refs, Writer], Refs]",
        *,
        writer: "Writer | None" = None,
        last: Callable[[Refs, Refs], Refs] | None = None,
    ) -> Refs:
        """Change the refs in one step, with all that `writer` holds, and return them.

        Args:
            change: Gives the wanted refs for the present ones, and may add records to the
                writer that it is handed. It runs again whenever somebody else was faster, so it
                raises (`RefMoved`, `AnswerNo`) when what it wants makes no sense any more.
            writer: An open session whose objects the new refs need.
            last: Gives what is really published for the present refs and those that are wanted; called
                in each try that changes anything, after all else.

        Raises:
            RefMoved: Others were faster every time.
            Conflict: gc took away an object that this needs; running it again helps.
        """
        from dsv.store.publish import Sealing

        sealing = Sealing(self.blobs)

        def decide(number: int) -> tuple[Refs, Callable[[], None] | None]:
            raw = self.blobs.load()
            refs = self.refs() if raw is None else Refs.decode(raw)
            if writer is None or number:
                with self.writer() as fresh:
                    wanted = sealing.seal(fresh, refs, change(refs, fresh))
            else:
                wanted = sealing.seal(writer, refs, change(refs, writer))
            if wanted == refs:
                return refs, None
            if last is not None:
                wanted = last(refs, wanted)
            return wanted, lambda: self._swap(raw, wanted)

        return swap_until(
            decide, RefMoved("other processes kept changing the refs", hint="run the command again")
        )

    def swap(self, expected: Refs, wanted: Refs) -> None:
        """Replace the refs if they still are `expected`.

        Raises:
            RefMoved: They are not.
        """
        self._swap(expected.encode(), wanted)

    def _swap(self, expected: bytes | None, wanted: Refs) -> None:
        self.blobs.swap(expected, wanted.encode())
        self.objects.refresh(wanted)


def _bucket(url: str) -> "Blobs":
    from dsv.store.blobs.s3 import S3Blobs, S3Settings

    return S3Blobs(S3Settings.of(url))


def _folder(url: str) -> "Blobs":
    from dsv.store.blobs.local import LocalBlobs
    from dsv.store.blobs.owners import owner

    folder = folder_of(url) if "://" in url else Path(url).absolute()
    store = folder / ".dsv"
    if store.is_dir():
        folder = store
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}")
    mine = owner(folder)
    return LocalBlobs(folder, packs=None if mine is None else Path(mine.packs))


def _refuse_writing(url: str) -> None:
    raise StorageError(f"{url} is open for reading alone", hint="dsv clone URL")


def folder_of(url: str) -> Path:
    """Return the folder that a `file:///PATH` URL names.

    Raises:
        BadConfig: It names none.
    """
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(url)
    path = Path(unquote(parts.path))
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"} or not path.is_absolute():
        raise BadConfig(f"{url} is not of the form file:///PATH")
    return path
