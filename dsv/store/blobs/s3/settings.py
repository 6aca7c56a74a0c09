"""Where a bucket is and how it is spoken to. Credentials are no setting: they come from the AWS chain."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dsv.errors import BadConfig


@dataclass(frozen=True, slots=True)
class S3Settings:
    """How to reach a store in a bucket.

    Attributes:
        bucket: Its name.
        prefix: What all keys start with: "" or a text that ends with `/`.
        endpoint_url: Address of a server other than Amazon's.
        region: Region of the bucket; None for what the AWS chain says.
        checksum: When requests carry a CRC besides the signature, and answers are asked for one; None:
            `when_supported` at Amazon, `when_required` elsewhere, as many servers do not know them.
        ca_bundle: File of certificates to trust instead of the system's.
        addressing: `path`: the bucket is part of the path; `virtual`: of the host name. None: `path`
            where an endpoint is given.
        timeout: Seconds without a byte after which a connection is given up.
        retries: How often a request is tried again after a failure that may pass.
        concurrency: How many parts of packs are on their way at once.
        backoff: Seconds; the pause before the n-th repetition is at most this times 2 to the power of n,
            and at most `PAUSE_LIMIT`.
    """

    bucket: str
    prefix: str = ""
    endpoint_url: str | None = None
    region: str | None = None
    checksum: str | None = None
    ca_bundle: Path | None = None
    addressing: str | None = None
    timeout: float = 60.0
    retries: int = 8
    concurrency: int = 8
    backoff: float = 0.1

    @classmethod
    def of(cls, url: str, **given: Any) -> "S3Settings":
        """Return settings for the store at `url`; what is None in `given` stays at its default.

        Raises:
            BadConfig: The URL is not of the form `s3://BUCKET/PREFIX`.
        """
        bucket, prefix = split_url(url)
        if given.get("ca_bundle") is not None:
            given["ca_bundle"] = Path(given["ca_bundle"])
        return cls(bucket, prefix, **{name: value for name, value in given.items() if value is not None})

    @property
    def url(self) -> str:
        """The address as the user writes it."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def where(self, name: str) -> str:
        """Return the address of a blob as errors tell it."""
        return f"s3://{self.bucket}/{self.prefix}{name}"


def split_url(url: str) -> tuple[str, str]:
    """Return bucket and prefix (empty, or with a `/` at its end) of `s3://BUCKET/PREFIX`.

    Raises:
        BadConfig: It is no such URL.
    """
    scheme, found, rest = url.partition("://")
    bucket, _, prefix = rest.partition("/")
    prefix = prefix.strip("/")
    parts = prefix.split("/") if prefix else []
    if scheme != "s3" or not found or not bucket or any(part in {"", ".", ".."} for part in parts):
        raise BadConfig(f"{url!r} is not of the form s3://BUCKET/PREFIX")
    return bucket, f"{prefix}/" if prefix else ""
