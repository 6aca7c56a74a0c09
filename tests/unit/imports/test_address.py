from pathlib import Path

import pytest

from dsv.errors import UsageFault
from dsv.imports.address import address_of

HERE, HOME = Path("/w/here"), Path("/home/ada")


@pytest.mark.parametrize(
    ("text", "scheme", "url"),
    [
        ("https://example.org/x.csv", "https", "https://example.org/x.csv"),
        ("HTTPS://example.org/x.csv", "https", "HTTPS://example.org/x.csv"),
        ("https://u:p@example.org/x?sig=s#part", "https", "https://***@example.org/x?***"),
        ("s3://bucket/a b?c.csv", "s3", "s3://bucket/a b?c.csv"),
        ("x.csv", "file", "file:///w/here/x.csv"),
        ("../x y.csv", "file", "file:///w/x%20y.csv"),
        ("file:///mnt/x%20y.csv", "file", "file:///mnt/x%20y.csv"),
        ("file://localhost/mnt/x", "file", "file:///mnt/x"),
        ("/home/ada/data/x y.csv", "file", "file://~/data/x%20y.csv"),
        ("file://~/data/x.csv", "file", "file://~/data/x.csv"),
    ],
)
def test_what_is_recorded(text: str, scheme: str, url: str) -> None:
    found = address_of(text, HERE, HOME)
    assert (found.scheme, found.url) == (scheme, url)


def test_a_place_at_home_is_found_again() -> None:
    assert address_of("file://~/data/x%20y.csv", HERE, HOME).path == Path("/home/ada/data/x y.csv")


@pytest.mark.parametrize("text", ["ftp://example.org/x", "https:///x", "file://host/x", "http://h:port/x"])
def test_what_cannot_be_fetched(text: str) -> None:
    with pytest.raises(UsageFault):
        address_of(text, HERE, HOME)
