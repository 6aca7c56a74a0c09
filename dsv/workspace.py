"""A workspace and its store, composed. No verbs: those are in `dsv.ops`.

What costs start-up time (the index, pyarrow, SQLite) is opened when it is first used, so
that a clean `status` reads `refs` and the stat cache and nothing else.
"""

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import astuple, replace
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from dsv.atomic import make_folder, storing
from dsv.config.load import Config, load
from dsv.errors import BadConfig, Corrupt, NotFound, RefMoved, StorageError
from dsv.hashing import Kind
from dsv.ids import ObjectId, short
from dsv.lock import FileLock
from dsv.model import node as nodes
from dsv.model import tree as trees
from dsv.model.checkpoint import Checkpoint
from dsv.model.commit import Commit
from dsv.model.node import Node
from dsv.model.origin import Source
from dsv.progress import SILENT, Progress
from dsv.store.blobs.local import LocalBlobs
from dsv.store.blobs.owners import claim
from dsv.store.operation_log import OpEntry, Oplog
from dsv.store.ref_changes import changes_between, deletions
from dsv.store.refs import Local, Refs
from dsv.worktree import git, lockfile
from dsv.worktree.build import Counted
from dsv.worktree.ignore import Ignore
from dsv.worktree.ignore import load as load_ignore
from dsv.worktree.observe import Observation, observe
from dsv.worktree.paths import check_no_link, check_stored_paths, holds_place_only
from dsv.worktree.sink import HashSink, Sink
from dsv.worktree.stat_cache import StatCache
from dsv.worktree.untracked import untracked

if TYPE_CHECKING:
    from dsv.store.contents import Contents
    from dsv.store.objects import Objects, Supplier
    from dsv.store.writer import Writer
    from dsv.worktree.materialise import Destination

SETTINGS = "dsv.toml"
STORE = ".dsv"
_TRIES = 64


class Tracked(NamedTuple):
    """A dataset in a snapshot.

    Attributes:
        id: Its checkpoint id.
        checkpoint: The checkpoint.
    """

    id: ObjectId
    checkpoint: Checkpoint


Datasets = Mapping[str, Tracked]


class TreeChange(NamedTuple):
    """What an operation does to the working tree besides checking datasets out.

    Attributes:
        kept: Snapshot of uncommitted data that it overwrites.
        wrote: Snapshot of data that it writes as uncommitted changes.
        deleted: By path whether a dataset that is checked out is deleted there, before and
            after, where that changes.
    """

    kept: ObjectId | None = None
    wrote: ObjectId | None = None
    deleted: Mapping[str, tuple[bool, bool]] = MappingProxyType({})


