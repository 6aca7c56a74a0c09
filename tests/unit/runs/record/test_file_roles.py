from pathlib import Path

import pytest

from dsv.runs.record.file_roles import is_data, is_hidden


@pytest.mark.parametrize(
    ("name", "content", "data"),
    [
        ("a.parquet", b"", True),
        ("a.CSV", b"", True),
        ("a.tar.gz", b"", True),
        ("a.jsonl.zst", b"", True),
        ("model.safetensors", b"", True),
        ("settings.json", b"{}", False),
        ("notes.txt", b"text", False),
        ("query.sql", b"select 1", False),
        ("Makefile", b"all:", False),
        ("plain", b"\x00\x01", True),
        ("long.txt", b"x" * ((1 << 20) + 1), True),
        ("long.json", b"x" * (1 << 20), False),
        ("generated.py", b"x" * ((1 << 20) + 1), False),
        ("module.so", b"\x7fELF\x00", False),
    ],
)
def test_data_and_code(tmp_path: Path, name: str, content: bytes, data: bool) -> None:
    (tmp_path / name).write_bytes(content)
    assert is_data(tmp_path, name) is data


def test_what_is_gone_is_judged_by_its_name(tmp_path: Path) -> None:
    assert is_data(tmp_path, "gone.csv")
    assert not is_data(tmp_path, "gone.txt")


def test_hidden() -> None:
    assert is_hidden(".a")
    assert is_hidden("a/.b/c")
    assert not is_hidden("a.b/c.d")
