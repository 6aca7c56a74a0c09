from pathlib import Path

import pytest

from dsv.errors import StorageError
from dsv.ids import ObjectId
from dsv.runs.rebuild import agreed_commands

A, B, C = (ObjectId(letter * 64) for letter in "abc")


def test_trust_is_kept_by_kind(tmp_path: Path) -> None:
    file = tmp_path / "config/dsv/trusted"
    assert agreed_commands.trusted(file) == frozenset()
    agreed_commands.add(file, [B, A])
    agreed_commands.add(file, [A, C])
    agreed_commands.add(file, [C], agreed_commands.ENVIRONMENT)
    assert agreed_commands.trusted(file) == {A, B, C}
    assert agreed_commands.trusted(file, agreed_commands.ENVIRONMENT) == {C}
    assert file.read_text().splitlines() == [f"run {A}", f"run {B}", f"run {C}", f"environment {C}"]
    assert file.stat().st_mode & 0o077 == 0


def test_odd_lines_count_for_nothing(tmp_path: Path) -> None:
    file = tmp_path / "trusted"
    file.write_bytes(b"run\nrun abc\n\xff\xfe\nall\nrun " + A.encode() + b" x\nrun " + B.encode())
    assert agreed_commands.trusted(file) == {B}


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        agreed_commands.trusted(tmp_path)
