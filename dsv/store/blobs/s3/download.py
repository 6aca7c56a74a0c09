"""Taking an object from a bucket piece by piece, with no trust in how much the server sends."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, IncompleteReadError

from dsv.errors import Corrupt, StorageError
from dsv.store.blobs.s3.bucket_errors import RequestFailed
from dsv.store.blobs.s3.client import Client

_CHUNK = 1 << 20
_PROGRESS = 64 << 10
"""A connection that broke after this many bytes was worth it: the count of tries starts again."""

_PLACE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")


class Download:
    """A range of one version of an object, on its way.

    Args:
        client: Where from.
        key: Of the object.
        what: Its name in errors.
        write: Given the bytes in order; raises no `OSError`.
        offset: First byte.
        length: Bytes, or None for all that follow.
        limit: No more bytes than this are taken, whatever the server sends.

    Attributes:
        etag: The server's name of the version; "" before the first answer.
        metadata: What its writer attached to it.
    """

    def __init__(
        self,
        client: Client,
        key: str,
        what: str,
        write: Callable[[bytes], object],
        *,
        offset: int = 0,
        length: int | None = None,
        limit: int,
    ) -> None:
        self.etag = ""
        self.metadata: Mapping[str, str] = {}
        self._client = client
        self._key = key
        self._what = what
        self._write = write
        self._next = offset
        self._wanted = None if length is None else offset + length
        self._end = self._wanted
        self._last = offset + limit
        self._complete = False

    def run(self) -> None:
        """Take all of it; where a connection breaks, go on from there.

        Raises:
            Corrupt: It ends too early, or has more than `limit` bytes from `offset`.
            Failure: It cannot be read; 412 if it was replaced meanwhile.
        """
        while not self._complete:
            try:
                self._client.trying("GetObject", self._key, self._go_on)
            except RequestFailed as failure:
                if failure.answer.status != 416:
                    raise
                if self._wanted is not None:
                    size = failure.answer.headers.get("content-range", "").rpartition("/")[2]
                    raise self._too_short(size if size.isdigit() else str(self._next)) from None
                return

    def _go_on(self) -> None:
        """Take what one request gives."""
        ask = {}
        if self._next or self._end is not None:
            ask["Range"] = f"bytes={self._next}-{'' if self._end is None else self._end - 1}"
        if self.etag:
            ask["IfMatch"] = self.etag
        answer = self._client.once("GetObject", self._key, **ask)
        body = answer["Body"]
        start = self._next
        try:
            self._find_end(answer)
            self._take(body)
        except (BotoCoreError, ConnectionError, TimeoutError):
            if self._next - start < _PROGRESS:
                raise
        finally:
            body.close()

    def _find_end(self, answer: Any) -> None:
        place = _PLACE.fullmatch(answer.get("ContentRange") or "")
        if place is None and self._next:
            raise StorageError(f"cannot read {self._what}: the server does not know ranges")
        if place and int(place[1]) != self._next:
            raise StorageError(f"cannot read {self._what}: the server sends another range than was asked for")
        size = int(place[3]) if place else answer.get("ContentLength")
        if size is None:
            raise IncompleteReadError(actual_bytes=0, expected_bytes=0)  # the head was cut off
        self.etag = answer.get("ETag") or ""
        self.metadata = answer.get("Metadata") or {}
        if self._wanted is None:
            self._end = size
        elif size < self._wanted:
            raise self._too_short(str(size))
        if self._end is None or self._end > self._last:
            raise self._too_long()

    def _take(self, body: Any) -> None:
        assert self._end is not None
        meter = self._client.meter
        while self._next < self._end:
            data = body.read(min(_CHUNK, self._end - self._next))
            if not data:
                raise IncompleteReadError(actual_bytes=self._next, expected_bytes=self._end)
            self._next += len(data)
            meter.receive(len(data))
            self._write(data)
            meter.advance(len(data))
        self._complete = True

    def _too_short(self, size: str) -> Corrupt:
        return Corrupt(f"{self._what} ends at byte {size}, before {self._wanted}")

    def _too_long(self) -> Corrupt:
        return Corrupt(f"{self._what} has more bytes than any dsv writes")
