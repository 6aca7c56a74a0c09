from pathlib import Path

import pytest

from dsv.errors import StorageError
from dsv.ids import ObjectId
from dsv.replay import trust

A, B, C = (ObjectId(letter * 64) for letter in "abc")


def test_trust_is_kept_by_kind(tmp_path: Path) -> None:
    file = tmp_path / "config/dsv/trusted"
    assert trust.trusted(file) == frozenset()
    trust.add(file, [B, A])
    trust.add(file, [A, C])
    trust.add(file, [C], trust.ENVIRONMENT)
    assert trust.trusted(file) == {A, B, C}
    assert trust.trusted(file, trust.ENVIRONMENT) == {C}
    assert file.read_text().splitlines() == [f"run {A}", f"run {B}", f"run {C}", f"environment {C}"]
    assert file.stat().st_mode & 0o077 == 0


def test_odd_lines_count_for_nothing(tmp_path: Path) -> None:
    file = tmp_path / "trusted"
    file.write_bytes(b"run\nrun abc\n\xff\xfe\nall\nrun " + A.encode() + b" x\nrun " + B.encode())
    assert trust.trusted(file) == {B}


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        trust.trusted(tmp_path)
