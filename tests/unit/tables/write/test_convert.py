import base64
import datetime as dt
import decimal
import io
import json
import math
import os
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from dsv.errors import Refused, UsageFault
from dsv.tables.formats.dialect import TextSchema
from dsv.tables.values import base64_text
from dsv.tables.write.convert import FORMATS, write, written
from tests.unit.tables.formats.text_fixtures import MemorySource, MemoryTable, read, read_under


def converted(table: pa.Table, kind: str, batch: int = 3) -> bytes:
    out = io.BytesIO()
    write(MemoryTable(table, batch), kind, out)
    assert not out.closed
    return out.getvalue()


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
TYPES = {
    pa.null(): st.none(),
    pa.bool_(): st.booleans(),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint8(): st.integers(0, 255),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float64(): st.floats(allow_nan=False, allow_infinity=False),
    pa.float32(): st.floats(width=32, allow_nan=False, allow_infinity=False),
    pa.string(): TEXT,
    pa.large_string(): TEXT,
    pa.binary(): st.binary(max_size=7),
    pa.binary(2): st.binary(min_size=2, max_size=2),
    pa.date32(): st.dates(),
    pa.time64("us"): st.times(),
    pa.timestamp("us"): st.datetimes(),
    pa.timestamp("ms", "UTC"): st.datetimes().map(lambda d: d.replace(microsecond=0, tzinfo=dt.UTC)),
    pa.decimal128(12, 3): st.integers(-(10**11), 10**11).map(lambda n: decimal.Decimal(n).scaleb(-3)),
    pa.dictionary(pa.int8(), pa.string()): st.sampled_from(["a", 'b"', ""]),
}
NESTED = {
    pa.list_(pa.int64()): st.lists(st.none() | st.integers(-9, 9), max_size=3),
    pa.large_list(pa.string()): st.lists(st.none() | TEXT, max_size=3),
    pa.list_(pa.bool_(), 2): st.lists(st.booleans(), min_size=2, max_size=2),
    pa.struct({"x": pa.float64(), 'y"': pa.list_(pa.date32())}): st.fixed_dictionaries(
        {"x": st.none() | st.just(1.5), 'y"': st.none() | st.lists(st.dates(), max_size=2)}
    ),
    pa.map_(pa.string(), pa.binary()): st.lists(
        st.tuples(TEXT, st.none() | st.binary(max_size=4)), max_size=2
    ),
}


@st.composite
def tables(draw: Any, types: Any) -> Any:
    rows = draw(st.integers(0, 8))
    chosen = draw(st.lists(st.sampled_from(list(types)), min_size=1, max_size=4))
    columns = [
        pa.array(draw(st.lists(st.none() | types[kind], min_size=rows, max_size=rows)), kind)
        for kind in chosen
    ]
    table = pa.table(columns, names=[f'c"{place}' for place in range(len(columns))])
    start = draw(st.integers(0, rows))
    return table.slice(start)


@settings(max_examples=80)
@given(tables(TYPES), st.integers(1, 5))
def test_csv_comes_back_under_its_schema(table: Any, batch: Any) -> None:
    found = read_under(converted(table, "csv", batch), written(table.schema, "csv"))
    assert found.to_pylist() == table.to_pylist()


@settings(max_examples=80)
@given(tables(TYPES | NESTED), st.integers(1, 5))
def test_json_lines_come_back_under_their_schema(table: Any, batch: Any) -> None:
    data = converted(table, "jsonl", batch)
    assert read_under(data, written(table.schema, "jsonl"), "t.jsonl").to_pylist() == table.to_pylist()
    assert len([json.loads(line) for line in data.splitlines()]) == table.num_rows


@settings(max_examples=40)
@given(tables(TYPES | NESTED))
def test_arrow_and_parquet_come_back(table: Any) -> None:
    assert pa.ipc.open_stream(converted(table, "arrow")).read_all().equals(table)
    found = parquet.read_table(io.BytesIO(converted(table, "parquet")))
    assert found.to_pylist() == table.to_pylist()


