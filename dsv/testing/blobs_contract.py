"""What every place for blobs must do: a test class to subclass.

class TestMyBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self) -> Blobs:
        return MyBlobs(...)
"""

import threading
from pathlib import Path

import pytest

from dsv.errors import Corrupt, RefMoved
from dsv.store.blobs.base import Blobs

NAME = "packs/ab/" + "ab" * 32 + ".pack"
OTHER = "index/" + "cd" * 32 + ".arrow"


class BlobsContract:
    """Tests of the contract in `dsv.store.blobs.base.Blobs`; a subclass has the fixture `blobs`."""

    def test_reads_what_was_put(self, blobs: Blobs) -> None:
        """All of it, a tail, a range, an empty range."""
        assert blobs.put(NAME, b"0123456789")
        assert blobs.read(NAME) == b"0123456789"
        assert blobs.read(NAME, 4) == b"456789"
        assert blobs.read(NAME, 4, 3) == b"456"
        assert blobs.read(NAME, 4, 0) == b""
        assert blobs.read(NAME, 10, 0) == b""

    def test_view_is_all_of_it(self, blobs: Blobs) -> None:
        """As a buffer that compares by slices and finds."""
        blobs.put(NAME, b"0123456789")
        view = blobs.view(NAME)
        assert len(view) == 10
        assert view[2:5] == b"234"
        assert view.find(b"5") == 5

    def test_takes_every_kind_of_buffer(self, blobs: Blobs) -> None:
        """Bytes, a bytearray, a memoryview."""
        assert blobs.put(NAME, bytearray(b"one"))
        assert blobs.put(OTHER, memoryview(b"two!")[:3])
        assert (blobs.read(NAME), blobs.read(OTHER)) == (b"one", b"two")

    def test_empty_blob(self, blobs: Blobs) -> None:
        """A blob may have no bytes."""
        assert blobs.put(NAME, b"")
        assert blobs.read(NAME) == b""
        assert bytes(blobs.view(NAME)) == b""

    def test_reading_past_the_end_is_corruption(self, blobs: Blobs) -> None:
        """The caller knows how long it should be."""
        blobs.put(NAME, b"0123456789")
        with pytest.raises(Corrupt, match=r"packs/ab/abab.*10.*11"):
            blobs.read(NAME, 8, 3)

    @pytest.mark.parametrize("method", ["read", "view"])
    def test_missing_blob(self, blobs: Blobs, method: str) -> None:
        """FileNotFoundError, also after it was there."""
        with pytest.raises(FileNotFoundError):
            getattr(blobs, method)(NAME)
        blobs.put(NAME, b"x")
        blobs.read(NAME)
        blobs.delete(NAME)
        with pytest.raises(FileNotFoundError):
            getattr(blobs, method)(NAME)

    def test_put_never_replaces(self, blobs: Blobs) -> None:
        """The second one is told, and changes nothing."""
        assert blobs.put(NAME, b"first")
        assert not blobs.put(NAME, b"other")
        assert blobs.read(NAME) == b"first"

    def test_adopt_consumes_the_file(self, blobs: Blobs) -> None:
        """It is gone from scratch and there as a blob."""
        path = blobs.scratch() / "made-here"
        path.write_bytes(b"content")
        assert blobs.adopt(NAME, path)
        assert not path.exists()
        assert blobs.read(NAME) == b"content"

    def test_adopt_never_replaces(self, blobs: Blobs) -> None:
        """The file is consumed all the same."""
        blobs.put(NAME, b"first")
        path = blobs.scratch() / "made-here"
        path.write_bytes(b"other")
        assert not blobs.adopt(NAME, path)
        assert not path.exists()
        assert blobs.read(NAME) == b"first"

    def test_adopt_from_elsewhere(self, blobs: Blobs, tmp_path: Path) -> None:
        """The file need not come from scratch."""
        path = tmp_path / "made-elsewhere"
        path.write_bytes(b"content")
        assert blobs.adopt(OTHER, path)
        assert not path.exists()
        assert blobs.read(OTHER) == b"content"

    def test_list(self, blobs: Blobs) -> None:
        """Names and sizes below a prefix, and nothing else."""
        assert list(blobs.list("packs/")) == []
        blobs.put(NAME, b"12345")
        blobs.put(OTHER, b"123")
        assert [(blob.name, blob.size) for blob in blobs.list("packs/")] == [(NAME, 5)]
        assert [(blob.name, blob.size) for blob in blobs.list("index/")] == [(OTHER, 3)]
        assert next(blobs.list("packs/")).modified > 1_600_000_000

    def test_delete_twice(self, blobs: Blobs) -> None:
        """What is gone already is no error."""
        blobs.put(NAME, b"x")
        blobs.delete(NAME)
        blobs.delete(NAME)
        assert list(blobs.list("packs/")) == []

    def test_put_after_delete(self, blobs: Blobs) -> None:
        """The name is free again, and no old bytes are read."""
        blobs.put(NAME, b"first")
        blobs.read(NAME)
        blobs.delete(NAME)
        assert blobs.put(NAME, b"second")
        assert blobs.read(NAME) == b"second"

    def test_refs_begin_as_none(self, blobs: Blobs) -> None:
        """And stay so when a swap expected something."""
        assert blobs.load() is None
        with pytest.raises(RefMoved):
            blobs.swap(b"something", b"new")
        assert blobs.load() is None

    def test_swap(self, blobs: Blobs) -> None:
        """Only from what is there."""
        blobs.swap(None, b"one")
        assert blobs.load() == b"one"
        with pytest.raises(RefMoved):
            blobs.swap(None, b"two")
        blobs.swap(b"one", b"three")
        with pytest.raises(RefMoved):
            blobs.swap(b"one", b"four")
        assert blobs.load() == b"three"

    def test_conditions_are_told_and_leave_nothing_behind(self, blobs: Blobs) -> None:
        """All of them, where several may write at once."""
        blobs.put(NAME, b"12345")
        assert blobs.conditions().safe
        assert [blob.name for prefix in ("packs/", "index/", "tmp/") for blob in blobs.list(prefix)] == [NAME]
        assert blobs.load() is None

    def test_uploads_that_never_ended_are_taken_back(self, blobs: Blobs) -> None:
        """Where there are none nothing happens, and what has arrived stays."""
        blobs.put(NAME, b"12345")
        assert blobs.abort_uploads(1e12) == 0
        assert blobs.read(NAME) == b"12345"

    def test_of_two_swaps_one_wins(self, blobs: Blobs) -> None:
        """Many threads count up; none of their steps is lost."""
        blobs.swap(None, b"0")
        threads = [threading.Thread(target=_count_up, args=(blobs, 10)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert blobs.load() == b"40"


def _count_up(blobs: Blobs, steps: int) -> None:
    while steps:
        seen = blobs.load()
        assert seen is not None
        try:
            blobs.swap(seen, b"%d" % (int(seen) + 1))
        except RefMoved:
            continue
        steps -= 1
