"""Reading what changed: the entries of one page of a directory, and the node that they make."""

import os
import stat as modes
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from dsv.atomic import sync_file
from dsv.errors import Changing
from dsv.ids import ObjectId
from dsv.model.node import DIR, LINK, Entry, Leaf, encode
from dsv.worktree import boot, stat_pages
from dsv.worktree.beneath import PLAIN
from dsv.worktree.mapped import Maps
from dsv.worktree.scan import failure, not_utf8, refuse_special, under
from dsv.worktree.sink import Sink
from dsv.worktree.stat_cache import CachedPages, PageRow, Past, StatCache, is_of_before
from dsv.worktree.stat_pages import FIELDS, ID_BYTES, STAT_BYTES, Body, Head

FILE_FOLDER = "/"
"""Where the cache keeps a dataset that is one file: no directory has this name."""

_NO_ID = bytes(ID_BYTES)


Wrote = Callable[[str, os.stat_result], bool]


def nobody(path: str, stat: os.stat_result) -> bool:  # noqa: ARG001
    """Say of every file that others wrote it."""
    return False


class Total(NamedTuple):
    """A directory or a page of one: the node that it makes, the files below it and their bytes."""

    node: ObjectId
    files: int
    size: int


class Stretch(NamedTuple):
    """A page of a directory as it was just looked at.

    Attributes:
        path: The directory.
        shown: The directory relative to the workspace.
        folder: The directory relative to the dataset, or `FILE_FOLDER`.
        names: The names in the page.
        digest: Their hash.
        numbers: Their stats, `FIELDS` numbers each.
        below: By position the directories among them.
        seen: When the look began, in ns since 1970.
        dir: Descriptor of the directory; None where it is only written about.
    """

    path: str
    shown: str
    folder: str
    names: Sequence[str]
    digest: bytes
    numbers: list[int]
    below: Mapping[int, Total]
    seen: int
    dir: int | None = None


def signature(stretch: Stretch, stats: bytes) -> bytes:
    """Return the hash of everything that was seen of a page, whose packed stats are `stats`."""
    children = "".join([total.node for total in stretch.below.values()])
    return stat_pages.short_hash(stretch.digest, stats, children.encode())


