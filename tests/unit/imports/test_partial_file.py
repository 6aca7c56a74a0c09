from pathlib import Path

import pytest

from dsv.imports.partial_file import PartialFile


def begun(folder: Path, version: str = "v1", data: bytes = b"half") -> None:
    with PartialFile(folder) as file:
        file.restart(version, total=8)
        file.write(data)


def test_what_has_come_is_gone_on_with(tmp_path: Path) -> None:
    begun(tmp_path)
    with PartialFile(tmp_path) as file:
        assert (file.size, file.version, file.total) == (4, "v1", 8)
        file.write(b" and")
        file.finish()
    assert (tmp_path / "data").read_bytes() == b"half and"


def test_another_version_begins_again(tmp_path: Path) -> None:
    begun(tmp_path)
    begun(tmp_path, "v2", b"2")
    with PartialFile(tmp_path) as file:
        assert (file.size, file.version) == (1, "v2")
        file.finish()
    assert (tmp_path / "data").read_bytes() == b"2"


@pytest.mark.parametrize("note", [b"", b"no json", b"{}", b"[1, 2]", b'["v1"]', b"[" * 5000, None])
def test_without_a_version_nothing_is_believed(tmp_path: Path, note: bytes | None) -> None:
    begun(tmp_path)
    if note is None:
        (tmp_path / "version").unlink()
    else:
        (tmp_path / "version").write_bytes(note)
    with PartialFile(tmp_path) as file:
        assert (file.size, file.version, file.total) == (0, "", None)
        file.write(b"new")
        file.finish()
    assert (tmp_path / "data").read_bytes() == b"new"


def test_what_a_torn_write_left_behind_the_end_goes(tmp_path: Path) -> None:
    with PartialFile(tmp_path) as file:
        file.restart("v1")
        file.write(b"whole")
        with (tmp_path / "data").open("ab") as torn:
            torn.write(b" and more")
        file.finish()
    assert (tmp_path / "data").read_bytes() == b"whole"
