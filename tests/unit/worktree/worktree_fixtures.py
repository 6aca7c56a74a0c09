"""What the tests of the working tree share: sinks, and a slow, obvious way to say what a folder is."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from dsv.hashing import Buffer, Kind, file_id, object_id
from dsv.ids import ObjectId
from dsv.model.node import DIR, EXEC, FILE, LINK, Entry, Leaf, Node, Put, build, decode
from dsv.worktree.stat_pages import SETTLE_NS

Step = tuple[str, str, bytes]
"""What to do, at which path, with which bytes."""


class Source(NamedTuple):
    """A reader made of two functions."""

    node: Callable[[ObjectId], Node]
    stream: Callable[[ObjectId], Iterator[Buffer]]


class MemoryStore:
    """A storing sink and a reader, which holds everything in dictionaries and counts."""

    def __init__(self, epoch: int | None = 0) -> None:
        self.stored_epoch: int | None = epoch
        self.files: dict[str, bytes] = {}
        self.nodes: dict[str, bytes] = {}
        self.read_paths: list[str] = []
        self.put_nodes = 0

    def put_file(self, path: str, fd: int, stat: os.stat_result) -> ObjectId:  # noqa: ARG002
        self.read_paths.append(path)
        data = b""
        while chunk := os.read(fd, 1 << 20):
            data += chunk
        oid = file_id(data)
        self.files[oid] = data
        return oid

    def put_node(self, data: bytes) -> ObjectId:
        oid = object_id(Kind.NODE, data)
        self.put_nodes += 1
        self.nodes[oid] = data
        return oid

    def stream(self, oid: ObjectId) -> Iterator[Buffer]:
        data = self.files[oid]
        for start in range(0, len(data), 1000):
            yield data[start : start + 1000]

    def read(self, oid: ObjectId) -> bytes:
        return self.files[oid]

    def node(self, oid: ObjectId) -> Node:
        return decode(self.nodes[oid], oid)


def settle() -> None:
    """Let what was just written become old enough to be trusted; nobody can set a file's ctime, so time must pass."""
    time.sleep(SETTLE_NS * 2 / 10**9)


def plain_id(path: Path, put: Put) -> str:
    """Return the content id of `path`, made from nothing but the model."""
    if path.is_symlink() or not path.is_dir():
        return file_id(path.read_bytes())
    entries = []
    for below in path.iterdir():
        if below.name in {".git", ".dsv"}:
            continue
        if below.is_symlink():
            entries.append(Entry(below.name, LINK, str(below.readlink())))
        elif below.is_dir():
            entries.append(Entry(below.name, DIR, plain_id(below, put)))
        else:
            kind = EXEC if below.stat().st_mode & 0o111 else FILE
            entries.append(Entry(below.name, kind, plain_id(below, put)))
    return build(sorted(entries, key=lambda entry: entry.name.encode()), put)


def entries_at(store: MemoryStore, oid: ObjectId) -> tuple[Entry, ...]:
    """Return the entries of a small node."""
    node = store.node(oid)
    assert isinstance(node, Leaf)
    return node.entries
