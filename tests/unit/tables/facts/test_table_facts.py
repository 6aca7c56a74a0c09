import io
import random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsv.errors import Corrupt, DsvError
from dsv.ids import ObjectId
from dsv.tables.fact_keys import facts_key
from dsv.tables.facts.compute import compute
from dsv.tables.facts.table_facts import Facts, decode
from dsv.tables.formats.open_table import open_table
from dsv.tables.formats.parquet import ParquetTable
from dsv.testing.table_strategies import MemorySource


def parquet(table: pa.Table, **options: object) -> MemorySource:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return MemorySource("table.parquet", buffer.getvalue())


def grouped(parts: list[pa.Table], schema: pa.Schema) -> MemorySource:
    buffer = io.BytesIO()
    with pq.ParquetWriter(buffer, schema) as writer:
        for part in parts:
            writer.write_table(part, row_group_size=max(1, part.num_rows))
    return MemorySource("table.parquet", buffer.getvalue())


def facts_of(source: MemorySource, previous: Facts | None = None) -> Facts:
    return compute(open_table(source), previous)


def part(seed: int, rows: int) -> pa.Table:
    random_ = np.random.default_rng(seed)
    return pa.table(
        {
            "i": random_.integers(0, 1000, rows),
            "s": pa.array([f"{value:04}" for value in random_.integers(0, 9999, rows)], pa.string()),
            "f": pa.array(random_.normal(size=rows), mask=random_.random(rows) < 0.1),
        }
    )


SCHEMA = part(0, 1).schema
shapes = st.tuples(st.integers(0, 3), st.sampled_from([0, 1, 700, 65_536, 40_000, 70_000]))


@given(st.lists(shapes, max_size=5), st.data())
@settings(max_examples=25, deadline=None)
def test_facts_from_a_previous_version_are_those_from_scratch(before: Any, data: Any) -> None:
    after = [*before]
    for _ in range(data.draw(st.integers(0, 2))):
        place = data.draw(st.integers(0, len(after)))
        match data.draw(st.sampled_from(["insert", "remove", "change"])):
            case "insert":
                after.insert(place, data.draw(shapes))
            case "remove" if place < len(after):
                del after[place]
            case "change" if place < len(after):
                after[place] = (after[place][0] + 1, after[place][1])
    old = facts_of(grouped([part(*shape) for shape in before], SCHEMA))
    new = grouped([part(*shape) for shape in after], SCHEMA)
    assert facts_of(new, old) == facts_of(new)
    stored = decode(old.encode_head(), old.encode_blocks(), "facts")
    assert facts_of(new, stored) == facts_of(new)


def test_what_a_previous_version_shares_is_not_decoded(monkeypatch: Any) -> None:
    parts = [part(seed, 65_536) for seed in range(4)]
    old = facts_of(grouped(parts, SCHEMA))
    read: list[tuple[list[int], list[int]]] = []
    original = ParquetTable.read

    def spy(self: Any, columns: Any, row_groups: Any) -> Any:
        read.append((list(columns), list(row_groups)))
        return original(self, columns, row_groups)

    monkeypatch.setattr(ParquetTable, "read", spy)
    new = facts_of(grouped([*parts, part(9, 10)], SCHEMA), old)
    assert read == [([0, 1, 2], [4])]
    changed = parts[1].set_column(1, "s", pa.array(["x"] * 65_536))
    facts_of(grouped([parts[0], changed, *parts[2:], part(9, 10)], SCHEMA), new)
    assert read[1:] == [([1], [1])]


def test_facts_say_what_a_table_holds() -> None:
    table = pa.table(
        {
            "i": pa.array([3, None, -7], pa.int16()),
            "u": pa.array([2**64 - 1, 0, 1], pa.uint64()),
            "f": [float("nan"), 0.1, -0.0],
            "s": ["b", "é", None],
            "b": [b"\x00", b"\xff", b""],
            "t": pa.array([0, 1_700_000_000_123_456, None], pa.timestamp("us", "UTC")),
            "d": pa.array([0, -1, 19_000], pa.date32()),
            "c": pa.array([1, 2, 3], pa.decimal128(5, 0)).cast(pa.decimal128(9, 2)),
            "y": [True, None, False],
            "l": [[1], [], None],
            "n": pa.nulls(3),
        }
    )
    facts = facts_of(parquet(table))
    assert facts.rows == 3
    found = {column.name: (column.type, column.nulls, column.min, column.max) for column in facts.columns}
    assert found == {
        "i": ("int16", 1, "-7", "3"),
        "u": ("uint64", 0, "0", "18446744073709551615"),
        "f": ("float64", 0, "0.0", "0.1"),
        "s": ("utf8", 1, "b", "é"),
        "b": ("binary", 0, "", "ff"),
        "t": (
            'timestamp[us, "UTC"]',
            1,
            "1970-01-01T00:00:00.000000Z",
            "2023-11-14T22:13:20.123456Z",
        ),
        "d": ("date32", 0, "1969-12-31", "2022-01-08"),
        "c": ("decimal(9, 2)", 0, "1.00", "3.00"),
        "y": ("bool", 1, "false", "true"),
        "l": ("list<int64>", 1, None, None),
        "n": ("null", 3, None, None),
    }


def test_long_values_are_cut_and_marked_so() -> None:
    facts = facts_of(parquet(pa.table({"s": ["é" * 400, "a"]})))
    column = facts.columns[0]
    assert (column.min, column.min_cut) == ("a", False)
    assert (column.max, column.max_cut) == ("é" * 128, True)


@pytest.mark.parametrize("table", [pa.table({}), SCHEMA.empty_table(), part(1, 70_000)])
def test_facts_come_back_as_they_were(table: Any) -> None:
    facts = facts_of(parquet(table))
    head, blocks = facts.encode_head(), facts.encode_blocks()
    whole = decode(head, blocks, "facts")
    assert whole == facts
    assert (whole.encode_head(), whole.encode_blocks()) == (head, blocks)
    assert decode(head, None, "facts").columns == facts.columns


def test_damaged_facts_are_refused() -> None:
    facts = facts_of(parquet(part(1, 70_000)))
    head, blocks = facts.encode_head(), facts.encode_blocks()
    random_ = random.Random(1)
    for _ in range(300):
        damaged = bytearray(blocks)
        damaged[random_.randrange(len(blocks) - 32 * 3)] ^= 1 << random_.randrange(8)
        try:
            found = decode(head, bytes(damaged), "facts")
        except Corrupt:
            continue
        assert found.encode_head() == head
    for size in range(0, len(blocks), 7):
        with pytest.raises(Corrupt):
            decode(head, blocks[:size], "facts")
    for _ in range(300):
        changed = bytearray(head)
        changed[random_.randrange(len(head))] = random_.randrange(32, 127)
        try:
            decode(bytes(changed), blocks, "facts")
        except DsvError:
            continue
        assert bytes(changed) == head


def test_facts_of_other_versions_have_other_names() -> None:
    content, schema = ObjectId("0" * 64), ObjectId("1" * 64)
    assert len({facts_key(content, None), facts_key(content, schema), facts_key(content, None, 2)}) == 3
