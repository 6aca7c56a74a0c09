import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from dsv.errors import Refused, UsageFault
from dsv.segment.cut import cut
from dsv.tables.write import stable

ROWS = 200_000
TABLE = pa.table(
    {
        "id": pa.array(range(ROWS)),
        "word": pa.array([f"w{number % 97}" for number in range(ROWS)]),
        "kind": pa.array([f"k{number % 3}" for number in range(ROWS)]).dictionary_encode(),
    }
)


def written(rows: Any, form: str, compression: str | None = None, **more: Any) -> bytes:
    out = io.BytesIO()
    stable.write(stable.reader_of(rows, **more), out, form, compression=compression)
    return out.getvalue()


@pytest.mark.parametrize("form", ["parquet", "file", "stream"])
@given(sizes=st.lists(st.integers(1, 90_000), max_size=8))
def test_bytes_depend_on_the_rows_alone(form: str, sizes: list[int]) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        start = 0
        for size in [*sizes, ROWS]:
            yield from TABLE.slice(start, size).to_batches()
            start += size

    reader = pa.RecordBatchReader.from_batches(TABLE.schema, batches())
    assert written(reader, form) == written(TABLE, form)


@pytest.mark.parametrize("compression", ["zstd", None])
def test_what_is_written_is_what_is_read(compression: str | None) -> None:
    assert parquet.read_table(io.BytesIO(written(TABLE, "parquet", compression))).equals(TABLE)
    assert pa.ipc.open_file(written(TABLE, "file", compression)).read_all().equals(TABLE)
    assert pa.ipc.open_stream(written(TABLE, "stream", compression)).read_all().equals(TABLE)


def test_frames_of_others() -> None:
    columns = {"a": [1, 2, 3], "s": ["x", "y", "z"]}
    for frame in (pl.DataFrame(columns), pd.DataFrame(columns), TABLE.schema.empty_table()):
        assert parquet.read_table(io.BytesIO(written(frame, "parquet"))).num_rows in (0, 3)


def test_batches_and_none_of_them() -> None:
    batch = TABLE.slice(0, 10).to_batches()[0]
    assert written(batch, "stream") == written([batch], "stream") == written(iter([batch]), "stream")
    assert parquet.read_table(io.BytesIO(written([], "parquet", schema=TABLE.schema))).num_rows == 0


@pytest.mark.parametrize("rows", ["text", {"a": [1]}, [1, 2], [], 7, pl.LazyFrame({"a": [1]})])
def test_what_is_no_table(rows: Any) -> None:
    with pytest.raises(UsageFault) as caught:
        written(rows, "parquet")
    assert caught.value.hint


def test_what_the_format_cannot_hold() -> None:
    union = pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])])
    with pytest.raises(Refused, match="cannot be written as parquet"):
        written(pa.table({"u": union}), "parquet")
    with pytest.raises(UsageFault, match="no compression"):
        written(TABLE, "parquet", "rar")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.parquet", "parquet"),
        ("a.PQ", "parquet"),
        ("a.arrow", "file"),
        ("a.feather", "file"),
        ("b.arrows", "stream"),
    ],
)
def test_the_suffix_says_how(name: str, form: str) -> None:
    assert stable.form_of(name) == form


@pytest.mark.parametrize("name", ["a.csv", "parquet", "a", "a.parquet.gz"])
def test_other_suffixes(name: str) -> None:
    with pytest.raises(UsageFault):
        stable.form_of(name)


def test_row_groups_are_few_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parquet.ParquetFile(io.BytesIO(written(TABLE, "parquet"))).num_row_groups == 1
    monkeypatch.setattr(stable, "GROUP_BYTES", 1 << 20)
    assert parquet.ParquetFile(io.BytesIO(written(TABLE, "parquet"))).num_row_groups == 4


def new_bytes(before: bytes, after: bytes) -> int:
    """Return how much of `after` a store that has `before` would add."""

    def segments(data: bytes) -> list[bytes]:
        return [bytes(piece) for piece in cut(lambda start, size: data[start : start + size], len(data))]

    known = set(segments(before))
    return sum(len(piece) for piece in segments(after) if piece not in known)


def test_later_versions_share_their_bytes() -> None:
    rng = np.random.default_rng(7)
    table = pa.table({"a": rng.integers(0, 1 << 60, ROWS), "b": rng.normal(size=ROWS).round(3)})
    before = written(table, "parquet", "zstd")
    middle = ROWS // 2
    edits = {
        "appended": pa.concat_tables([table, table.slice(0, ROWS // 100)]),
        "removed": pa.concat_tables([table.slice(0, middle), table.slice(middle + 10)]),
        "put between": pa.concat_tables([table.slice(0, middle), table.slice(0, 10), table.slice(middle)]),
    }
    for what, after in edits.items():
        assert new_bytes(before, written(after, "parquet", "zstd")) < 0.3 * len(before), what


def test_values_are_numbered_where_they_are_few() -> None:
    table = pa.table(
        {
            "few": [number % 5 for number in range(ROWS)],
            "many": range(ROWS),
            "nested": pa.array([[f"w{number % 5}"] for number in range(ROWS)]),
            "kind": TABLE["kind"],
        }
    )

    def numbered(data: bytes) -> list[str]:
        group = parquet.ParquetFile(io.BytesIO(data)).metadata.row_group(0)
        columns = [group.column(number) for number in range(group.num_columns)]
        return [one.path_in_schema for one in columns if one.has_dictionary_page]

    assert numbered(written(table, "parquet")) == ["few", "nested.list.element", "kind"]
    out = io.BytesIO()
    stable.write(stable.reader_of(table), out, "parquet", compression=None, dictionary=False)
    assert numbered(out.getvalue()) == []
    doubled = pa.table([table["few"], table["few"]], names=["x", "x"])
    assert written(doubled, "parquet")
