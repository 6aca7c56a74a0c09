"""Counting what a remote is asked: requests, and bytes there and back.

A bucket counts each HTTP request, tries included (`dsv.store.blobs.s3`); any other place for
blobs is wrapped in `Metered`, where each call is one request.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from mmap import mmap
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from dsv.hashing import Buffer
from dsv.progress import SILENT, Progress
from dsv.store.blobs.base import BlobInfo, Blobs, Conditions

Content = TypeVar("Content", bytes, bytes | mmap)


class Traffic(NamedTuple):
    """What went over the wire so far.

    Attributes:
        requests: Requests that were sent, repeated ones included.
        sent: Bytes of content that were sent, repeated ones included.
        received: Bytes of content that came back.
    """

    requests: int = 0
    sent: int = 0
    received: int = 0

    def since(self, before: "Traffic") -> "Traffic":
        """Return what was added after `before`."""
        return Traffic(*(now - then for now, then in zip(self, before, strict=True)))


class Meter:
    """Counts from any number of threads.

    Attributes:
        progress: Advanced by the bytes of content as they arrive, each byte once however often it was
            sent; each piece of work puts its own here, begun, and takes it away afterwards.
    """

    def __init__(self) -> None:
        self.progress: Progress = SILENT
        self._lock = threading.Lock()
        self._traffic = Traffic()
        self._operations: Counter[str] = Counter()

    @property
    def traffic(self) -> Traffic:
        """The counts so far."""
        return self._traffic

    @property
    def operations(self) -> Mapping[str, int]:
        """Requests by what they asked for, such as `PutObject`."""
        with self._lock:
            return MappingProxyType(dict(self._operations))

    def request(self, operation: str, sent: int = 0) -> None:
        """Count a request with `sent` bytes of content."""
        with self._lock:
            requests, before, received = self._traffic
            self._traffic = Traffic(requests + 1, before + sent, received)
            self._operations[operation] += 1

    def receive(self, size: int) -> None:
        """Count `size` bytes that came back."""
        with self._lock:
            requests, sent, before = self._traffic
            self._traffic = Traffic(requests, sent, before + size)

    def advance(self, size: int) -> None:
        """Tell the progress of `size` bytes that are through."""
        self.progress.advance(size)


class Metered:
    """Blobs whose calls are counted; `dsv.store.blobs.base.Blobs` says what the methods do."""

    def __init__(self, blobs: Blobs, meter: Meter) -> None:
        self._blobs = blobs
        self.meter = meter

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Return bytes of a blob."""
        self.meter.request("read")
        return self._came(self._blobs.read(name, offset, length))

    def view(self, name: str) -> bytes | mmap:
        """Return all of a blob."""
        self.meter.request("read")
        return self._came(self._blobs.view(name))

    def put(self, name: str, data: Buffer) -> bool:
        """Create a blob; False if the name is taken."""
        self.meter.request("put", len(data))
        created = self._blobs.put(name, data)
        self.meter.advance(len(data))
        return created

    def adopt(self, name: str, path: Path) -> bool:
        """Create a blob from a local file, which is consumed."""
        size = path.stat().st_size
        self.meter.request("put", size)
        created = self._blobs.adopt(name, path)
        self.meter.advance(size)
        return created

    def scratch(self) -> Path:
        """Return a local folder for files that `adopt` will be given."""
        return self._blobs.scratch()

    def list(self, prefix: str) -> Iterator[BlobInfo]:
        """Yield the blobs whose names start with `prefix`."""
        self.meter.request("list")
        return self._blobs.list(prefix)

    def delete(self, name: str) -> None:
        """Remove a blob; no error if it is gone already."""
        self.meter.request("delete")
        self._blobs.delete(name)

    def load(self) -> bytes | None:
        """Return the mutable object."""
        self.meter.request("read")
        data = self._blobs.load()
        self.meter.receive(len(data or b""))
        return data

    def swap(self, expected: bytes | None, new: bytes) -> None:
        """Replace the mutable object if it still is `expected`."""
        self.meter.request("put", len(new))
        self._blobs.swap(expected, new)

    def conditions(self) -> Conditions:
        """Return which conditions the place keeps."""
        return self._blobs.conditions()

    def abort_uploads(self, before: float) -> int:
        """Take back uploads that were begun before `before` and never completed."""
        return self._blobs.abort_uploads(before)

    def _came(self, data: Content) -> Content:
        self.meter.receive(len(data))
        self.meter.advance(len(data))
        return data
