"""Fetching, wherever from."""

from pathlib import Path

from dsv.imports.address import FILE, S3, Address
from dsv.imports.fetched import Got, ImportMeans
from dsv.model.origin import Fetched
from dsv.progress import SILENT, Progress


def fetch(
    address: Address,
    room: Path,
    means: ImportMeans,
    *,
    known: Fetched | None = None,
    progress: Progress = SILENT,
) -> Got | None:
    """Fetch what is at `address` into the folder `room`.

    Args:
        address: Where it is.
        room: A folder for this address and nothing else; what an interrupted try left there is gone on with.
        means: With what it is fetched.
        known: The version that is here already; None to fetch it in any case.
        progress: Counts the bytes.

    Returns:
        What came; None if it still is the `known` version.

    Raises:
        UsageFault: The address names nothing that can be fetched.
        NotFound: There is nothing.
        UserError: Access is denied, or the settings are wrong.
        StorageError: The server, the network or the disk fails; trying again may help.
    """
    if address.scheme == FILE:
        from dsv.imports import local_path

        return local_path.fetch(address, room, progress)
    if address.scheme == S3:
        from dsv.imports import bucket

        return bucket.fetch(address, room, known=known, means=means, progress=progress)
    from dsv.imports import web

    return web.fetch(address, room, known=known, means=means, progress=progress)
