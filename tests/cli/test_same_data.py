"""What `status` tells of data that is the same, and was made another way."""

import sys

import pytest

from tests.cli.face_fixtures import Face

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="capturing needs Linux")


def test_another_run_that_gave_the_same_is_staged(dsv: Face) -> None:
    (dsv.folder / "raw.csv").write_text("a\n1\n")
    dsv.ok("run", "-m", "one", "--", "sh", "-c", "cat raw.csv > out.csv")
    assert dsv.json("status")["staged"] == []
    dsv.ok("run", "--", "sh", "-c", "cat  raw.csv > out.csv")
    assert dsv.json("status")["staged"] == [
        {"path": "out.csv", "change": "modified", "files": None, "origin_only": True}
    ]
    assert "modified  out.csv (same data, another run)" in dsv.ok("status")
    dsv.ok("commit", "-m", "two")
    assert dsv.json("status")["staged"] == []
