"""A remote's blobs with its index files kept here: each is fetched once."""

import contextlib
import mmap
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dsv import atomic
from dsv.errors import Corrupt
from dsv.hashing import Buffer, file_id
from dsv.ids import ObjectId
from dsv.remotes.location import RemoteBlobs
from dsv.store.blobs.base import BlobInfo, Conditions
from dsv.store.blobs.metered import Meter
from dsv.store.packs import index_merge
from dsv.store.refs import IndexRef

INDEX_LIMIT = 64 << 20
"""An index that claims more bytes is refused unread."""

_WORKERS = 8


class CachedBlobs:
    """Blobs of a remote; `dsv.store.blobs.base.Blobs` says what the methods do.

    Index files are read from `folder`, and fetched into it if they are not there. One that is
    put is kept there only, until `send_indexes`: what several merges in a row make and unmake
    is never sent.

    Args:
        blobs: The remote.
        folder: Where index files are kept; made if missing.
    """

    def __init__(self, blobs: RemoteBlobs, folder: Path) -> None:
        self.blobs = blobs
        self._folder = folder
        self._held: set[str] = set()

    @property
    def meter(self) -> Meter:
        """Counts what the remote is asked."""
        return self.blobs.meter

    def fetch_indexes(self, refs: Iterable[IndexRef]) -> None:
        """Bring those indexes here that are not.

        Raises:
            FileNotFoundError: The remote has not got one of them.
            Corrupt: One is not what its name says.
            StorageError: It cannot be read, or not be kept.
        """
        lacking = [ref for ref in refs if not self._holds(ref.id)]
        if len(lacking) < 2:
            for ref in lacking:
                self._fetch(ref.id, ref.size)
            return
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="dsv-index") as pool:
            for _ in pool.map(lambda ref: self._fetch(ref.id, ref.size), lacking):
                pass

    def send_indexes(self, refs: Iterable[IndexRef]) -> None:
        """Give the remote indexes that were put.

        Raises:
            StorageError: They cannot be written.
        """
        for ref in refs:
            self.blobs.put(index_merge.name(ref.id), self._path(ref.id).read_bytes())

    def forget(self, live: Iterable[IndexRef]) -> None:
        """Remove what is kept of indexes that are not `live`."""
        names = {f"{ref.id}.arrow" for ref in live}
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.name not in names:
                    path.unlink()

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Return bytes of a blob."""
        return self.blobs.read(name, offset, length)

    def view(self, name: str) -> bytes | mmap.mmap:
        """Return all of a blob; an index is mapped."""
        if not name.startswith("index/"):
            return self.blobs.view(name)
        oid = ObjectId(name.removeprefix("index/").removesuffix(".arrow"))
        if not self._holds(oid):
            self._fetch(oid, None)
        return _mapped(self._path(oid))

    def put(self, name: str, data: Buffer) -> bool:
        """Create a blob; an index only here."""
        if not name.startswith("index/"):
            return self.blobs.put(name, data)
        oid = name.removeprefix("index/").removesuffix(".arrow")
        self._keep(oid, data)
        return True

    def adopt(self, name: str, path: Path) -> bool:
        """Create a blob from a local file, which is consumed."""
        return self.blobs.adopt(name, path)

    def scratch(self) -> Path:
        """Return a local folder for files that `adopt` will be given."""
        return self.blobs.scratch()

    def list(self, prefix: str) -> Iterator[BlobInfo]:
        """Yield the blobs of the remote whose names start with `prefix`."""
        return self.blobs.list(prefix)

    def delete(self, name: str) -> None:
        """Remove a blob; no error if it is gone already."""
        self.blobs.delete(name)

    def load(self) -> bytes | None:
        """Return the mutable object."""
        return self.blobs.load()

    def swap(self, expected: bytes | None, new: bytes) -> None:
        """Replace the mutable object if it still is `expected`."""
        self.blobs.swap(expected, new)

    def conditions(self) -> Conditions:
        """Return which conditions the place keeps."""
        return self.blobs.conditions()

    def abort_uploads(self, before: float) -> int:
        """Take back uploads that were begun before `before` and never completed."""
        return self.blobs.abort_uploads(before)

    def _path(self, oid: str) -> Path:
        return self._folder / f"{oid}.arrow"

    def _holds(self, oid: ObjectId) -> bool:
        """Whether an index is kept here and sound; what is kept may be lost or damaged at any time."""
        if oid in self._held:
            return True
        try:
            sound = file_id(_mapped(self._path(oid))) == oid
        except OSError:
            return False
        if sound:
            self._held.add(oid)
        return sound

    def _fetch(self, oid: ObjectId, size: int | None) -> None:
        limit = INDEX_LIMIT if size is None else size
        if limit > INDEX_LIMIT:
            raise Corrupt(f"index {oid} of the remote claims {limit} bytes, more than any dsv writes")
        data = self.blobs.read(index_merge.name(oid), 0, size)
        if file_id(data) != oid:
            raise Corrupt(f"index {oid} of the remote is not what its name says")
        self._keep(oid, data)

    def _keep(self, oid: str, data: Buffer) -> None:
        # Not synced: what is torn by a power cut is found by its id, and fetched again.
        path = self._path(oid)
        with atomic.storing("write", path):
            self._folder.mkdir(parents=True, exist_ok=True)
            temp = self._folder / atomic.temp_name()
            temp.write_bytes(data)
            temp.replace(path)
        self._held.add(oid)


def _mapped(path: Path) -> bytes | mmap.mmap:
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        if os.fstat(fd).st_size == 0:
            return b""
        return mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(fd)
