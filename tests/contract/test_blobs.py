"""Every place for blobs passes the same tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dsv.store.blobs.local import LocalBlobs
from dsv.store.blobs.memory import MemoryBlobs
from dsv.testing.blobs_contract import BlobsContract


class TestLocalBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Iterator[LocalBlobs]:
        root = tmp_path / "store"
        root.mkdir()
        blobs = LocalBlobs(root)
        yield blobs
        blobs.close()


class TestLocalBlobsWithPacksElsewhere(BlobsContract):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Iterator[LocalBlobs]:
        root, packs = tmp_path / "store", tmp_path / "other-disk"
        root.mkdir()
        blobs = LocalBlobs(root, packs=packs)
        yield blobs
        blobs.close()
        assert not (root / "packs").exists()


class TestMemoryBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self) -> MemoryBlobs:
        return MemoryBlobs()
