"""Where a remote is: from its settings to its blobs."""

from typing import Protocol

from dsv.config.load import Remote
from dsv.errors import NotFound, Refused
from dsv.store.blobs.base import Blobs
from dsv.store.blobs.local import LocalBlobs
from dsv.store.blobs.metered import Meter, Metered
from dsv.store.blobs.owners import OWNERS
from dsv.store.repository import folder_of


class RemoteBlobs(Blobs, Protocol):
    """Blobs whose requests are counted."""

    @property
    def meter(self) -> Meter:
        """Counts what the place is asked."""


def open_blobs(remote: Remote, *, create: bool = False) -> RemoteBlobs:
    """Return the blobs of a remote; nothing is asked of it yet.

    Args:
        remote: Its settings.
        create: Whether to make the folder of a `file://` URL if it is missing.

    Raises:
        BadConfig: Its URL is of no kind that dsv knows.
        NotFound: It is a folder that is not there.
        Refused: It is a folder in which workspaces keep their packs.
        StorageError: The folder cannot be made; or the settings of S3 are of no use.
    """
    if remote.url.startswith("s3://"):
        return _bucket(remote)
    folder = folder_of(remote.url)
    if not folder.is_dir():
        if not create:
            raise NotFound(f"remote {remote.name}: there is no folder {folder}", hint="dsv push makes it")
        from dsv.atomic import make_folder, storing

        with storing("make", folder):
            make_folder(folder)
    if (folder / OWNERS).is_dir() and not (folder / "refs").exists():
        raise Refused(
            f"remote {remote.name}: workspaces keep their packs in {folder}",
            hint="push to a folder of its own",
        )
    return Metered(LocalBlobs(folder), Meter())


def _bucket(remote: Remote) -> RemoteBlobs:
    from dsv.store.blobs.s3 import S3Blobs, S3Settings

    settings = S3Settings.of(
        remote.url,
        endpoint_url=remote.endpoint_url,
        region=remote.region,
        checksum=remote.checksum,
        addressing=remote.addressing,
        ca_bundle=remote.ca_bundle,
        timeout=remote.timeout,
        retries=remote.retries,
        concurrency=remote.concurrency,
    )
    return S3Blobs(settings, Meter())
