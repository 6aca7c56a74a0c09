from pathlib import Path

import pytest

from dsv.errors import BadConfig
from dsv.store.blobs.s3 import S3Settings, split_url


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("s3://trips", ("trips", "")),
        ("s3://trips/", ("trips", "")),
        ("s3://trips/a", ("trips", "a/")),
        ("s3://trips/a/b/", ("trips", "a/b/")),
    ],
)
def test_urls(url: str, parts: tuple[str, str]) -> None:
    assert split_url(url) == parts


@pytest.mark.parametrize(
    "url", ["s3:/trips", "trips/a", "s3://", "s3:///a", "https://trips/a", "s3://trips/a/../b", "s3://t/a//b"]
)
def test_no_urls(url: str) -> None:
    with pytest.raises(BadConfig, match="s3://BUCKET/PREFIX"):
        split_url(url)


def test_what_is_not_given_stays_as_it_is() -> None:
    settings = S3Settings.of("s3://trips/a", region=None, timeout=5, ca_bundle="/etc/ca.pem", retries=0)
    assert settings == S3Settings("trips", "a/", timeout=5, ca_bundle=Path("/etc/ca.pem"), retries=0)
    assert settings.url == "s3://trips/a"
    assert S3Settings.of("s3://trips").url == "s3://trips"
