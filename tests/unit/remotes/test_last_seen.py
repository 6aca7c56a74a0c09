from pathlib import Path

import pytest

from dsv.remotes.last_seen import SeenWrites
from dsv.store.refs import Refs


def refs(*writes: str) -> Refs:
    return Refs(writes=writes)


@pytest.fixture
def seen(tmp_path: Path) -> SeenWrites:
    made = SeenWrites(tmp_path / "cache" / "seen", "s3://bucket/team")
    made.remember(refs("a", "b"))
    return made


def test_older_refs_are_noticed(seen: SeenWrites) -> None:
    assert seen.setback(refs("a"))
    assert seen.setback(refs("a", "x"))
    assert seen.setback(None)


def test_the_same_and_later_ones_are_not_older(seen: SeenWrites) -> None:
    assert not seen.setback(refs("a", "b"))
    assert not seen.setback(refs("b", "c"))
    assert not seen.setback(refs("y", "z"))  # so many writes later that none is known


@pytest.mark.usefixtures("seen")
def test_what_was_seen_elsewhere_or_nowhere_says_nothing(tmp_path: Path) -> None:
    for other in (SeenWrites(tmp_path / "cache" / "seen", "s3://other"), SeenWrites(tmp_path / "none", "x")):
        assert not other.setback(refs("a"))
        assert not other.setback(None)


def test_a_note_that_cannot_be_read_or_written_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "seen").write_bytes(b"\xff\xfe")
    (tmp_path / "file").touch()
    for path in (tmp_path / "seen", tmp_path / "file" / "seen"):
        note = SeenWrites(path, "url")
        assert not note.setback(None)
        note.remember(refs("a"))
