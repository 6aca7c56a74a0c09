"""Fetching one object from a bucket. Importing this loads boto3."""

from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from dsv.errors import DsvError, NotFound, StorageError, UsageFault
from dsv.imports.address import Address
from dsv.imports.fetched import Got, ImportMeans
from dsv.imports.partial_file import PartialFile
from dsv.model.origin import Fetched
from dsv.progress import Progress
from dsv.store.blobs.metered import Meter
from dsv.store.blobs.s3 import S3Settings
from dsv.store.blobs.s3.bucket_errors import RequestFailed
from dsv.store.blobs.s3.client import Client
from dsv.store.blobs.s3.download import Download


def split(address: Address) -> tuple[str, str]:
    """Return bucket and key of an `s3://` address.

    Raises:
        UsageFault: It names no object.
    """
    bucket, _, key = address.given.partition("://")[2].partition("/")
    if not bucket or not key or key.endswith("/"):
        raise UsageFault(
            f"{address.url} names no object",
            hint="s3://BUCKET/KEY; for many, copy them and dsv add the folder",
        )
    return bucket, key


def fetch(
    address: Address, room: Path, *, known: Fetched | None, means: ImportMeans, progress: Progress
) -> Got | None:
    """Fetch an object into the folder `room`; None if it still is the one that is `known`.

    What an earlier try left in `room` is gone on with, if the object is still the same.

    Raises:
        UsageFault: The address names no object.
        NotFound: There is no such object or bucket.
        UserError: Access is denied, there are no credentials, or it is another region.
        StorageError: The server or the disk fails.
    """
    bucket, key = split(address)
    meter = Meter()
    client = Client(means.bucket or S3Settings(bucket), meter)
    try:
        with PartialFile(room) as part:
            head = client.call("HeadObject", key)
            etag, size = str(head["ETag"]), int(head["ContentLength"])
            if known is not None and known.etag == etag:
                return None
            if part.version != etag or part.size > size:
                part.restart(etag, total=size)
            resumed = part.size
            progress.begin("fetching", size, "B")
            progress.advance(resumed)
            meter.progress = progress
            if part.size < size:
                download = Download(
                    client, key, address.url, part.write, offset=resumed, limit=size - resumed
                )
                download.etag = etag
                download.run()
            part.finish()
    except RequestFailed as failure:
        raise _told(failure, address) from None
    finally:
        client.close()
    return Got(part.path, Fetched(address.url, etag, size, _seconds(head.get("LastModified"))), resumed)


def _told(failure: RequestFailed, address: Address) -> DsvError:
    if failure.missing:
        return NotFound(f"there is no object {address.url}, or no such bucket", hint=_hint(address))
    if failure.answer.status == 412:
        return StorageError(f"{address.url} was replaced while it was fetched", hint="run the command again")
    return failure.told()


def _hint(address: Address) -> str | None:
    return (
        "keys are taken as they are, without %-escapes" if unquote(address.given) != address.given else None
    )


def _seconds(when: object) -> int | None:
    return int(when.timestamp()) if isinstance(when, datetime) else None