class Workspace:
    """An open workspace.

    Attributes:
        root: The workspace folder, absolute.
        dot: The folder of the store, `.dsv`.
        agree: Asks the user whether files that programs execute may be written; None: they may not.
        supplier: Gives what brings objects that the store lacks; None: nothing does.
        knows_endpoint: Whether the user agreed to sign requests to the server at a URL; None: settings decide.
        home: The user's home folder, which `~` in recorded paths stands for; None: it is not known.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.dot = root / STORE
        self.supplier: Callable[[Workspace], Supplier | None] | None = None
        self.agree: Callable[[list[str]], bool] | None = None
        self.home: Path | None = None
        self.knows_endpoint: Callable[[str], bool] | None = None
        self._seen: list[HashSink] = []

    @classmethod
    def discover(cls, start: Path) -> "Workspace":
        """Return the workspace that the folder `start` is in.

        Raises:
            NotFound: Neither `start` nor a parent has a `dsv.toml`.
        """
        for folder in (start, *start.parents):
            if (folder / SETTINGS).is_file():
                return cls(folder)
        raise NotFound(f"no dsv workspace in {start} or above", hint="dsv init")

    # What is composed

    @cached_property
    def config(self) -> Config:
        """The settings of the workspace."""
        return load(self.root)

    @cached_property
    def blobs(self) -> LocalBlobs:
        """Where packs, indexes and refs are kept."""
        if git.brings(self.root, STORE):
            raise lockfile.foreign_store(self.dot)
        if not self.dot.is_dir():
            main = git.main_tree(self.root)
            there = main if main is not None and (main / STORE).is_dir() else None
            raise lockfile.no_store(self.root, remotes=bool(self.config.remotes), main=there)
        return LocalBlobs(self.dot, packs=self.pack_folder, owner=claim(self.dot, self.pack_folder))

    @property
    def pack_folder(self) -> Path:
        """The folder that holds the packs: the store, unless the settings name another."""
        return self.root / (self.config.store or STORE)

    @cached_property
    def oplog(self) -> Oplog:
        """What happened to the refs."""
        return Oplog(self.dot / "oplog")

    @cached_property
    def cache(self) -> StatCache:
        """What is known of the files in the working tree."""
        return StatCache(self.dot / "stat")

    @cached_property
    def ignored(self) -> Ignore:
        """What `.dsvignore` leaves out of datasets."""
        return load_ignore(self.root)

    @cached_property
    def objects(self) -> "Objects":
        """The objects of the store."""
        from dsv.store.objects import Objects

        found = Objects(self.blobs, self.refs)
        found.supply = self.supplier(self) if self.supplier is not None else None
        return found

    @cached_property
    def contents(self) -> "Contents":
        """The contents of files, however the store holds them."""
        from dsv.store.contents import Contents

        return Contents(self.objects)

    def scratch(self) -> Path:
        """Return the folder for temporary files of this workspace, which gc clears; it exists.

        Raises:
            StorageError: It cannot be made.
        """
        with storing("write", self.dot / "tmp"):
            make_folder(self.dot / "tmp")
        return self.dot / "tmp"

    def place(self, progress: Progress = SILENT) -> "Destination":
        """Return the working tree to write datasets into; `progress` counts the bytes."""
        from dsv.worktree.materialise import Destination

        reader = Counted(self.contents.stream, self.node, progress)
        return Destination(
            self.root, self.dot / "tmp", self.cache, reader, self.objects.current_epoch(), self.ignored
        )

    # Reading records

    def refs(self) -> Refs:
        """Return the refs as they are now.

        Raises:
            Corrupt: They cannot be read.
        """
        raw = self.blobs.load()
        if raw is None:
            raise StorageError(f"the store in {self.dot} has no refs", hint="dsv fsck")
        return Refs.decode(raw)

    def local(self, refs: Refs) -> Local:
        """Return the local part of `refs`."""
        return refs.local or Local()

    def look(self, path: str, sink: Sink, *, rehash: bool = False, careful: bool = False) -> Observation:
        """Return what the working tree holds at the dataset `path`; `sink` takes what is read.

        With `careful`, what was young when it was last seen is read again: it is about to be overwritten.

        Raises:
            UserError: There is nothing, or something that dsv does not track or cannot read.
            Refused: The way there goes through a link.
            Changing: A file kept changing while it was read.
        """
        check_no_link(self.root, path)
        return observe(self.root, path, self.cache, sink, rehash=rehash, careful=careful, ignore=self.ignored)

    def untracked(self, tracked: Collection[str], code: Collection[str] = ()) -> tuple[list[str], list[str]]:
        """Return what is neither in `tracked`, nor in git, nor ignored, and apart from it what of that is `code`.

        Of the first a folder ends with `/`.
        """
        in_git: frozenset[str] = frozenset()
        own: list[str] = []
        if git.find(self.root) is not None:
            in_git = git.tracked(self.root)
            own = git.own_ignores(self.root)
        kept = sorted(
            path for path in code if path not in in_git and path not in tracked and self.holds(path)
        )
        rules = load_ignore(self.root, extra=own)
        return untracked(self.root, [*tracked, *kept], in_git, rules), kept

    def holds(self, path: str) -> bool:
        """Whether there is something in the working tree at `path`, besides files with which git keeps a folder."""
        return os.path.lexists(self.root / path) and not holds_place_only(self.root / path)

    def remember_nodes(self, sink: HashSink) -> None:
        """Have `node` also read what was just seen in the working tree and is not stored."""
        self._seen.append(sink)

    @cached_property
    def node(self) -> Callable[[ObjectId], Node]:
        """Read a node by its id; the last ones are remembered."""

        @lru_cache(maxsize=256)
        def read(oid: ObjectId) -> Node:
            seen = next((data for sink in self._seen if (data := sink.node(oid)) is not None), None)
            return nodes.decode(self.objects.get(oid, Kind.NODE) if seen is None else seen, oid)

        return read

    def commit(self, oid: ObjectId) -> Commit:
        """Return the commit `oid`."""
        return Commit.decode(self.objects.get_record(Kind.COMMIT, oid), f"commit {short(oid)}")

    def checkpoint(self, oid: ObjectId) -> Checkpoint:
        """Return the checkpoint `oid`."""
        return Checkpoint.decode(self.objects.get_record(Kind.CHECKPOINT, oid), f"checkpoint {short(oid)}")

    def source(self, oid: ObjectId) -> Source:
        """Return the source record `oid`."""
        return Source.decode(self.objects.get_record(Kind.SOURCE, oid), f"source {short(oid)}")

    def datasets(self, snapshot: ObjectId | None) -> Datasets:
        """Return the datasets of a snapshot by path, in order; None stands for the empty one.

        Raises:
            Corrupt: It is damaged, or has paths that dsv never records.
            Missing: The store does not hold all of it.
        """
        if snapshot is None:
            return {}
        # A clean `status` needs no index: the stat cache remembers snapshots, and below, commits.
        rows = self.cache.snapshot(snapshot)
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
        rows = [[path, one.id, *astuple(one.checkpoint)] for path, one in found.items()]
        self.cache.remember_snapshot(snapshot, rows)
        return found

    def snapshot_of(self, commit: ObjectId | None) -> ObjectId | None:
        """Return the snapshot of a commit; None for no commit."""
        if commit is None:
            return None
        rows = self.cache.snapshot(commit)
        if rows is not None:
            return ObjectId(rows[0][0])
        snapshot = self.commit(commit).snapshot
        self.cache.remember_snapshot(commit, [[snapshot]])
        return snapshot

    # Writing

    @contextmanager
    def writer(self) -> Iterator["Writer"]:
        """Open a session that adds objects to the store; they count once refs are published."""
        from dsv.store.writer import Writer

        git.hide(self.dot)
        with Writer(self.objects) as session:
            yield session

    def publish(
        self,
        what: str,
        change: Callable[[Refs, "Writer"], Refs],
        *,
        writer: "Writer | None" = None,
        tree: TreeChange | None = None,
        log: bool = True,
    ) -> Refs:
        """Change the refs in one step, with all that `writer` holds, and return them.

        Args:
            what: The command, for the oplog.
            change: Gives the wanted refs for the present ones, and may add records to the
                writer that it is handed. It runs again whenever somebody else was faster, so it
                raises (`RefMoved`, `AnswerNo`) when what it wants makes no sense any more.
            writer: An open session whose objects the new refs need.
            tree: What is about to happen to the working tree with it.
            log: Whether this is an operation of its own, that can be undone.

        Raises:
            RefMoved: Others were faster every time.
            Conflict: gc took away an object that this needs; running it again helps.
        """
        from dsv.store.publish import Sealing

        sealing = Sealing(self.blobs)
        for _ in range(_TRIES):
            raw = self.blobs.load()
            refs = self.refs() if raw is None else Refs.decode(raw)
            if writer is None:
                with self.writer() as fresh:
                    wanted = sealing.seal(fresh, refs, change(refs, fresh))
            else:
                wanted = sealing.seal(writer, refs, change(refs, writer))
                writer = None
            if wanted == refs:
                return refs
            if log:
                wanted = self._logged(what, refs, wanted, tree)
            try:
                self.blobs.swap(raw, wanted.encode())
            except RefMoved:
                continue
            self.objects.refresh(wanted)
            return wanted
        raise RefMoved("other processes kept changing the refs", hint="run the command again")

    def swap(self, expected: Refs, wanted: Refs) -> None:
        """Replace the refs if they still are `expected`.

        Raises:
            RefMoved: They are not.
        """
        self.blobs.swap(expected.encode(), wanted.encode())
        self.objects.refresh(wanted)

    def _logged(self, what: str, refs: Refs, wanted: Refs, tree: TreeChange | None) -> Refs:
        kept, wrote, deleted = tree or TreeChange()
        changes = {**changes_between(refs, wanted), **deletions(deleted)}
        if not changes and kept is None and wrote is None:
            return wanted
        local = self.local(refs)
        seconds, offset = now()
        number, previous = local.oplog
        entry = OpEntry(number + 1, previous, seconds, offset, what, changes, tree is not None, kept, wrote)
        end = self.oplog.append(entry)
        return replace(wanted, local=replace(self.local(wanted), oplog=end))

    def write_lock(self) -> None:
        """Make `dsv.lock` name HEAD, and note in the refs that it does."""
        # One at a time: else an older HEAD could be written over a newer one that is settled.
        with FileLock(self.dot / "settle.lock"):
            while not self._settle_lock():
                pass

    def _settle_lock(self) -> bool:
        seen = self.refs()
        pin = (self.local(seen).branch, seen.head)
        if seen.head is None:
            lockfile.remove(self.root)
        elif pin[0] is not None or not self._locks(seen.head):
            lockfile.write(self.root, lockfile.LockPins(pin[0], seen.head), self.scratch())

        def settle(found: Refs, _: "Writer") -> Refs:
            if (self.local(found).branch, found.head) != pin:
                return found  # somebody moved HEAD meanwhile: the lock is written again
            return replace(found, local=replace(self.local(found), lock_due=False))

        settled = self.publish("settle", settle, log=False)
        return (self.local(settled).branch, settled.head) == pin

    def _locks(self, commit: ObjectId) -> bool:
        # On a detached HEAD it stays as git has it: else git would not leave what `checkout --locked` followed.
        with suppress(BadConfig):
            found = lockfile.read(self.root)
            return found is not None and found.commit == commit
        return False


def now() -> tuple[int, int]:
    """Return the present time: seconds since 1970-01-01 UTC, and minutes east of UTC here."""
    seconds = int(time.time())
    return seconds, time.localtime(seconds).tm_gmtoff // 60
