"""Fixtures of the tests against a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dsv.store.blobs.s3 import S3Blobs
from tests.remote.faultproxy import FaultProxy
from tests.remote.seaweedfs import Bucket, Weed


@pytest.fixture
def proxy(weed: Weed) -> Iterator[FaultProxy]:
    """A proxy before the server, through which all goes well until a test says otherwise."""
    with FaultProxy(weed.port) as running:
        yield running


@pytest.fixture
def faulty(bucket: Bucket, proxy: FaultProxy, tmp_path: Path) -> Iterator[S3Blobs]:
    """A store in a bucket behind the proxy."""
    blobs = S3Blobs(bucket.settings(endpoint_url=proxy.endpoint), folder=tmp_path / "local")
    yield blobs
    blobs.close()


@pytest.fixture
def sound(bucket: Bucket) -> Iterator[S3Blobs]:
    """The same store, seen without the proxy."""
    blobs = S3Blobs(bucket.settings())
    yield blobs
    blobs.close()
