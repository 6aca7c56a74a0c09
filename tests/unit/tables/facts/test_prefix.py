"""Appended rows are told from changed ones by the one block that both tables have in part."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.tables.facts.compute import compute
from dsv.tables.facts.prefix import starts, undecided
from dsv.tables.facts.table_changes import compare
from dsv.tables.facts.table_facts import Facts
from dsv.tables.formats.open_table import open_table
from dsv.tables.formats.reader import TableReader
from dsv.testing.table_strategies import MemorySource


def table(rows: int, changed: int | None = None) -> pa.Table:
    numbers = list(range(rows))
    if changed is not None:
        numbers[changed] = -1
    return pa.table({"a": numbers, "b": [str(number % 7) for number in range(rows)]})


def reader(data: pa.Table, kind: str = "parquet", group: int = 50_000) -> TableReader:
    buffer = io.BytesIO()
    if kind == "parquet":
        pq.write_table(data, buffer, row_group_size=group)
    else:
        with pa.ipc.new_file(buffer, data.schema) as writer:
            writer.write_table(data, max_chunksize=group)
    return open_table(MemorySource("t", buffer.getvalue()))


def facts(data: pa.Table) -> Facts:
    return compute(reader(data))


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
@pytest.mark.parametrize("rows", [10, 65_537, 150_000])
def test_appended_and_changed(kind: str, rows: int) -> None:
    short = facts(table(rows))
    for changed, answer in ((None, True), (rows - 1, False), (rows, True)):
        longer = table(rows + 100, changed)
        change = compare(short, facts(longer))
        assert undecided(short, facts(longer), change)
        assert undecided(facts(longer), short, compare(facts(longer), short))
        assert starts(short, reader(longer, kind)) is answer


def test_facts_may_be_enough() -> None:
    whole, short = facts(table(65_536)), facts(table(70_000))
    for before, after in (
        (whole, facts(table(65_540))),
        (short, facts(table(70_000, 5))),
        (short, facts(table(70_001, 5))),
        (short, facts(table(70_001).rename_columns(["a", "c"]))),
    ):
        assert not undecided(before, after, compare(before, after))
    assert compare(whole, facts(table(65_540))).end_only


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 200), st.data())
def test_any_cut_into_row_groups(rows: int, more: int, group: int, data: st.DataObject) -> None:
    changed = data.draw(st.none() | st.integers(0, rows + more - 1))
    found = starts(facts(table(rows)), reader(table(rows + more, changed), group=group))
    assert found is (changed is None or changed >= rows)
