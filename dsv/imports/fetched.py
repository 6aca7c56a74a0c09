"""What came of fetching, and with what it is done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dsv.model.origin import Fetched

if TYPE_CHECKING:
    from dsv.store.blobs.s3 import S3Settings


@dataclass(frozen=True, slots=True)
class Got:
    """What was fetched.

    Attributes:
        place: Where it is now: a file or a folder that nobody else has.
        fetched: From where, for the record.
        resumed: How many bytes of it had come before.
        notes: Notes for the user.
    """

    place: Path
    fetched: Fetched
    resumed: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportMeans:
    """With what data is fetched.

    Attributes:
        proxies: By scheme the proxy of web servers; the host of one, or of none, as `urllib` has it.
        bucket: How to reach the bucket, if it is one.
        timeout: Seconds without a byte after which a connection is given up.
        retries: How often it is tried again after a failure that may pass.
        backoff: Seconds before the first of those; twice as long before each that follows.
    """

    proxies: Mapping[str, str] = field(default_factory=dict)
    bucket: "S3Settings | None" = None
    timeout: float = 60.0
    retries: int = 5
    backoff: float = 0.5
