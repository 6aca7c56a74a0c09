import io

import pyarrow as pa
import pyarrow.parquet as pq

from dsv.tables.facts.compute import compute
from dsv.tables.facts.table_changes import ColumnChange, TableChange, compare
from dsv.tables.facts.table_facts import Facts, decode
from dsv.tables.formats.open_table import open_table
from dsv.testing.table_strategies import MemorySource

TABLE = pa.table({"a": range(200_000), "b": [1.5] * 200_000, "c": ["x"] * 200_000})


def facts(table: pa.Table) -> Facts:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return compute(open_table(MemorySource("t", buffer.getvalue())))


def test_nothing_changed() -> None:
    assert compare(facts(TABLE), facts(TABLE)) == TableChange(200_000, 200_000, (), 200_000)


def test_columns_come_go_change_type_and_place() -> None:
    other = TABLE.append_column("d", TABLE["a"]).drop_columns(["b"])
    other = other.set_column(0, "a", TABLE["a"].cast(pa.int32()))
    assert compare(facts(TABLE), facts(other)).columns == (
        ColumnChange("a", "retyped"),
        ColumnChange("d", "added"),
        ColumnChange("b", "removed"),
    )
    assert compare(facts(TABLE), facts(TABLE.select(["b", "c", "a"]))).columns == (
        ColumnChange("a", "moved"),
    )


def test_changed_blocks_are_counted() -> None:
    changed = pa.concat_arrays([pa.array(range(70_000)), pa.array([-1]), pa.array(range(70_001, 200_000))])
    found = compare(facts(TABLE), facts(TABLE.set_column(0, "a", changed)))
    assert found == TableChange(200_000, 200_000, (ColumnChange("a", "modified", 1),), 65_536)


def test_appended_rows_leave_whole_blocks_alone() -> None:
    found = compare(facts(TABLE), facts(pa.concat_tables([TABLE, TABLE.slice(0, 10)])))
    assert (found.rows_after, found.same_rows) == (200_010, 3 * 65_536)


def test_heads_alone_are_enough_for_the_columns() -> None:
    old, new = facts(TABLE), facts(TABLE.slice(1))
    heads = [decode(found.encode_head(), None, "facts") for found in (old, new)]
    found = compare(*heads)
    assert [column.blocks for column in found.columns] == [None, None, None]
    assert found.same_rows is None
