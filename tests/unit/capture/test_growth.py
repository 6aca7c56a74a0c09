from pathlib import Path

from dsv.capture.growth import has_grown, is_same
from dsv.hashing import file_id

OLD = b"old" * 1_000_000


def test_what_a_file_kept_of_its_old_bytes(tmp_path: Path) -> None:
    file, oid = tmp_path / "file", file_id(OLD)
    for data, grown, same in (
        (OLD, False, True),
        (OLD + b"more", True, False),
        (b"new" + OLD[3:], False, False),
        (b"new" + OLD[3:] + b"more", False, False),
        (OLD[:-1], False, False),
        (b"", False, False),
    ):
        file.write_bytes(data)
        assert (has_grown(file, len(OLD), oid), is_same(file, len(OLD), oid)) == (grown, same)


def test_from_nothing_nothing_grows(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    assert not has_grown(tmp_path / "file", 0, file_id(b""))
