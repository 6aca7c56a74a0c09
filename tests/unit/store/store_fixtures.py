"""A store for tests, with refs that are a plain attribute."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from dsv.hashing import Buffer, Kind, file_id
from dsv.ids import ObjectId
from dsv.store.blobs.base import Blobs
from dsv.store.blobs.local import LocalBlobs
from dsv.store.contents import Contents
from dsv.store.ingest import ReadAt, ingest
from dsv.store.objects import Objects
from dsv.store.packs import index_merge
from dsv.store.packs.index import Located
from dsv.store.refs import Refs
from dsv.store.writer import Sealed, Writer


class Shelf:
    def __init__(self, blobs: Blobs) -> None:
        self.blobs = blobs
        self.refs = Refs()

    def objects(self) -> Objects:
        return Objects(self.blobs, lambda: self.refs)

    def place(self, content: bytes) -> Located:
        found = self.objects().find(file_id(content))
        assert found is not None
        return found

    def contents(self) -> Contents:
        return Contents(self.objects())

    def publish(self, sealed: Sealed) -> Sealed:
        indexes = index_merge.compact(self.blobs, (*self.refs.indexes, *sealed.indexes))
        self.refs = replace(self.refs, indexes=indexes)
        return sealed

    def add(self, *segments: bytes) -> Sealed:
        with Writer(self.objects()) as writer:
            for segment in segments:
                writer.add(Kind.SEGMENT, file_id(segment), segment)
            return self.publish(writer.seal())

    def add_files(self, contents: Iterable[Buffer]) -> list[ObjectId]:
        with Writer(self.objects()) as writer:
            ids = [ingest(writer, reading(content), len(content)) for content in contents]
            self.publish(writer.seal())
        return ids


def local_shelf(folder: Path) -> Shelf:
    folder.mkdir(parents=True, exist_ok=True)
    return Shelf(LocalBlobs(folder))


def reading(content: Buffer) -> ReadAt:
    view = memoryview(content)
    return lambda offset, length: view[offset : offset + length]


def blob_path(folder: Path, name: str) -> Path:
    path = folder / name
    path.chmod(0o644)
    return path


def flip(path: Path, at: int, bits: int = 0x10) -> None:
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ bits]))
        os.fsync(file.fileno())
