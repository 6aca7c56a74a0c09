"""The one object of a store in a bucket that changes: read, and replaced if it is what was read.

The server compares (`If-Match`), so any number of writers get along without a lock. What a lost
or a doubtful answer left behind is detected by reading the object again.
"""

import secrets
from collections.abc import Mapping
from typing import NamedTuple

from dsv.errors import DsvError, RefMoved, StorageError
from dsv.store.blobs.conditions import landed
from dsv.store.blobs.s3.bucket_errors import RequestFailed
from dsv.store.blobs.s3.client import Client
from dsv.store.blobs.s3.download import Download
from dsv.store.blobs.s3.settings import S3Settings
from dsv.store.blobs.s3.upload import STAMP

_SWAPS = 3
_MOVED = "the remote was changed by somebody else meanwhile"


class _Seen(NamedTuple):
    """The object as it was read or written last; the stamp is that of its writer."""

    data: bytes
    etag: str
    stamp: str


class Mutable:
    """An object that is replaced by compare-and-swap.

    Args:
        client: Where it is.
        settings: How often to try, and under which prefix it is.
        name: Its name in the store.
        limit: No more bytes than this are taken, whatever the server sends.
    """

    def __init__(self, client: Client, settings: S3Settings, name: str, limit: int) -> None:
        self._client = client
        self._retries = settings.retries
        self._key = settings.prefix + name
        self._where = settings.where(name)
        self._limit = limit
        self._seen: _Seen | None = None

    def load(self) -> bytes | None:
        """Return its bytes; None if it is not there.

        Raises:
            Corrupt: It has more than `limit` bytes.
            StorageError: It cannot be read.
        """
        seen = self._load()
        return seen.data if seen else None

    def swap(self, expected: bytes | None, new: bytes) -> None:
        """Replace it if it still is `expected`; None: create it.

        Where the server's answer leaves open whether it was done, or says that it was not, what is
        there then decides: it carries the stamp of this very write, or it is refs that list the write
        (`dsv.store.blobs.conditions.landed`). So a lost answer is no conflict.

        Raises:
            RefMoved: It is something else by now, and nothing was changed.
            StorageError: The server cannot be reached; the message tells if it may have been done.
        """
        stamp = secrets.token_hex(8)
        data = bytes(new)
        for _ in range(_SWAPS):
            condition = self._condition(expected)
            try:
                answer = self._client.call(
                    "PutObject", self._key, Body=data, Metadata={STAMP: stamp}, **condition
                )
            except RequestFailed as failure:
                if self._settle(failure, expected, data, stamp):
                    return
            else:
                self._seen = _Seen(data, answer["ETag"], stamp)
                return
        raise StorageError(
            f"{self._where} cannot be replaced: the server says that it changed, and it did not",
            hint="`dsv remote check` tells what the server can do",
        )

    def _load(self) -> _Seen | None:
        for _ in range(self._retries + 1):
            data = bytearray()
            download = Download(self._client, self._key, self._where, data.extend, limit=self._limit)
            try:
                download.run()
            except RequestFailed as failure:
                if failure.missing:
                    self._seen = None
                    return None
                if failure.answer.status == 412:
                    continue  # replaced after the connection broke
                raise failure.told() from failure
            self._seen = seen = _Seen(bytes(data), download.etag, download.metadata.get(STAMP, ""))
            return seen
        raise StorageError(f"{self._where} is replaced faster than it can be read")

    def _condition(self, expected: bytes | None) -> Mapping[str, str]:
        if expected is None:
            return {"IfNoneMatch": "*"}
        seen = self._seen
        if seen is None or seen.data != expected:
            seen = self._load()
        if seen is None or seen.data != expected:
            raise RefMoved(_MOVED)
        return {"IfMatch": seen.etag}

    def _settle(self, failure: RequestFailed, expected: bytes | None, new: bytes, stamp: str) -> bool:
        """Return whether a swap that was not answered with yes was done; if False it may be tried again."""
        if not failure.refused and not failure.repeated and not (failure.passing and failure.sent):
            raise failure.told() from failure
        try:
            seen = self._load()
        except DsvError as error:
            raise StorageError(
                f"{failure.told()}; whether {self._where} was replaced is not known",
                hint="run the command again: it finds out",
            ) from error
        now = seen.data if seen else None
        if (seen and seen.stamp == stamp) or landed(expected, new, now):
            return True
        if now != expected:
            raise RefMoved(_MOVED)
        if not failure.refused:
            raise failure.told() from failure
        return False
