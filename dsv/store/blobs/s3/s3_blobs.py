"""A store in a bucket; `dsv.store.blobs.base.Blobs` says what the methods do.

Keys are the names that a store has everywhere, after the prefix. Blobs are created with
`If-None-Match: *`, and `refs` is replaced with `If-Match`: S3 does the rest, for any
number of writers without a server of ours.
"""

import contextlib
import errno
import mmap
import os
import re
import secrets
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from dsv import atomic
from dsv.errors import StorageError
from dsv.hashing import Buffer, file_hasher
from dsv.store.blobs.base import BlobInfo, Conditions
from dsv.store.blobs.metered import Meter
from dsv.store.blobs.s3.bucket_errors import RequestFailed
from dsv.store.blobs.s3.client import Client
from dsv.store.blobs.s3.download import Download
from dsv.store.blobs.s3.mutable import Mutable
from dsv.store.blobs.s3.probe import try_conditions
from dsv.store.blobs.s3.settings import S3Settings
from dsv.store.blobs.s3.upload import STAMP, Upload, abort, begun, stamp_of
from dsv.store.packs.index import PACK_LIMIT
from dsv.store.refs import MAX_BYTES

MULTIPART = 16 << 20
"""Files of at least this many bytes are sent in parts."""

BLOB_LIMIT = PACK_LIMIT
"""No pack and no index has more bytes, so no more are taken."""

_PACK = re.compile(r"packs/([0-9a-f]{2})/\1[0-9a-f]{62}\.pack")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)+")
_INDEX = re.compile(r"index/([0-9a-f]{64})\.arrow")


