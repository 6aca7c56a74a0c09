"""Checksums that others publish. dsv's own ids are BLAKE3."""

import hashlib
import re
from pathlib import Path

from dsv.atomic import storing
from dsv.errors import Refused, UsageFault

_SUM = re.compile(r"[0-9a-f]{64}")


def check_sum(text: str) -> str:
    """Return a SHA-256 sum as `sha256sum` prints it.

    Raises:
        UsageFault: It is none.
    """
    found = text.strip().lower().removeprefix("sha256:")
    if not _SUM.fullmatch(found):
        raise UsageFault(f"{text!r} is no SHA-256 sum", hint="64 hexadecimal digits")
    return found


def compare(place: Path, wanted: str, url: str) -> None:
    """Check that the file at `place`, which came from `url`, has the SHA-256 sum `wanted`.

    Raises:
        Refused: It has another, or is a folder.
        StorageError: It cannot be read.
    """
    if place.is_dir():
        raise Refused(f"{url} is a folder, which has no SHA-256 sum")
    with storing("read", place), place.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != wanted:
        raise Refused(
            f"{url} has the SHA-256 sum {found}, not {wanted}: nothing was imported",
            hint="it is another file than the one that was meant, or was damaged on its way",
        )
