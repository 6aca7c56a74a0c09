import io
import os
import random
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from dsv.errors import NoTable, NotFound
from dsv.tables.facts.compute import compute
from dsv.tables.formats.file_source import FileSource
from dsv.tables.formats.open_table import open_table
from dsv.tables.formats.parquet import ParquetTable
from dsv.testing.table_strategies import MemorySource

TABLE = pa.table(
    {
        "i": pa.array([1, None, 3] * 400, pa.int64()),
        "f": pa.array([0.5, None, -2.0] * 400),
        "s": pa.array(["a", "bb", None] * 400),
        "t": pa.array([1_704_164_645_000_006] * 1200, pa.timestamp("us")),
        "z": pa.array([datetime(2024, 1, 2, tzinfo=UTC)] * 1200, pa.timestamp("us", "UTC")),
        "d": pa.array([date(2024, 1, 2), None, date(1960, 1, 1)] * 400),
        "b": pa.array([True, False, None] * 400),
        "x": pa.array([b"\x00", None, b"yy"] * 400),
        "l": pa.array([[1, 2], [], None] * 400, pa.list_(pa.int64())),
        "m": pa.array([Decimal("1.25"), None, Decimal("-3.00")] * 400, pa.decimal128(12, 2)),
        "st": pa.array([{"a": 1, "b": "x"}, {"a": None, "b": "y"}, {"a": 3, "b": None}] * 400),
    }
)


def memory(write: Any, name: str = "t") -> MemorySource:
    buffer = io.BytesIO()
    write(buffer)
    return MemorySource(name, buffer.getvalue())


def table_id(source: Any) -> str:
    return compute(open_table(source)).table


def ipc(buffer: Any, table: Any, *, stream: Any = False, compression: Any = None) -> Any:
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    with make(buffer, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, max_chunksize=333)


EXPECTED = table_id(memory(lambda out: pq.write_table(TABLE, out)))


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "zstd"},
        {"compression": "none", "row_group_size": 7},
        {"compression": "gzip", "use_dictionary": False, "data_page_version": "2.0"},
        {"version": "1.0", "store_schema": False, "coerce_timestamps": "us"},
        {"use_byte_stream_split": ["f"], "use_dictionary": ["s"], "data_page_size": 512},
        {"use_content_defined_chunking": True, "write_page_index": True},
    ],
)
def test_parquet_of_any_make_has_one_id(options: Any) -> None:
    assert table_id(memory(lambda out: pq.write_table(TABLE, out, **options))) == EXPECTED


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_arrow_has_the_id_of_parquet(stream: Any, compression: Any) -> None:
    source = memory(lambda out: ipc(out, TABLE, stream=stream, compression=compression))
    assert table_id(source) == EXPECTED


def test_dictionaries_and_views_have_the_id_of_plain_text() -> None:
    place = TABLE.schema.get_field_index("s")
    for kind in (pa.dictionary(pa.int16(), pa.string()), pa.string_view(), pa.large_string()):
        other = TABLE.set_column(place, "s", TABLE["s"].cast(kind))
        assert table_id(memory(lambda out, other=other: ipc(out, other))) == EXPECTED
        if kind != pa.string_view():
            assert table_id(memory(lambda out, other=other: pq.write_table(other, out))) == EXPECTED


def test_polars_writes_the_same_table() -> None:
    frame = pl.DataFrame(pl.from_arrow(TABLE))
    assert table_id(memory(frame.write_parquet)) == EXPECTED
    assert (
        table_id(memory(lambda out: frame.write_parquet(out, compression="snappy", row_group_size=100)))
        == EXPECTED
    )
    assert table_id(memory(frame.write_ipc)) == EXPECTED


def test_duckdb_writes_the_same_table(tmp_path: Any) -> None:
    path = tmp_path / "duck.parquet"
    table = TABLE
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    connection.register("source", table)
    connection.execute(f"COPY source TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 500)")
    with FileSource(path) as source:
        assert table_id(source) == EXPECTED


def test_pandas_writes_the_same_table_and_its_index_is_data() -> None:
    table = TABLE.select(["f", "s", "b", "z"])
    wanted = table_id(memory(lambda out: pq.write_table(table, out)))
    frame = table.to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)
    frame["s"] = frame["s"].astype("string")
    assert table_id(memory(lambda out: frame.to_parquet(out, index=False))) == wanted
    indexed = memory(lambda out: frame.set_index("f").to_parquet(out))
    assert set(open_table(indexed).schema.names) == set(table.column_names)


