"""Writing a directory or a file that is not there yet."""

import os
from collections.abc import Callable, Iterator
from typing import Protocol

from dsv.atomic import open_new, write_all
from dsv.errors import Corrupt
from dsv.hashing import Buffer
from dsv.ids import ObjectId
from dsv.model.node import DIR, EMPTY, EXEC, FILE, LINK, Entry, Leaf, Node, Page
from dsv.model.tree import check_depth, leaves
from dsv.progress import SILENT, Progress
from dsv.workspace import pages
from dsv.workspace.ledger import Ledger
from dsv.workspace.pages import ID_BYTES, Body
from dsv.workspace.paths import check_stored_name
from dsv.workspace.record import Stretch, Total
from dsv.workspace.scan import DIR_MODE, under

_NO_ID = bytes(ID_BYTES)


class Reader(Protocol):
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
        node: As for `Reader`.
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


def write_file(path: str, oid: ObjectId, kind: str, reader: Reader) -> os.stat_result:
    """Write a file that does not exist, and return its stat.

    Raises:
        OSError: It cannot be written, or its name is taken; what was written is left.
        Missing, Corrupt: The store cannot give it; what was written is left.
    """
    fd = open_new(path, 0o777 if kind == EXEC else 0o666)
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
        progress: Told of each entry.
        ledger: Told of the pages; None where the cache is not to learn of them.
    """

    def __init__(self, reader: Reader, progress: Progress = SILENT, ledger: Ledger | None = None) -> None:
        self._reader = reader
        self._progress = progress
        self._ledger = ledger

    def folder(self, path: str, oid: ObjectId, shown: str, folder: str = "") -> Total:
        """Make the directory `path` with the entries of the node `oid`.

        Args:
            path: Where; nothing is there.
            oid: The node.
            shown: The directory relative to the workspace, for messages.
            folder: The directory relative to the dataset, for the cache.

        Raises:
            OSError: It cannot be written.
            Missing: The store does not hold all of it.
            Corrupt: It is damaged, or holds what dsv never records.
        """
        check_depth(f"{shown}/")
        os.mkdir(path)  # noqa: PTH102 - a Path for each of a million folders costs too much
        files = size = 0
        for page in [Page("", 0, EMPTY)] if oid == EMPTY else leaves(oid, self._reader.node):
            node = self._reader.node(page.id) if page.entries else Leaf(())
            if not isinstance(node, Leaf):
                raise Corrupt(f"node {page.id} is listed as a page of entries and is not one")
            done = self._page(path, node.entries, page.id, shown, folder)
            files, size = files + done.files, size + done.size
        return Total(oid, files, size)

    def _page(self, path: str, entries: tuple[Entry, ...], oid: ObjectId, shown: str, folder: str) -> Total:
        numbers: list[int] = []
        ids: list[bytes] = []
        links: dict[str, str] = {}
        below: dict[int, Total] = {}
        files = size = 0
        for position, (name, kind, target) in enumerate(entries):
            check_stored_name(name, shown)
            here = f"{path}/{name}"
            if kind == DIR:
                total = self.folder(here, ObjectId(target), under(shown, name), under(folder, name))
                below[position] = total
                files, size = files + total.files, size + total.size
                numbers += (0, 0, 0, 0, DIR_MODE)
                ids.append(bytes.fromhex(target))
                continue
            if kind == LINK:
                os.symlink(target, here)  # noqa: PTH211 - the text as it is stored
                found = os.lstat(here)
                links[name] = target
                ids.append(_NO_ID)
            elif kind in {FILE, EXEC}:
                found = write_file(here, ObjectId(target), kind, self._reader)
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
            stretch = Stretch(path, shown, folder, names, pages.names_sig(names), numbers, below, 0)
            body = Body(names, pages.pack_stats(numbers), b"".join(ids), b"", links)
            self._ledger.add(stretch, body, total)
        return total