class Recorder:
    """Reads what the cache does not know of a dataset, and tells it to the cache.

    Args:
        dataset: Its path.
        cache: What was known, and is told.
        sink: Takes what is read.
        rehash: Read everything, whatever the cache says.
        careful: Believe no stat of a file that was young when it was seen: it is about to be overwritten.
        wrote: Whether the command itself wrote a file, and it is as it was then.

    Attributes:
        cache: What was known, and is told.
        sink: Takes what is read.
        hashed: How many files were read.
    """

    def __init__(
        self,
        dataset: str,
        cache: StatCache,
        sink: Sink,
        *,
        rehash: bool,
        careful: bool = False,
        wrote: Wrote = nobody,
    ) -> None:
        self._dataset = dataset
        self._careful = careful
        self._wrote = wrote
        self.cache = cache
        self.sink = sink
        self._rehash = rehash
        self.hashed = 0

    @cached_property
    def _maps(self) -> Maps:
        return self.cache.watch.maps

    def suffices(self, head: Head, numbers: Sequence[int]) -> bool:
        """Whether a page whose names and stats are as they were need not be looked into."""
        if head.racy or self._rehash or (self._careful and stat_pages.is_young(numbers, head.seen)):
            return False
        if is_of_before(head):
            return False
        epoch = self.sink.stored_epoch
        return epoch is None or (head.complete and head.epoch == epoch)

    def page(self, stretch: Stretch, known: CachedPages) -> Total:
        """Read what changed in a page, put its node, and remember it.

        Raises:
            UserError, Changing, StorageError: As `observe`.
        """
        names = stretch.names
        rows = known.around(names[0], names[-1]) if names else []
        entries, body, silent = self._entries(stretch, known.entries(rows), _epoch(self.sink, rows))
        single = stretch.folder == FILE_FOLDER
        node = ObjectId(entries[0].target) if single else self.sink.put_node(encode(Leaf(tuple(entries))))
        total = _total(stretch, node)
        self._remember(stretch, body, total, rows, silent=silent)
        return total

    def _entries(
        self, stretch: Stretch, before: dict[str, Past], epoch: int
    ) -> tuple[list[Entry], Body, bool]:
        """Return the entries, what to remember of them, and whether one may change without a trace."""
        numbers = stretch.numbers
        stats = stat_pages.pack_stats(numbers)
        storing = self.sink.stored_epoch is not None
        entries: list[Entry] = []
        ids: list[bytes] = []
        links: dict[str, str] = {}
        fresh = bytearray(len(stretch.names))
        silent = False
        for position, name in enumerate(stretch.names):
            if position in stretch.below:
                node = stretch.below[position].node
                entries.append(Entry(name, DIR, node))
                ids.append(bytes.fromhex(node))
                continue
            past = before.get(name)
            if past is not None and not self._holds(past, stats[position * STAT_BYTES :][:STAT_BYTES], epoch):
                past = None
            if modes.S_ISLNK(numbers[FIELDS * position + 4]):
                text = past.link if past is not None and past.link is not None else None
                links[name] = text if text is not None else _read_link(stretch, name)
                entries.append(Entry(name, LINK, links[name]))
                ids.append(_NO_ID)
                continue
            if past is not None:
                ids.append(past.id)
                fresh[position] = past.stored != epoch
                target = past.id.hex()
            else:
                oid, found, mute = self._read(stretch, name)
                silent = silent or mute
                numbers[FIELDS * position : FIELDS * (position + 1)] = found
                ids.append(bytes.fromhex(oid))
                fresh[position] = not storing
                target = oid
            entries.append(Entry(name, stat_pages.kind_of(numbers[FIELDS * position + 4]), target))
        body = Body(list(stretch.names), stat_pages.pack_stats(numbers), b"".join(ids), bytes(fresh), links)
        return entries, body, silent

    def _holds(self, past: Past, stat: bytes, epoch: int) -> bool:
        """Whether what was known of an entry still holds, and is enough for the sink."""
        if past.stat != stat or past.racy or self._rehash or (self._careful and past.young):
            return False
        if past.unsure:
            return False
        return self.sink.stored_epoch is None or past.link is not None or past.stored == epoch

    def _read(self, stretch: Stretch, name: str) -> tuple[ObjectId, tuple[int, int, int, int, int], bool]:
        """Put a file; return its id, its stat, which was the same before and after, and whether it says nothing."""
        path, shown = f"{stretch.path}/{name}", under(stretch.shown, name)
        maps = self._maps
        for _ in range(2):
            try:
                fd = os.open(name, PLAIN, dir_fd=stretch.dir)
                try:
                    before = os.fstat(fd)
                    refuse_special(before.st_mode, shown)
                    silent = False
                    if maps.is_doubtful(before) and not self._wrote(path, before):
                        sync_file(fd)
                        before = os.fstat(fd)
                        silent = maps.is_silent(before)
                    oid = self.sink.put_file(path, fd, before)
                    after = os.fstat(fd)
                finally:
                    os.close(fd)
            except EOFError:
                continue
            except OSError as error:
                raise failure(error, shown) from error
            numbers = (after.st_size, after.st_mtime_ns, after.st_ctime_ns, after.st_ino, after.st_mode)
            if numbers[:3] == (before.st_size, before.st_mtime_ns, before.st_ctime_ns):
                self.hashed += 1
                return oid, numbers, silent
        raise Changing(f"{shown} changed while it was read, twice", hint="wait until its writer is done")

    def _remember(
        self, stretch: Stretch, body: Body, total: Total, rows: list[PageRow], *, silent: bool
    ) -> None:
        if not self.cache.writable:
            return
        node = bytes.fromhex(total.node)
        storing = self.sink.stored_epoch is not None
        epoch = _epoch(self.sink, rows)
        head = Head(
            sig=signature(stretch, body.stats),
            names=stretch.digest,
            node=node,
            entries=len(body.names),
            files=total.files,
            size=total.size,
            seen=0 if silent else stretch.seen,
            epoch=epoch,
            complete=storing or any(row.head.complete for row in rows if row.head[2:8:5] == (node, epoch)),
            racy=silent or stat_pages.is_racy(stretch.numbers, stretch.seen),
            boot=boot.session()
            if stat_pages.is_young(stretch.numbers, stretch.seen, stat_pages.FRESH_NS)
            else stat_pages.LASTING,
        )
        last = body.names[-1] if body.names else ""
        self.cache.put(self._dataset, stretch.folder, last, head, body)


def _epoch(sink: Sink, rows: list[PageRow]) -> int:
    """Return the epoch that a page's record will speak of."""
    if sink.stored_epoch is not None:
        return sink.stored_epoch
    return max((row.head.epoch for row in rows), default=-1)


def _total(stretch: Stretch, node: ObjectId) -> Total:
    files = size = 0
    for position in range(len(stretch.names)):
        below = stretch.below.get(position)
        if below is not None:
            files += below.files
            size += below.size
        elif modes.S_ISREG(stretch.numbers[FIELDS * position + 4]):
            files += 1
            size += stretch.numbers[FIELDS * position]
    return Total(node, files, size)


def _read_link(stretch: Stretch, name: str) -> str:
    shown = under(stretch.shown, name)
    try:
        text = os.readlink(name, dir_fd=stretch.dir)
    except OSError as error:
        raise failure(error, shown) from error
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise not_utf8([text], shown) from error
    return text