def test_a_plain_file_and_bytes_are_one_table(tmp_path: Any) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(TABLE, path)
    with FileSource(path) as source:
        assert table_id(source) == EXPECTED
        assert source.fingerprint(0, 10).startswith("b3:")
        with pytest.raises(EOFError):
            source.read_at(source.size - 1, 2)


def test_columns_come_in_the_order_asked_for() -> None:
    for source in (
        memory(lambda out: pq.write_table(TABLE, out, row_group_size=500)),
        memory(lambda out: ipc(out, TABLE)),
    ):
        table = open_table(source)
        found = pa.Table.from_batches(table.batches(["st", "i"]))
        assert found.equals(TABLE.select(["st", "i"]).cast(found.schema))
        with pytest.raises(NotFound):
            list(table.batches(["nothing"]))


def test_names_with_dots_are_names() -> None:
    table = pa.table({"a.b": [1], "a": [{"b": 2}]})
    source = memory(lambda out: pq.write_table(table, out))
    assert pa.Table.from_batches(open_table(source).batches(["a"])).to_pylist() == [{"a": {"b": 2}}]


def test_tables_without_rows_or_columns() -> None:
    for table in (TABLE.schema.empty_table(), pa.table({})):
        source = memory(lambda out, table=table: pq.write_table(table, out))
        assert compute(open_table(source)).rows == 0
    # Arrow files can have rows without columns; pyarrow's Parquet writer forgets them.
    rows_alone = memory(lambda out: ipc(out, TABLE.select([])))
    assert compute(open_table(rows_alone)).rows == 1200


def test_three_thousand_columns() -> None:
    table = pa.table({f"c{i}": [i, i + 1] for i in range(3000)})
    source = memory(lambda out: pq.write_table(table, out))
    assert len(compute(open_table(source)).columns) == 3000


def test_wide_tables_are_read_in_groups_of_columns() -> None:
    noise = [os.urandom(30_000) for _ in range(40)]
    table = pa.table({f"c{i}": noise for i in range(60)})
    source = memory(lambda out: pq.write_table(table, out, compression="none", use_dictionary=False))
    groups = ParquetTable(source).column_groups(range(60))
    assert len(groups) > 1
    assert [column for group in groups for column in group] == list(range(60))
    ids = {column.id for column in compute(open_table(source)).columns}
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("t.parquet", b"", "empty"),
        ("t.parquet", b"hello, I am text", "not Parquet"),
        ("t.parquet", b"PAR1", "truncated"),
        ("t.parquet", b"PAR1" + b"x" * 100, "truncated"),
        ("t.parquet", b"PARE" + b"x" * 100 + b"PARE", "encrypted"),
        ("t.parquet", b"PAR1" + b"\xff" * 100 + b"\x10\x00\x00\x00PAR1", "not Parquet"),
        ("t.parquet", b"PAR1" + b"\xff" * 100 + b"\xff\xff\xff\x7fPAR1", "impossible"),
        ("t.arrow", b"", "empty"),
        ("t.arrow", b"ARROW1\0\0" + b"x" * 100, "truncated"),
        ("t.arrow", b"ARROW1\0\0" + b"x" * 100 + b"ARROW1", "not Arrow"),
        ("t.arrow", b"\xff\xff\xff\xff" + b"x" * 100, "not Arrow"),
        ("t.feather", b"FEA1" + b"x" * 100, "version 1"),
        ("t.jpg", b"\xff\xd8\xff\xe0", "neither Parquet, Arrow, CSV, TSV nor JSON lines"),
    ],
)
def test_what_is_no_table_says_why(name: Any, data: Any, reason: Any) -> None:
    with pytest.raises(NoTable, match=reason):
        compute(open_table(MemorySource(name, data)))


def test_cut_and_flipped_files_are_refused_or_read_but_never_crash() -> None:
    random_ = random.Random(3)
    for write in (
        lambda out: pq.write_table(TABLE, out, compression="none"),
        lambda out: ipc(out, TABLE),
        lambda out: ipc(out, TABLE, stream=True),
    ):
        whole = memory(write).read_at(0, memory(write).size)
        for _ in range(60):
            damaged = bytearray(whole)
            if random_.random() < 0.3:
                del damaged[random_.randrange(len(damaged)) :]
            else:
                near_end = random_.random() < 0.5
                place = random_.randrange(len(whole) - 1500 if near_end else 0, len(whole))
                damaged[place] ^= 1 << random_.randrange(8)
            with suppress(NoTable):
                compute(open_table(MemorySource("t", bytes(damaged))))
