"""A bucket on a real server passes the same tests as every other place for blobs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dsv.store.blobs.s3 import S3Blobs
from dsv.testing.blobs_contract import BlobsContract
from tests.remote.seaweedfs import Bucket


class TestS3Blobs(BlobsContract):
    @pytest.fixture
    def blobs(self, bucket: Bucket, tmp_path: Path) -> Iterator[S3Blobs]:
        blobs = S3Blobs(bucket.settings(), folder=tmp_path / "local")
        yield blobs
        blobs.close()


class TestS3BlobsWithoutPrefix(BlobsContract):
    @pytest.fixture
    def blobs(self, bucket: Bucket) -> Iterator[S3Blobs]:
        blobs = S3Blobs(bucket.settings(prefix="", checksum="when_supported"))
        yield blobs
        blobs.close()
