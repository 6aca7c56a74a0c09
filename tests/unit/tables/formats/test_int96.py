"""INT96 timestamps: every instant is read as what it is, or the table has no id."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsv.errors import NoTable
from dsv.tables.facts.compute import compute
from dsv.tables.formats.open_table import open_table
from dsv.testing.table_strategies import MemorySource

FAR = 253_402_300_799_000_000
"""The last second of the year 9999, in microseconds."""

NEAR = ((FAR * 1000 + 2**63) % 2**64 - 2**63) // 1000
"""What it wraps to in nanoseconds."""

SHAPES = {
    "plain": lambda one: one,
    "list": lambda one: pa.ListArray.from_arrays(pa.array([0, *range(1, len(one) + 1)], pa.int32()), one),
    "struct": lambda one: pa.StructArray.from_arrays([one, pa.array(range(len(one)))], ["t", "n"]),
}


def written(array: Any, **columns: Any) -> MemorySource:
    buffer = io.BytesIO()
    table = pa.table({"t": array, **columns})
    pq.write_table(table, buffer, use_deprecated_int96_timestamps=True, row_group_size=2)
    return MemorySource("t.parquet", buffer.getvalue())


def values(source: MemorySource) -> Any:
    reader = open_table(source)
    return pa.Table.from_batches(reader.batches(), reader.schema)["t"].combine_chunks()


@pytest.mark.parametrize("shape", SHAPES)
def test_an_instant_and_what_it_wraps_to_are_two_tables(shape: str) -> None:
    far = SHAPES[shape](pa.array([0, None, FAR], pa.timestamp("us")))
    near = SHAPES[shape](pa.array([0, None, NEAR], pa.timestamp("us")))
    found = [compute(open_table(written(array))) for array in (far, near)]
    assert found[0].table != found[1].table
    assert ["us" in found[0].columns[0].type, "ns" in found[1].columns[0].type] == [True, True]
    assert values(written(far)).equals(far)


def test_instants_that_nanoseconds_hold_are_nanoseconds() -> None:
    fine = pa.array([1, -(2**63) + 1, 2**63 - 1, None], pa.timestamp("ns"))
    assert values(written(fine)).equals(fine)


def test_what_neither_unit_holds_has_no_table_id() -> None:
    fine = pa.array([1, 1000, 1000], pa.timestamp("ns"))
    with pytest.raises(NoTable, match="parts of a microsecond"):
        open_table(written(pa.array([0, 0, FAR], pa.timestamp("us")), fine=fine))
    whole = compute(
        open_table(written(pa.array([0, 0, FAR], pa.timestamp("us")), fine=whole_microseconds(fine)))
    )
    assert [column.type for column in whole.columns] == ["timestamp[us]", "timestamp[us]"]


def whole_microseconds(fine: Any) -> Any:
    return pa.array(np.asarray(fine.cast(pa.int64())) // 1000 * 1000, pa.timestamp("ns"))


def test_a_file_without_rows_is_nanoseconds() -> None:
    assert (
        str(open_table(written(pa.array([], pa.timestamp("us")))).schema.field("t").type) == "timestamp[ns]"
    )


@settings(max_examples=100)
@given(st.lists(st.integers(-62_135_596_800_000_000, FAR), min_size=1, max_size=5))
def test_what_was_written_is_read(instants: Any) -> None:
    array = pa.array(instants, pa.timestamp("us"))
    read = values(written(array))
    unit = 1000 if str(read.type) == "timestamp[ns]" else 1
    assert read.cast(pa.int64()).to_pylist() == [one * unit for one in instants]
