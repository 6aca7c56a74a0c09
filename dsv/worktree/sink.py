"""Where the content of the working tree goes while it is looked at."""

import os
from typing import Protocol

from dsv.hashing import Kind, file_hasher, file_id, object_id
from dsv.ids import ObjectId
from dsv.model.node import Entry, Leaf, encode
from dsv.progress import SILENT, Progress
from dsv.worktree.stat_cache import StatCache
from dsv.worktree.stat_pages import Body, kind_of

WHOLE = 1 << 20
"""A file up to this size is read in one call."""

OVERLAY_BYTES = 128 << 20


class Sink(Protocol):
    """Takes files and nodes, and says their ids.

    Attributes:
        stored_epoch: `Refs.epoch` at which what is put is stored; None if nothing is stored.
    """

    stored_epoch: int | None

    def put_file(self, path: str, fd: int, stat: os.stat_result) -> ObjectId:
        """Read the open file `fd` from its start to its end and return its file id.

        May raise OSError when it cannot be read, and EOFError when it became shorter. That it
        changed otherwise is the caller's to see.
        """

    def put_node(self, data: bytes) -> ObjectId:
        """Take an encoded node and return its id."""


class HashSink:
    """Stores nothing; remembers the nodes, so that they can be compared file by file.

    Nodes beyond `OVERLAY_BYTES`, and those that were not looked at again because the cache
    knew them, are asked of the cache.
    """

    stored_epoch: int | None = None

    def __init__(self, cache: StatCache | None = None, progress: Progress = SILENT) -> None:
        self._progress = progress
        self._read = 0
        self._cache = cache
        self._nodes: dict[ObjectId, bytes] = {}
        self._room = OVERLAY_BYTES

    def put_file(self, path: str, fd: int, stat: os.stat_result) -> ObjectId:  # noqa: ARG002
        """Return the file id of what `fd` holds."""
        if stat.st_size <= WHOLE:
            data = os.read(fd, stat.st_size + 1)
            self._count(len(data))
            if len(data) == stat.st_size:
                return file_id(data)
            hasher = file_hasher()
            hasher.update(data)
        else:
            hasher = file_hasher()
        while data := os.read(fd, WHOLE):
            self._count(len(data))
            hasher.update(data)
        return ObjectId(hasher.hexdigest())

    def skipped(self, size: int) -> None:
        """Count what did not have to be read of a dataset of `size` bytes."""
        self._count(max(0, size - self._read))

    def _count(self, amount: int) -> None:
        self._read += amount
        self._progress.advance(amount)

    def put_node(self, data: bytes) -> ObjectId:
        """Return the id of the encoded node, and remember it while there is room."""
        oid = object_id(Kind.NODE, data)
        if oid not in self._nodes and (self._room >= len(data) or self._cache is None):
            self._nodes[oid] = data
            self._room -= len(data)
        return oid

    def node(self, oid: ObjectId) -> bytes | None:
        """Return the encoding of the node `oid` if it was seen in the working tree."""
        data = self._nodes.get(oid)
        if data is None and self._cache is not None:
            body = self._cache.page(bytes.fromhex(oid))
            data = None if body is None else encode(Leaf(tuple(entries_of(body))))
        return data


def entries_of(body: Body) -> list[Entry]:
    """Return the entries that a page of the cache stands for."""
    entries = []
    for position, name in enumerate(body.names):
        link = body.links.get(name)
        if link is None:
            target = body.ids[32 * position : 32 * position + 32].hex()
            entries.append(Entry(name, kind_of(body.stat(position).mode), target))
        else:
            entries.append(Entry(name, "link", link))
    return entries
