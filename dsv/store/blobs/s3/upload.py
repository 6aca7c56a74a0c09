"""Large blobs go to a bucket in parts: several at once, and not again after an interruption."""

import os
import secrets
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from typing import Any, NamedTuple

from dsv.store.blobs.s3.bucket_errors import RequestFailed
from dsv.store.blobs.s3.client import Client

STAMP = "dsv-write"
"""Name of the metadata that tells whose write an object is; its value is random."""

PART = 8 << 20
"""Bytes of a part but the last; S3 asks for at least 5 MiB and at most 10,000 parts."""

_ROUNDS = 3
_PAGES = 20


class Begun(NamedTuple):
    """An upload that was begun at some time and is not complete.

    Attributes:
        key: What it will be.
        id: The server's name of it.
        at: When it was begun, in seconds since 1970.
    """

    key: str
    id: str
    at: float


def begun(client: Client, prefix: str) -> list[Begun]:
    """Return the uploads below `prefix` that are not complete, oldest first.

    Raises:
        Failure: The server does not say.
    """
    found: list[Begun] = []
    marks: dict[str, str] = {}
    for _ in range(_PAGES):
        answer = client.call("ListMultipartUploads", prefix, **marks)
        rows = [row for row in answer.get("Uploads", ()) if row.keys() >= {"Key", "UploadId", "Initiated"}]
        found += [Begun(row["Key"], row["UploadId"], row["Initiated"].timestamp()) for row in rows]
        marks = {
            name: answer[f"Next{name}"]
            for name in ("KeyMarker", "UploadIdMarker")
            if answer.get(f"Next{name}")
        }
        if not answer.get("IsTruncated") or not marks:
            break
    return sorted((one for one in found if one.key.startswith(prefix)), key=lambda one: one.at)


class Upload:
    """A file that becomes an object by parts, unless there is one of its name.

    Args:
        client: Where to.
        pool: Sends the parts.
        key: Of the object.
        fd: The file, open for reading; its bytes are those that the key stands for.
        size: Its bytes.
        resume: The id of an upload that was begun for the same key.
    """

    def __init__(
        self, client: Client, pool: Executor, key: str, fd: int, size: int, resume: str | None
    ) -> None:
        self._client = client
        self._pool = pool
        self._key = key
        self._fd = fd
        self._size = size
        self._id = resume
        self._stamp = ""

    def run(self) -> bool:
        """Send what is missing and complete it; False if the name was taken.

        What arrived stays there when this fails, and is not sent again by the next that resumes it.

        Raises:
            Failure: It cannot be sent.
        """
        for _ in range(_ROUNDS - 1):
            try:
                return self._run()
            except RequestFailed as failure:
                if failure.answer.code != "NoSuchUpload":
                    raise
            if stamp_of(self._client, self._key) is not None:
                return False  # somebody who resumed the same upload completed it
            self._id = None
        return self._run()

    def _run(self) -> bool:
        have = self._arrived() if self._id else {}
        if self._id is None:
            self._stamp = secrets.token_hex(8)
            answer = self._client.call("CreateMultipartUpload", self._key, Metadata={STAMP: self._stamp})
            self._id = answer["UploadId"]
        tags = self._send(have)
        parts = [{"PartNumber": number, "ETag": tag} for number, tag in sorted(tags.items())]
        try:
            self._client.call(
                "CompleteMultipartUpload",
                self._key,
                UploadId=self._id,
                MultipartUpload={"Parts": parts},
                IfNoneMatch="*",
            )
        except RequestFailed as failure:
            if failure.repeated and self._stamp and stamp_of(self._client, self._key) == self._stamp:
                return True  # an earlier try had completed it, and its answer was lost
            if failure.answer.status != 412:
                raise
            abort(self._client, self._key, self._id)
            return False
        return True

    def _length(self, number: int) -> int:
        return min(PART, self._size - (number - 1) * PART)

    def _arrived(self) -> Mapping[int, str]:
        """Return the tags of the parts that are there already."""
        found: dict[int, str] = {}
        mark: dict[str, int] = {}
        for _ in range(_PAGES):
            answer = self._client.call("ListParts", self._key, UploadId=self._id, **mark)
            for row in answer.get("Parts", ()):
                number = row.get("PartNumber", 0)
                if number > 0 and row.get("ETag") and row.get("Size") == self._length(number):
                    found[number] = row["ETag"]
            if not answer.get("IsTruncated") or "NextPartNumberMarker" not in answer:
                break
            mark = {"PartNumberMarker": answer["NextPartNumberMarker"]}
        return found

    def _send(self, have: Mapping[int, str]) -> Mapping[int, str]:
        """Send the parts that are missing; return the tags of all."""
        numbers = range(1, -(-self._size // PART) + 1)
        self._client.meter.advance(sum(map(self._length, have)))
        sent: dict[int, Future[str]] = {
            number: self._pool.submit(self._send_part, number) for number in numbers if number not in have
        }
        try:
            return {number: have.get(number) or sent[number].result() for number in numbers}
        finally:
            for future in sent.values():
                future.cancel()
            for future in sent.values():
                if not future.cancelled():
                    future.exception()  # the file is closed after this

    def _send_part(self, number: int) -> str:
        data = os.pread(self._fd, PART, (number - 1) * PART)
        answer: Any = self._client.call(
            "UploadPart", self._key, UploadId=self._id, PartNumber=number, Body=data
        )
        self._client.meter.advance(len(data))
        return str(answer["ETag"])


def abort(client: Client, key: str, upload: str) -> None:
    """Take an upload back; no error if it is gone.

    Raises:
        Failure: It cannot be taken back.
    """
    try:
        client.call("AbortMultipartUpload", key, UploadId=upload)
    except RequestFailed as failure:
        if failure.answer.status != 404:
            raise


def stamp_of(client: Client, key: str) -> str | None:
    """Return the stamp of an object, "" if it has none, None if there is no object.

    Raises:
        Failure: The server does not say.
    """
    try:
        answer = client.call("HeadObject", key)
    except RequestFailed as failure:
        if failure.missing:
            return None
        raise
    return str(answer.get("Metadata", {}).get(STAMP, ""))
