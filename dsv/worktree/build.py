"""Writing a directory or a file that is not there yet."""

import os
from collections.abc import Callable, Iterator
from typing import Protocol

from dsv.atomic import open_new, write_all
from dsv.errors import Corrupt
from dsv.hashing import Buffer
from dsv.ids import ObjectId
from dsv.model.dataset_paths import check_stored_name
from dsv.model.node import DIR, EMPTY, EXEC, FILE, LINK, Entry, Leaf, Node, Page
from dsv.model.tree import check_depth, leaves
from dsv.progress import SILENT, Progress
from dsv.worktree import stat_pages
from dsv.worktree.beneath import open_child, opened
from dsv.worktree.read_pages import Stretch, Total
from dsv.worktree.scan import DIR_MODE, under
from dsv.worktree.stat_pages import ID_BYTES, Body
from dsv.worktree.written_files import WrittenPages

_NO_ID = bytes(ID_BYTES)


class ContentReader(Protocol):
    """Where content comes from; both methods raise Missing and Corrupt."""

    @property
    def node(self) -> Callable[[ObjectId], Node]:
        """Gives a node."""

    @property
    def stream(self) -> Callable[[ObjectId], Iterator[Buffer]]:
        """Gives the bytes of a file, verified when it has come to its end."""


class Counted:
    """A reader that tells how many bytes of files went through it.

    Attributes:
        node: As for `ContentReader`.
    """

    def __init__(
        self,
        stream: Callable[[ObjectId], Iterator[Buffer]],
        node: Callable[[ObjectId], Node],
        progress: Progress,
    ) -> None:
        self.node = node
        self._stream = stream
        self._progress = progress

    def stream(self, oid: ObjectId, /) -> Iterator[Buffer]:
        """Yield the bytes of a file."""
        for data in self._stream(oid):
            self._progress.advance(len(data))
            yield data


def write_file(
    path: str, oid: ObjectId, kind: str, reader: ContentReader, folder: int | None = None
) -> os.stat_result:
    """Write a file that does not exist, and return its stat.

    Args:
        path: Where; relative to `folder` if that is given.
        oid: Its content.
        kind: `FILE` or `EXEC`.
        reader: Gives the content.
        folder: Descriptor of a folder.

    Raises:
        OSError: It cannot be written, or its name is taken; what was written is left.
        Missing, Corrupt: The store cannot give it; what was written is left.
    """
    fd = open_new(path, 0o777 if kind == EXEC else 0o666, folder)
    try:
        for data in reader.stream(oid):
            write_all(fd, data)
        return os.fstat(fd)
    finally:
        os.close(fd)


class Builder:
    """Writes directories where nothing is.

    Args:
        reader: Gives the content.
        progress: Counts each entry.
        ledger: Called with the pages; None where the cache is not to learn of them.
    """

    def __init__(
        self, reader: ContentReader, progress: Progress = SILENT, ledger: WrittenPages | None = None
    ) -> None:
        self._reader = reader
        self._progress = progress
        self._ledger = ledger

    def folder(
        self, path: str, oid: ObjectId, shown: str, folder: str = "", *, above: int | None = None
    ) -> Total:
        """Make the directory `path` with the entries of the node `oid`.

        Args:
            path: Where; nothing is there. Relative to `above` if that is given.
            oid: The node.
            shown: The directory relative to the workspace, for messages.
            folder: The directory relative to the dataset, for the cache.
            above: Descriptor of the directory that it shall be in.

        Raises:
            OSError: It cannot be written.
            Missing: The store does not hold all of it.
            Corrupt: It is damaged, or holds what dsv never records.
        """
        check_depth(f"{shown}/")
        os.mkdir(path, dir_fd=above)
        with opened(open_child(above, path)) as here:
            return self._fill(here, oid, shown, folder)

    def _fill(self, here: int, oid: ObjectId, shown: str, folder: str) -> Total:
        files = size = 0
        for page in [Page("", 0, EMPTY)] if oid == EMPTY else leaves(oid, self._reader.node):
            node = self._reader.node(page.id) if page.entries else Leaf(())
            if not isinstance(node, Leaf):
                raise Corrupt(f"node {page.id} is listed as a page of entries and is not one")
            done = self._page(here, node.entries, page.id, shown, folder)
            files, size = files + done.files, size + done.size
        return Total(oid, files, size)

    def _page(self, here: int, entries: tuple[Entry, ...], oid: ObjectId, shown: str, folder: str) -> Total:
        numbers: list[int] = []
        ids: list[bytes] = []
        links: dict[str, str] = {}
        below: dict[int, Total] = {}
        files = size = 0
        for position, (name, kind, target) in enumerate(entries):
            check_stored_name(name, shown)
            if kind == DIR:
                total = self.folder(
                    name, ObjectId(target), under(shown, name), under(folder, name), above=here
                )
                below[position] = total
                files, size = files + total.files, size + total.size
                numbers += (0, 0, 0, 0, DIR_MODE)
                ids.append(bytes.fromhex(target))
                continue
            if kind == LINK:
                os.symlink(target, name, dir_fd=here)
                found = os.lstat(name, dir_fd=here)
                links[name] = target
                ids.append(_NO_ID)
            elif kind in {FILE, EXEC}:
                found = write_file(name, ObjectId(target), kind, self._reader, here)
                ids.append(bytes.fromhex(target))
                files += 1
                size += found.st_size
            else:
                raise Corrupt(f"{under(shown, name)} is recorded as a {kind}, which is no part of a folder")
            numbers += (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_mode)
        self._progress.advance(len(entries) - len(below))
        total = Total(oid, files, size)
        if self._ledger is not None:
            names = [entry.name for entry in entries]
            stretch = Stretch("", shown, folder, names, stat_pages.names_sig(names), numbers, below, 0)
            body = Body(names, stat_pages.pack_stats(numbers), b"".join(ids), b"", links)
            self._ledger.add(stretch, body, total)
        return total
