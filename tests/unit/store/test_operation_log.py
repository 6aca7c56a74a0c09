from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.errors import Corrupt
from dsv.ids import ObjectId
from dsv.model import canonical
from dsv.store.operation_log import OpEntry, Oplog, hash_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
IDS = st.binary(min_size=32, max_size=32).map(lambda digest: ObjectId(digest.hex()))
ENTRIES = st.builds(
    OpEntry,
    number=st.integers(1, 2**53),
    previous=st.just("") | IDS,
    seconds=st.integers(0, 2**53),
    offset=st.integers(-1440, 1440),
    what=TEXT,
    changes=st.dictionaries(TEXT, st.tuples(st.none() | TEXT, st.none() | TEXT), max_size=3),
    tree=st.booleans(),
    kept=st.none() | IDS,
    wrote=st.none() | IDS,
)


@given(ENTRIES)
def test_what_was_encoded_is_decoded(entry: OpEntry) -> None:
    line = entry.encode()
    assert b"\n" not in line
    assert OpEntry.decode(line) == entry


GOOD = OpEntry(2, "e" * 64, 1, 60, "commit", {"head": ("x", None)}, tree=True, kept=ObjectId("a" * 64))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n", "2"),
        ("n", 0),
        ("n", True),
        ("n", None),
        ("previous", 1),
        ("previous", "x"),
        ("previous", "../../etc/passwd"),
        ("time", [1]),
        ("time", ["1", 2]),
        ("time", None),
        ("what", 1),
        ("what", None),
        ("changes", []),
        ("changes", {"head": "xy"}),
        ("changes", {"head": [1, 2]}),
        ("changes", {"head": ["x"]}),
        ("tree", 1),
        ("kept", "x"),
        ("kept", 7),
        ("wrote", []),
        ("extra", 1),
    ],
)
def test_entries_that_are_none(field: str, value: object) -> None:
    record = canonical.decode(GOOD.encode(), what="it")
    with pytest.raises(Corrupt, match="an oplog entry is malformed"):
        OpEntry.decode(canonical.encode({**record, field: value}))


def chain(log: Oplog, count: int, start: tuple[int, str] = (0, "")) -> list[tuple[int, str]]:
    """Append entries, each after the one before; return the ends."""
    ends = [start]
    for _ in range(count):
        number, previous = ends[-1]
        ends.append(log.append(OpEntry(number + 1, previous, 1, 0, f"op {number + 1}", {})))
    return ends


def numbers(log: Oplog, end: tuple[int, str]) -> list[int]:
    return [entry.number for entry in log.entries(end)]


def test_entries_come_newest_first(tmp_path: Path) -> None:
    log = Oplog(tmp_path / "oplog")
    assert numbers(log, (0, "")) == []
    ends = chain(log, 5)
    assert numbers(log, ends[5]) == [5, 4, 3, 2, 1]
    assert numbers(log, ends[2]) == [2, 1]


def test_what_lost_a_race_does_not_count(tmp_path: Path) -> None:
    log = Oplog(tmp_path / "oplog")
    ends = chain(log, 2)
    log.append(OpEntry(3, ends[2][1], 1, 0, "lost", {}))
    won = chain(log, 2, ends[2])
    assert [entry.what for entry in log.entries(won[-1])] == ["op 4", "op 3", "op 2", "op 1"]


@pytest.mark.parametrize("torn", [1, 7, 40])
def test_a_torn_line_hurts_nobody(tmp_path: Path, torn: int) -> None:
    path = tmp_path / "oplog"
    log = Oplog(path)
    ends = chain(log, 2)
    path.write_bytes(path.read_bytes() + GOOD.encode()[:torn])
    after = chain(log, 2, ends[2])
    assert numbers(log, after[-1]) == [4, 3, 2, 1]


def test_damage_is_said_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "oplog"
    log = Oplog(path)
    ends = chain(log, 4)
    path.write_bytes(path.read_bytes().replace(b"op 2", b"op x"))
    found, damage = log.readable(ends[4])
    assert [entry.number for entry in found] == [4, 3]
    assert isinstance(damage, Corrupt)
    assert damage.message == "oplog entry 2 is damaged or gone"
    with pytest.raises(Corrupt):
        numbers(log, ends[4])
    assert log.readable(ends[1]) == ([next(log.entries(ends[1]))], None)
    path.unlink()
    assert log.readable(ends[4])[0] == []


def test_the_hash_is_of_the_line() -> None:
    assert hash_of(GOOD.encode()) != hash_of(replace(GOOD, what="other").encode())
    assert len(hash_of(b"")) == 64
