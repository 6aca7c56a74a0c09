"""Looking at a dataset in the working tree: its content id, with as little reading as is safe."""

import os
import stat as modes
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from dsv.errors import Refused
from dsv.ids import ObjectId
from dsv.model.node import DIR, EXEC, FILE, LEAF_LIMIT, Page, join
from dsv.model.tree import MAX_DEPTH
from dsv.worktree import stat_pages
from dsv.worktree.beneath import open_below, open_child, opened
from dsv.worktree.ignore import NOTHING, Ignore
from dsv.worktree.read_pages import FILE_FOLDER, Recorder, Stretch, Total, Wrote, nobody, signature
from dsv.worktree.scan import cut_names, digest_names, failure, list_names, refuse_special, scan
from dsv.worktree.sink import Sink
from dsv.worktree.stat_cache import CachedPages, StatCache


class Observation(NamedTuple):
    """What a dataset is in the working tree.

    Attributes:
        content: File id or node id.
        kind: `FILE`, `EXEC` or `DIR`.
        size: Bytes of all its files together.
        files: How many files it has, links not counted; 1 for a file.
        hashed: How many of them had to be read.
    """

    content: ObjectId
    kind: str
    size: int
    files: int
    hashed: int


def observe(
    root: Path,
    dataset: str,
    cache: StatCache,
    sink: Sink,
    *,
    rehash: bool = False,
    careful: bool = False,
    ignore: Ignore = NOTHING,
    wrote: Wrote = nobody,
) -> Observation:
    """Look at a dataset in the working tree.

    Entries that are as the cache knows them are not read again, unless `sink` stores and the
    cache does not say that the store holds them at the sink's epoch. What is learnt is put
    into `cache`, for the caller to commit (where the sink stores, after the store has landed).

    Args:
        root: The workspace.
        dataset: The dataset's path in it.
        cache: What was known.
        sink: Takes what is read.
        rehash: Read everything, whatever the cache says.
        careful: Read also what was young when it was last seen, for it is about to be overwritten.
        ignore: What is left out.
        wrote: Whether the command itself wrote a file, and it is as it was then.

    Raises:
        UserError: There is nothing, or something cannot be read; the message names it.
        Refused: The dataset is a link, or holds a pipe, socket or device, a name that is not
            UTF-8, or over `MAX_DEPTH` folders inside each other.
        Changing: A file changed while it was read, twice.
        StorageError: The disk failed.
    """
    above, _, name = dataset.rpartition("/")
    try:
        parent = open_below(os.fspath(root), above)
    except OSError as error:
        raise failure(error, dataset) from error
    with opened(parent):
        recorder = Recorder(dataset, cache, sink, rehash=rehash, careful=careful, wrote=wrote)
        total, kind = _Look(os.fspath(root), dataset, recorder, ignore).whole(parent, name)
    return Observation(total.node, kind, total.size, total.files, recorder.hashed)


class _Folder(NamedTuple):
    """A directory that is being looked at: where it is, and what was known of it."""

    dir: int
    path: str
    shown: str
    folder: str
    known: CachedPages
    depth: int


class _Look:
    """One walk through one dataset, depth first."""

    def __init__(self, base: str, dataset: str, recorder: Recorder, ignore: Ignore) -> None:
        self._base = base
        self._dataset = dataset
        self._cache = recorder.cache
        self._recorder = recorder
        self._ignore = ignore

    def whole(self, parent: int, name: str) -> tuple[Total, str]:
        """Look at the dataset, which is called `name` in the open folder `parent`; return its kind, too."""
        try:
            mode = os.lstat(name, dir_fd=parent).st_mode
        except OSError as error:
            raise failure(error, self._dataset) from error
        if modes.S_ISLNK(mode):
            raise Refused(f"{self._dataset} is a link", hint="add what it points to, or use dsv import")
        refuse_special(mode, self._dataset)
        return (self.folder(parent, "", 0), DIR) if modes.S_ISDIR(mode) else self.file(parent, name)

    def file(self, parent: int, name: str) -> tuple[Total, str]:
        """Look at a dataset that is one file."""
        known = self._cache.pages(self._dataset, FILE_FOLDER)
        seen = time.time_ns()
        shown = self._dataset.rpartition("/")[0]
        path = f"{self._base}/{shown}" if shown else self._base
        numbers = scan(parent, shown, [name]).numbers
        digest = digest_names([name], shown)
        stretch = Stretch(path, shown, FILE_FOLDER, [name], digest, numbers, {}, seen, parent)
        total = self._judge(stretch, known)
        # The numbers are brought up to date where the file was read.
        return total, EXEC if stat_pages.kind_of(numbers[4]) == EXEC else FILE

    def folder(self, parent: int, folder: str, depth: int) -> Total:
        """Look at a directory of the dataset; `folder` is relative to it, empty for itself.

        Args:
            parent: The open directory that it is in.
            folder: Which one.
            depth: How many of the dataset are above it.
        """
        shown = f"{self._dataset}/{folder}" if folder else self._dataset
        if depth > MAX_DEPTH:
            raise Refused(f"{shown} is more than {MAX_DEPTH} folders deep")
        try:
            here = open_child(parent, shown.rpartition("/")[2])
        except OSError as error:
            raise failure(error, shown) from error
        with opened(here):
            return self._inside(here, shown, folder, depth)

    def _inside(self, here: int, shown: str, folder: str, depth: int) -> Total:
        path = f"{self._base}/{shown}"
        names = list_names(here, shown, self._ignore)
        known = self._cache.pages(self._dataset, folder)
        gone = known.lasts()
        found: list[Page] = []
        files = size = 0
        node = ObjectId("")
        for start, end in cut_names(names, known.rows, shown):
            last = names[end - 1] if end else ""
            node, below, amount = self._page(
                _Folder(here, path, shown, folder, known, depth), names[start:end]
            )
            files += below
            size += amount
            gone.discard(last)
            found.append(Page(last, end - start, node))
        if gone:
            self._cache.drop(self._dataset, folder, gone)
        if len(names) > LEAF_LIMIT:
            node = join(found, self._recorder.sink.put_node)
        return Total(node, files, size)

    def _page(self, place: _Folder, names: Sequence[str]) -> Total:
        seen = time.time_ns()
        digest = digest_names(names, place.shown)
        numbers, folders = scan(place.dir, place.shown, names)
        prefix = f"{place.folder}/" if place.folder else ""
        below: dict[int, Total] = {}
        # No comprehension: folders go 250 deep, and a frame more for each is too much.
        for position in folders:
            below[position] = self.folder(place.dir, prefix + names[position], place.depth + 1)
        stretch = Stretch(
            place.path, place.shown, place.folder, names, digest, numbers, below, seen, place.dir
        )
        return self._judge(stretch, place.known)

    def _judge(self, stretch: Stretch, known: CachedPages) -> Total:
        """Take a page as it was known if nothing about it changed; otherwise read what did."""
        head = known.head(stretch.names[-1] if stretch.names else "")
        if head is not None and self._recorder.suffices(head, stretch.numbers):
            same = signature(stretch, stat_pages.pack_stats(stretch.numbers)) == head.sig
            if same:
                return Total(ObjectId(head.node.hex()), head.files, head.size)
        return self._recorder.page(stretch, known)