class S3Blobs:
    """Blobs in a bucket.

    Nothing is asked of the bucket before the first call. All methods may be called from many threads.

    Args:
        settings: Where the bucket is and how to speak to it.
        meter: Counts requests and bytes.
        folder: A local folder for scratch files (`tmp/`) and for the indexes that were viewed
            (`index/`); it is made when it is needed, and what is in it may be deleted at any time.
            By default a temporary one, gone when this object is.

    Attributes:
        settings, meter: As given.
    """

    def __init__(
        self, settings: S3Settings, meter: Meter | None = None, *, folder: Path | None = None
    ) -> None:
        self.settings = settings
        self.meter = meter or Meter()
        self._given = folder
        self._client = Client(settings, self.meter)
        self._refs = Mutable(self._client, settings, "refs", MAX_BYTES)
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._begun: Mapping[str, str] | None = None

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Return bytes of a blob."""
        if length == 0:
            return b""
        pieces: list[bytes] = []
        limit = BLOB_LIMIT if length is None else length
        with self._telling(name):
            self._download(name, pieces.append, offset=offset, length=length, limit=limit).run()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def view(self, name: str) -> bytes | mmap.mmap:
        """Return all of a blob; an index that is in the local folder already is not fetched again."""
        found = _INDEX.fullmatch(name)
        kept = self._folder() / name if found else None
        if kept and found and _is(kept, found[1]):
            return _map(kept)
        temp = self.scratch() / atomic.temp_name()
        try:
            digest = self._fetch(name, temp)
            view = _map(temp)
            if kept and found and digest == found[1]:
                with atomic.storing("write", kept):
                    atomic.make_folder(kept.parent)
                    temp.replace(kept)
            return view
        finally:
            with contextlib.suppress(OSError):  # Windows keeps a file that is mapped
                temp.unlink()

    def put(self, name: str, data: Buffer) -> bool:
        """Create a blob; False if the name is taken."""
        with self._telling(name):
            created = self._create(self._key(name), bytes(data))
        self.meter.advance(len(data))
        return created

    def adopt(self, name: str, path: Path) -> bool:
        """Create a blob from a local file, which is consumed."""
        created = self.send(name, path)
        with atomic.storing("delete", path):
            path.unlink()
        return created

    def send(self, name: str, path: Path) -> bool:
        """Like `adopt`, but the file stays.

        The name must stand for the bytes, as that of a pack does: an upload of large content that
        was interrupted, no matter whose, is taken up where it stopped. S3 answers everybody who completes
        the same upload alike: several who take it up at the same moment may all get True.
        """
        key = self._key(name)
        with atomic.storing("read", path):
            fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            size = os.fstat(fd).st_size
            with self._telling(name):
                if size >= MULTIPART:
                    return Upload(self._client, self._workers(), key, fd, size, self._begun_for(key)).run()
                return self._workers().submit(self._send_whole, key, fd, size).result()
        finally:
            os.close(fd)

    def _send_whole(self, key: str, fd: int, size: int) -> bool:
        created = self._create(key, os.pread(fd, size, 0))
        self.meter.advance(size)
        return created

    def scratch(self) -> Path:
        """Return a local folder for files that `adopt` will be given."""
        folder = self._folder() / "tmp"
        with atomic.storing("write", folder):
            atomic.make_folder(folder)
        return folder

    def list(self, prefix: str) -> Iterator[BlobInfo]:
        """Yield the blobs whose names start with `prefix`; keys that no dsv makes are left out."""
        key, start = self.settings.prefix + prefix, len(self.settings.prefix)
        page: dict[str, str] = {}
        while True:
            with self._telling(prefix):
                answer = self._client.call("ListObjectsV2", key, **page)
            for row in answer.get("Contents", ()):
                name = row.get("Key", "")[start:]
                whole = row.keys() >= {"Key", "Size", "LastModified"} and row["Key"].startswith(key)
                if whole and _NAME.fullmatch(name):
                    yield BlobInfo(name, row["Size"], row["LastModified"].timestamp())
            token = answer.get("NextContinuationToken")
            if not answer.get("IsTruncated") or not token or token == page.get("ContinuationToken"):
                return
            page = {"ContinuationToken": token}

    def delete(self, name: str) -> None:
        """Remove a blob; no error if it is gone already."""
        with contextlib.suppress(FileNotFoundError), self._telling(name):
            self._client.call("DeleteObject", self._key(name))

    def load(self) -> bytes | None:
        """Return the mutable object."""
        return self._refs.load()

    def swap(self, expected: bytes | None, new: bytes) -> None:
        """Replace the mutable object if it still is `expected`; a lost answer is no conflict.

        Raises:
            RefMoved: It is something else by now, and nothing was changed.
            StorageError: The server cannot be reached; the message tells if it may have been done.
        """
        self._refs.swap(expected, new)

    def conditions(self) -> Conditions:
        """Try the conditions on a scratch object, which is removed again."""
        key = f"{self.settings.prefix}tmp/{secrets.token_hex(8)}"
        with self._telling("tmp"):
            try:
                return try_conditions(self._client, key)
            finally:
                with contextlib.suppress(RequestFailed):
                    self._client.call("DeleteObject", key)

    def abort_uploads(self, before: float) -> int:
        """Take back uploads that were begun before `before` (seconds since 1970) and never completed.

        Returns:
            How many. Only gc calls this: their parts cost money, and no listing shows them.
        """
        with self._telling(""):
            start = len(self.settings.prefix)
            old = [
                one
                for one in begun(self._client, self.settings.prefix)
                if one.at < before and _PACK.fullmatch(one.key[start:])  # others may upload there, too
            ]
            for one in old:
                abort(self._client, one.key, one.id)
            return len(old)

    def close(self) -> None:
        """End what is under way and let go of connections."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._client.close()

    def _create(self, key: str, data: bytes) -> bool:
        stamp = secrets.token_hex(8)
        try:
            self._client.call("PutObject", key, Body=data, IfNoneMatch="*", Metadata={STAMP: stamp})
        except RequestFailed as failure:
            if failure.answer.status != 412:
                raise
            return failure.repeated and stamp_of(self._client, key) == stamp
        return True

    def _fetch(self, name: str, path: Path) -> str:
        """Write a blob to a new local file; return the BLAKE3 of its bytes."""
        hasher = file_hasher()
        with atomic.storing("write", path):
            fd = atomic.open_new(path)

        def write(data: bytes) -> None:
            hasher.update(data)
            with atomic.storing("write", path):
                atomic.write_all(fd, data)

        try:
            with self._telling(name):
                self._download(name, write, limit=BLOB_LIMIT).run()
        finally:
            os.close(fd)
        return hasher.hexdigest()

    def _download(self, name: str, write: Callable[[bytes], object], **bounds: Any) -> Download:
        return Download(self._client, self._key(name), self.settings.where(name), write, **bounds)

    def _begun_for(self, key: str) -> str | None:
        """Return the upload to resume; all are asked for once, as one request tells them all."""
        with self._lock:
            if self._begun is None:
                try:
                    found = begun(self._client, f"{self.settings.prefix}packs/")
                except RequestFailed:  # a bucket that may be written, but not looked into
                    found = []
                self._begun = {one.key: one.id for one in found}
            return self._begun.get(key)

    def _folder(self) -> Path:
        with self._lock:
            if self._given is None:
                self._given = Path(tempfile.mkdtemp(prefix="dsv-"))
                weakref.finalize(self, shutil.rmtree, self._given, ignore_errors=True)
            return self._given

    def _workers(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self.settings.concurrency, "dsv-upload")
            return self._pool

    def _key(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise StorageError(f"{name!r} is no name for a blob")
        return self.settings.prefix + name

    @contextlib.contextmanager
    def _telling(self, name: str) -> Iterator[None]:
        """Turn a `RequestFailed` into what the callers of a store expect."""
        try:
            yield
        except RequestFailed as failure:
            if failure.missing:
                raise FileNotFoundError(errno.ENOENT, "no such blob", name) from failure
            raise failure.told() from failure


def _is(path: Path, digest: str) -> bool:
    """Whether a local file has the content that its name promises."""
    hasher = file_hasher()
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                hasher.update(piece)
    except OSError:
        return False
    return hasher.hexdigest() == digest


def _map(path: Path) -> bytes | mmap.mmap:
    with atomic.storing("read", path), path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return b""
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
