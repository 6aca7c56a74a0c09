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
from dsv.workspace import pages
from dsv.workspace.ignore import NOTHING, Ignore
from dsv.workspace.known import Known
from dsv.workspace.mapped import Watch
from dsv.workspace.record import FILE_FOLDER, Recorder, Stretch, Total, signature
from dsv.workspace.scan import cut_names, digest_names, failure, list_names, refuse_special, scan
from dsv.workspace.sink import Sink
from dsv.workspace.stat import StatCache


class Observation(NamedTuple):
    """What a dataset is in the working tree.

    Attributes:
        content: File id or node id.
        kind: `FILE`, `EXEC` or `DIR`.
        size: Bytes of all its files together.
        files: How many files it has, links not counted; 1 for a file.
        hashed: How many of them had to be read.
        seen: When the look began, in ns since 1970: what changed before then is in it.
    """

    content: ObjectId
    kind: str
    size: int
    files: int
    hashed: int
    seen: int = 0


def observe(
    root: Path,
    dataset: str,
    cache: StatCache,
    sink: Sink,
    *,
    rehash: bool = False,
    careful: bool = False,
    ignore: Ignore = NOTHING,
    watch: Watch | None = None,
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
        watch: Knows what is mapped; by default a new one.

    Raises:
        UserError: There is nothing, or something cannot be read; the message names it.
        Refused: The dataset is a link, or holds a pipe, socket or device, a name that is not
            UTF-8, or over `MAX_DEPTH` folders inside each other.
        Changing: A file changed while it was read, twice.
        StorageError: The disk failed.
    """
    path = f"{os.fspath(root)}/{dataset}"
    began = time.time_ns()
    try:
        found = os.lstat(path)
    except OSError as error:
        raise failure(error, dataset) from error
    if modes.S_ISLNK(found.st_mode):
        raise Refused(f"{dataset} is a link", hint="add what it points to, or use dsv import")
    refuse_special(found.st_mode, dataset)
    recorder = Recorder(dataset, cache, sink, rehash=rehash, careful=careful, watch=watch)
    look = _Look(os.fspath(root), dataset, recorder, ignore)
    if modes.S_ISDIR(found.st_mode):
        total, kind = look.folder("", 0), DIR
    else:
        total, kind = look.file(path)
    return Observation(total.node, kind, total.size, total.files, recorder.hashed, began)


class _Folder(NamedTuple):
    """A directory that is being looked at: where it is, and what was known of it."""

    path: str
    shown: str
    folder: str
    known: Known
    depth: int


class _Look:
    """One walk through one dataset, depth first."""

    def __init__(self, base: str, dataset: str, recorder: Recorder, ignore: Ignore) -> None:
        self._base = base
        self._dataset = dataset
        self._cache = recorder.cache
        self._recorder = recorder
        self._ignore = ignore

    def file(self, path: str) -> tuple[Total, str]:
        """Look at a dataset that is one file."""
        parent, _, name = path.rpartition("/")
        known = Known(self._cache, self._dataset, FILE_FOLDER)
        seen = time.time_ns()
        shown = self._dataset.rpartition("/")[0]
        numbers = scan(parent, shown, [name]).numbers
        stretch = Stretch(parent, shown, FILE_FOLDER, [name], digest_names([name], shown), numbers, {}, seen)
        total = self._judge(stretch, known)
        # The numbers are brought up to date where the file was read.
        return total, EXEC if pages.kind_of(numbers[4]) == EXEC else FILE

    def folder(self, folder: str, depth: int) -> Total:
        """Look at a directory of the dataset; `folder` is relative to it, empty for itself."""
        shown = f"{self._dataset}/{folder}" if folder else self._dataset
        if depth > MAX_DEPTH:
            raise Refused(f"{shown} is more than {MAX_DEPTH} folders deep")
        path = f"{self._base}/{shown}"
        names = list_names(path, shown, self._ignore)
        known = Known(self._cache, self._dataset, folder)
        gone = known.lasts()
        found: list[Page] = []
        files = size = 0
        node = ObjectId("")
        for start, end in cut_names(names, known.rows, shown):
            last = names[end - 1] if end else ""
            node, below, amount = self._page(_Folder(path, shown, folder, known, depth), names[start:end])
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
        numbers, folders = scan(place.path, place.shown, names)
        prefix = f"{place.folder}/" if place.folder else ""
        below = {position: self.folder(prefix + names[position], place.depth + 1) for position in folders}
        stretch = Stretch(place.path, place.shown, place.folder, names, digest, numbers, below, seen)
        return self._judge(stretch, place.known)

    def _judge(self, stretch: Stretch, known: Known) -> Total:
        """Take a page as it was known if nothing about it changed; otherwise read what did."""
        head = known.head(stretch.names[-1] if stretch.names else "")
        if head is not None and self._recorder.suffices(head, stretch.numbers):
            same = signature(stretch, pages.pack_stats(stretch.numbers)) == head.sig
            if same:
                return Total(ObjectId(head.node.hex()), head.files, head.size)
        return self._recorder.page(stretch, known)
