"""A store in memory: the twin of the others, for tests and for what need not last."""

import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

from dsv.errors import Corrupt, RefMoved
from dsv.hashing import Buffer
from dsv.store.blobs.base import ALL_KEPT, BlobInfo, Conditions


class MemoryBlobs:
    """Blobs in a dictionary; `dsv.store.blobs.base.Blobs` says what the methods do."""

    def __init__(self) -> None:
        self._blobs: dict[str, tuple[bytes, float]] = {}
        self._refs: bytes | None = None
        self._lock = threading.Lock()
        self._scratch: Path | None = None

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Return bytes of a blob."""
        data = self.view(name)
        if length is None:
            return data[offset:]
        if offset + length > len(data):
            raise Corrupt(f"{name} ends at byte {len(data)}, before {offset + length}")
        return data[offset : offset + length]

    def view(self, name: str) -> bytes:
        """Return all of a blob."""
        try:
            return self._blobs[name][0]
        except KeyError:
            raise FileNotFoundError(name) from None

    def put(self, name: str, data: Buffer) -> bool:
        """Create a blob; False if the name is taken."""
        with self._lock:
            if name in self._blobs:
                return False
            self._blobs[name] = (bytes(data), time.time())
            return True

    def adopt(self, name: str, path: Path) -> bool:
        """Create a blob from a local file, which is consumed."""
        data = path.read_bytes()
        path.unlink()
        return self.put(name, data)

    def scratch(self) -> Path:
        """Return a local folder for files that `adopt` will be given."""
        with self._lock:
            if self._scratch is None:
                self._scratch = Path(tempfile.mkdtemp(prefix="dsv-"))
                weakref.finalize(self, shutil.rmtree, self._scratch, ignore_errors=True)
            return self._scratch

    def list(self, prefix: str) -> Iterator[BlobInfo]:
        """Yield the blobs whose names start with `prefix`."""
        for name, (data, modified) in list(self._blobs.items()):
            if name.startswith(prefix):
                yield BlobInfo(name, len(data), modified)

    def delete(self, name: str) -> None:
        """Remove a blob; no error if it is gone already."""
        with self._lock:
            self._blobs.pop(name, None)

    def load(self) -> bytes | None:
        """Return the mutable object."""
        return self._refs

    def swap(self, expected: bytes | None, new: bytes) -> None:
        """Replace the mutable object if it still is `expected`."""
        with self._lock:
            if self._refs != expected:
                raise RefMoved("refs were changed by somebody else meanwhile")
            self._refs = bytes(new)

    def conditions(self) -> Conditions:
        """Return which conditions are kept: all."""
        return ALL_KEPT

    def abort_uploads(self, before: float) -> int:
        """Take nothing back: a blob appears in one step."""
        del before
        return 0