@settings(max_examples=60)
@given(st.lists(st.none() | st.binary(max_size=9), max_size=12), st.integers(0, 4))
def test_base64_is_that_of_python(values: Any, start: Any) -> None:
    array = pa.array(values, pa.binary()).slice(min(start, len(values)))
    text = base64_text.encode(array)
    wanted = [None if value is None else base64.b64encode(value).decode() for value in array.to_pylist()]
    assert text.to_pylist() == wanted
    assert base64_text.decode(text).equals(array)
    assert base64_text.decode(text.slice(len(text) // 2)).equals(array.slice(len(text) // 2))


@pytest.mark.parametrize("text", ["A", "AQ", "AQI", "AQ=I", "A===", "====", "AQI=AQI=", "é", " AQI="])
def test_what_is_no_base64_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="base64"):
        base64_text.decode(pa.array([text]))


def test_the_bytes_of_csv_are_golden() -> None:
    table = pa.table(
        {
            'a "b"': ["", None, 'x"y\n'],
            "i": [1, None, -3],
            "f": [1.0, math.nan, -0.0],
            "t": pa.array([0, None, 1], pa.timestamp("us", "Europe/Paris")),
            "l": [[1, None], None, []],
        }
    )
    assert converted(table, "csv").decode() == (
        '"a ""b""","i","f","t","l"\n'
        '"",1,1,1970-01-01 00:00:00.000000Z,"[1,null]"\n'
        ",,nan,,\n"
        '"x""y\n",-3,-0,1970-01-01 00:00:00.000001Z,"[]"\n'
    )


def test_the_bytes_of_json_lines_are_golden() -> None:
    table = pa.table(
        {
            'a"': ["\x00\x1f\t\\", None, "é\u2028\x7f"],
            "f": [1.0, math.nan, 1e300],
            "t": pa.array([0, None, 1], pa.timestamp("us", "UTC")),
            "s": [{"x": [True]}, None, {"x": None}],
            "d": pa.array([1, 2, None], pa.duration("s")),
        }
    )
    assert converted(table, "jsonl").decode() == (
        '{"a\\"":"\\u0000\\u001f\\t\\\\","f":1.0,"t":"1970-01-01T00:00:00.000000Z","s":{"x":[true]},"d":1}\n'
        '{"a\\"":null,"f":null,"t":null,"s":null,"d":2}\n'
        '{"a\\"":"é\u2028\x7f","f":1e+300,"t":"1970-01-01T00:00:00.000001Z","s":{"x":null},"d":null}\n'
    )


def test_not_a_number_survives_csv() -> None:
    table = pa.table({"f": [math.nan, math.inf, -math.inf, None]})
    found = read_under(converted(table, "csv"), written(table.schema, "csv"))["f"].to_pylist()
    assert math.isnan(found[0])
    assert found[1:] == [math.inf, -math.inf, None]


def test_a_table_of_nothing() -> None:
    empty = pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.list_(pa.string()))})
    assert converted(empty, "csv") == b'"a","b"\n'
    assert converted(empty, "jsonl") == b""
    assert pa.ipc.open_stream(converted(empty, "arrow")).read_all() == empty
    assert parquet.read_table(io.BytesIO(converted(empty, "parquet"))).num_rows == 0


def test_csv_of_a_csv_infers_the_same_values() -> None:
    text = "a,b,c\n1,x,2020-01-01\n,,\n3,y,2021-01-01\n"
    assert read(converted(read(text), "csv")) == read(text)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_broken_pipe_is_a_broken_pipe(kind: Any) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    table = pa.table({"a": ["x" * 100_000] * 4})
    with os.fdopen(writer, "wb", buffering=0) as out, pytest.raises(BrokenPipeError):
        write(MemoryTable(table, 1), kind, out)


def test_row_groups_are_of_bounded_size(monkeypatch: Any) -> None:
    monkeypatch.setattr("dsv.tables.write.convert.GROUP_ROWS", 10)
    found = parquet.ParquetFile(io.BytesIO(converted(pa.table({"a": range(35)}), "parquet"))).metadata
    assert [found.row_group(group).num_rows for group in range(found.num_row_groups)] == [9, 9, 9, 8]


def test_an_unknown_format_is_wrong_usage() -> None:
    with pytest.raises(UsageFault, match="xml"):
        write(MemoryTable(pa.table({"a": [1]})), "xml", io.BytesIO())


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_types_without_text_are_refused(kind: Any) -> None:
    interval = pa.array([pa.MonthDayNano([1, 2, 3])], pa.month_day_nano_interval())
    with pytest.raises(Refused, match="interval"):
        converted(pa.table({"a": interval}), kind)


def test_csv_needs_a_column() -> None:
    with pytest.raises(Refused, match="without columns"):
        converted(pa.table({}), "csv")


def test_the_schema_of_what_is_written_has_an_id() -> None:
    schema = pa.schema({kind_name(kind): kind for kind in TYPES | NESTED})
    for kind in ("csv", "jsonl"):
        text = written(schema, kind)
        assert TextSchema.decode(text.encode(), "s") == text
    assert MemorySource("").size == 0


def kind_name(kind: pa.DataType) -> str:
    return str(kind)
