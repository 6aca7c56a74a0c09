import gzip
import string
from collections.abc import Generator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from dsv.errors import NoTable, NotFound
from dsv.tables import format_names
from dsv.tables.formats.dialect import DeclaredColumn, TextSchema, delimited, lines
from dsv.tables.formats.infer import infer
from dsv.tables.formats.text import DoesNotFit, TextReader
from tests.unit.tables.formats.text_fixtures import MemorySource, read, read_under


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\n\r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"a,b\n1\n", "1 fields, and the header 2"),
        (b"a,b\n1,2\n1,2,3\n", "3 fields, and the header 2"),
        (b"a,b\n\xe9,1\n", "not UTF-8"),
        (b"\xe9,b\n1,1\n", "not UTF-8"),
        (b"a,b\n1,\x00\n", "NUL"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b'a,b\n1,"x\n', "never closed"),
        (b'a,b\n"1,x\n', "never closed"),
        (b'a\n"1\n', "never closed"),
        (b'a\n1\n"', "never closed"),
        (b'"a,b\n1,2\n', "never closed"),
        (gzip.compress(b"a,b\n1,2\n" * 999, mtime=0)[:30], "decompressed"),
        (zstandard.compress(b"a,b\n1,2\n" * 999)[:20], "decompressed"),
        (gzip.compress(b"a\n1\n", mtime=0)[:-8] + b"01234567", "decompressed"),
    ],
)
def test_csv_that_is_no_table_has_a_reason(data: Any, reason: Any) -> None:
    with pytest.raises(NoTable, match=reason):
        read(data)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"[1]\n", "array where it was object"),
        (b"1\n", "number where it was object"),
        (b'{"a":1}{"a":2}\n', "one object on each line"),
        (b'{"a":\n1}\n', "one object on each line|Missing|Invalid"),
        (b'{"a":1\n', "comma"),
        (b'{"a":1,"a":2}\n', "twice"),
        (b'{"a":"\xe9"}\n', "not UTF-8"),
        (b'{"a":"\xe9"}\n'.decode("latin-1").encode("utf-16"), "UTF-16"),
        (b'{"a":1}\n{"a":"x"}\n', "'a' is a JSON string where it was number before, in object 2"),
        (b'{"a":{"b":1}}\n{"a":1}\n', "'a' is a JSON number where it was object"),
        (b'{"a":[1,"x"]}\n', "string"),
        (b'{"a":0.1234567890123456789e-30}\n', "neither doubles nor decimals"),
        (b'{"a":1e-400}\n', "neither doubles nor decimals"),
        (b'{"a":1e300}\n{"a":12345678901234567890}\n', "neither doubles nor decimals"),
        (b'{"a":[1e60, 0.12345678901234567890]}\n', "neither doubles nor decimals"),
        (b'{"a":1e400}\n', "too big"),
    ],
)
def test_json_that_is_no_table_has_a_reason(text: Any, reason: Any) -> None:
    with pytest.raises(NoTable, match=reason):
        read(text, "t.jsonl")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a\n1\n\n3\n", [1, None, 3]),
        ("a\n\n\n", [None, None]),
        ("a\r\n1\r\n\r\n3", [1, None, 3]),
        ("a\r1\r2\r", [1, 2]),
        ('a\n""\nx\n\n', ["", "x", None]),
        ('a\n"x\ny"\n', ["x\ny"]),
        ('a\n"x""y"\n', ['x"y']),
        ('a\nx"y"\n', ['x"y"']),
        ('a\n"x"y\n', ["xy"]),
        ('a\n" x "\n', [" x "]),
        ("a\n x \n", [" x "]),
    ],
)
def test_one_column(text: Any, values: Any) -> None:
    assert read(text)["a"].to_pylist() == values


def test_empty_lines_between_records_of_more_columns_are_nothing() -> None:
    assert read("a,b\n\n1,2\n\r\n3,4\n\n").to_pydict() == {"a": [1, 3], "b": [2, 4]}


@pytest.mark.parametrize("block", range(12, 60))
def test_no_cut_between_blocks_shows(block: Any) -> None:
    text = 'a,b\r\n"c\r\n1","d,""e"\r\n\r\n"",\r\n5" ,f\r\n\r\n"é","\n\n"'
    expected = {"a": ["c\r\n1", "", '5" ', "é"], "b": ['d,"e', None, "f", "\n\n"]}
    assert read(text, block=block).to_pydict() == expected


CELL = st.none() | st.text(st.sampled_from(string.ascii_letters + ' ,"\n\r\té€😀0'), max_size=12)


@settings(max_examples=60)
@given(st.lists(st.tuples(CELL, CELL), max_size=30), st.integers(30, 400), st.sampled_from(["\n", "\r\n"]))
def test_quoted_text_comes_back_whatever_the_blocks(rows: Any, block: Any, end: Any) -> None:
    def field(value: Any) -> Any:
        return "" if value is None else '"' + value.replace('"', '""') + '"'

    data = "".join(",".join(map(field, row)) + end for row in [("a", "b"), *rows])
    schema = TextSchema((DeclaredColumn("a", pa.string()), DeclaredColumn("b", pa.string())), delimited())
    assert read_under(data, schema, block=block).to_pylist() == [{"a": a, "b": b} for a, b in rows]


def test_records_longer_than_a_block_are_read_with_larger_ones() -> None:
    text = "a,b\n" + "1,x\n" * 50 + "2," + "y" * 3000 + "\n" + "3,z\n" * 50
    table = read(text, block=64)
    assert table == read(text)
    assert table["a"].to_pylist() == [1] * 50 + [2] + [3] * 50


def test_a_record_that_is_far_too_long_is_refused(monkeypatch: Any) -> None:
    for module in ("text_csv", "text_json"):
        monkeypatch.setattr(f"dsv.tables.formats.{module}.LIMIT", 4096)
    with pytest.raises(NoTable, match="record is longer"):
        read("a,b\n1," + "x" * 20000 + "\n", block=64)
    with pytest.raises(NoTable, match="line is longer"):
        read('{"a":"' + "x" * 20000 + '"}\n', "t.jsonl", block=64)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.csv.zst"])
def test_compression_is_told_by_the_bytes(pack: Any, name: Any) -> None:
    data = pack(b"\xef\xbb\xbfa,b\n1,2\n") + pack(b"3,4\n")
    assert read(data, name).to_pydict() == {"a": [1, 3], "b": [2, 4]}


def test_names_of_text_tables() -> None:
    kinds = {
        name: format_names.text_format(name)
        for name in ("a.CSV", "a.tsv.gz", "a.tab", "a.ndjson.zst", "a.json", "csv")
    }
    assert kinds == {
        "a.CSV": "csv", "a.tsv.gz": "tsv", "a.tab": "tsv", "a.ndjson.zst": "jsonl", "a.json": None, "csv": None
    }  # fmt: skip


def test_columns_are_chosen_by_name_and_order() -> None:
    source = MemorySource("a,b,c\n1,x,\n2,y,3\n")
    reader = TextReader(source, infer(source))
    assert [batch.to_pydict() for batch in reader.batches(["c", "a"])] == [{"c": [None, 3], "a": [1, 2]}]
    assert [batch.num_rows for batch in reader.batches([])] == [2]
    with pytest.raises(NotFound, match="'d'"):
        list(reader.batches(["d"]))
    source = MemorySource('{"a":1,"b":2}\n{"b":3}\n', "t.jsonl")
    reader = TextReader(source, infer(source))
    assert [batch.to_pydict() for batch in reader.batches(["b"])] == [{"b": [2, 3]}]


def test_batches_are_of_bounded_rows() -> None:
    source = MemorySource("a\n" + "1\n" * 150_000)
    reader = TextReader(source, infer(source))
    sizes = [batch.num_rows for batch in reader.batches()]
    assert sum(sizes) == 150_000
    assert max(sizes) <= 65_536
    assert reader.rows is None


def test_a_reader_can_be_left_early() -> None:
    source = MemorySource("a,b\n" + "1,2\n" * 100_000)
    batches = TextReader(source, infer(source), block=4096).batches()
    assert next(batches).num_rows > 0
    assert isinstance(batches, Generator)
    batches.close()


@pytest.mark.parametrize(
    "later",
    ["a,b\n1,2,3\n", "b,a\n1,2\n", "a\n1\n", "a,b,c\n1,2,3\n", "a,b\nx,2\n", "a,b\n007,2\n", "a;b\n1;2\n"],
)
def test_what_does_not_fit_is_told(later: Any) -> None:
    schema = infer(MemorySource("a,b\n1,2\n"))
    with pytest.raises(NoTable) as caught:
        read_under(later, schema)
    assert isinstance(caught.value, DoesNotFit) == (later != "a,b\n1,2,3\n")


@pytest.mark.parametrize(
    ("later", "fits"),
    [('{"a":null}\n{}\n', True), ('{"a":1.5}\n', False), ('{"a":1,"b":2}\n', False), ('{"a":[1]}\n', False)],
)
def test_what_does_not_fit_in_json_is_told(later: Any, fits: Any) -> None:
    schema = infer(MemorySource('{"a":1}\n', "t.jsonl"))
    if fits:
        assert read_under(later, schema, "t.jsonl").to_pydict() == {"a": [None, None]}
    else:
        with pytest.raises(DoesNotFit):
            read_under(later, schema, "t.jsonl")


def test_json_that_is_damaged_later_is_no_table() -> None:
    schema = infer(MemorySource('{"a":1}\n', "t.jsonl"))
    with pytest.raises(NoTable) as caught:
        read_under('{"a":1\n', schema, "t.jsonl")
    assert not isinstance(caught.value, DoesNotFit)


def test_nested_json_is_read_and_times_stay_text() -> None:
    text = '{"a":1}\n\n{"b":{"c":[1,2.5]},"t":"2020-01-01"}\n{"a":2,"b":{"d":"x"}}'
    table = read(text, "t.jsonl", 16)
    assert table.to_pylist() == [
        {"a": 1, "b": None, "t": None},
        {"a": None, "b": {"c": [1.0, 2.5], "d": None}, "t": "2020-01-01"},
        {"a": 2, "b": {"c": None, "d": "x"}, "t": None},
    ]


def test_json_under_declared_types() -> None:
    types = {
        "t": pa.timestamp("us"),
        "n": pa.struct({"x": pa.binary(), "y": pa.list_(pa.date32())}),
        "m": pa.map_(pa.string(), pa.int8()),
        "f": pa.list_(pa.float16(), 2),
        "d": pa.decimal128(38, 0),
        "u": pa.uint64(),
    }
    text = (
        '{"t":"2020-01-01T00:00:00.5","n":{"x":"AQI=","y":["2020-01-01",null]},"m":[{"key":"k","value":1}],'
        '"f":[1.5,2],"d":12345678901234567890123,"u":18446744073709551615}\n{}\n'
    )
    schema = infer(MemorySource(text, "t.jsonl"), declared=types)
    assert schema.arrow == pa.schema(types)
    first, second = read_under(text, schema, "t.jsonl").to_pylist()
    assert str(first["t"]) == "2020-01-01 00:00:00.500000"
    assert first["n"]["x"] == b"\x01\x02"
    assert [str(day) for day in first["n"]["y"]] == ["2020-01-01", "None"]
    assert first["m"] == [("k", 1)]
    assert [float(number) for number in first["f"]] == [1.5, 2.0]
    assert int(first["d"]) == 12345678901234567890123
    assert first["u"] == 2**64 - 1
    assert set(second.values()) == {None}


@pytest.mark.parametrize(
    ("kind", "text", "ok"),
    [
        (pa.time64("us"), '"12:30"', True),
        (pa.time32("s"), '"12:30:61"', False),
        (pa.binary(), '"AQI"', False),
        (pa.list_(pa.int8(), 2), "[1]", False),
        (pa.int8(), "300", False),
        (pa.timestamp("s"), '"soon"', False),
    ],
)
def test_declared_types_are_checked_in_json(kind: Any, text: Any, ok: Any) -> None:
    source = MemorySource(f'{{"a":{text}}}\n', "t.jsonl")
    if ok:
        assert read_under(source.data, infer(source, declared={"a": kind}), "t.jsonl").num_rows == 1
    else:
        with pytest.raises(NoTable):
            infer(source, declared={"a": kind})


@pytest.mark.parametrize("block", [40, 1 << 20])
def test_large_doubles_beside_long_integers_are_fine(block: int) -> None:
    text = '{"x":1e20,"id":1234567890123456789,"s":"[12345678901234567890]"}\n{"x":2.5}\n'
    assert read(text, "t.jsonl", block)["x"].to_pylist() == [1e20, 2.5]
    table = read('{"n":[{"x":1.5}]}\n{"n":[{"x":12345678901234567890}]}\n', "t.jsonl", block)
    assert [row[0]["x"] for row in table["n"].to_pylist()] == [
        Decimal("1.5"),
        Decimal(12345678901234567890),
    ]


@pytest.mark.parametrize("block", [10, 1 << 20])
@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["0.123456789012345678", "2"], pa.decimal128(38, 18)),
        (["0.1", "0.10000000000000001"], pa.decimal128(38, 18)),
        (["12345678901234567890", "null", "-7"], pa.decimal128(38, 0)),
        (["9007199254740993", "0.5"], pa.decimal128(38, 18)),
        (["9007199254740993", "5"], pa.int64()),
        (["1e30", "0.12345678901234567890"], pa.decimal256(76, 38)),
        (["9e37", "0.12345678901234567890"], pa.decimal256(76, 38)),
        (["1e30", "2.5"], pa.float64()),
        (["1e-320", "2.5"], pa.float64()),
        (["0.30000000000000004", "-1.7976931348623157e308"], pa.float64()),
        (["0.0000000000000000", "-0.0"], pa.float64()),
    ],
)
def test_numbers_of_json_that_no_double_holds_are_decimals(block: int, values: Any, kind: Any) -> None:
    text = "".join(
        f'{{"a":{value}, "s":" 0.12345678901234567890 ","n":{{"x":[{value}]}}}}\n' for value in values
    )
    table = read(text, "t.jsonl", block)
    assert table.schema.field("a").type == kind
    assert table.schema.field("n").type == pa.struct({"x": pa.list_(kind)})
    numbers = [None if value == "null" else Decimal(value) for value in values]
    found = [
        None if one is None else Decimal(repr(one) if type(one) is float else one)
        for one in table["a"].to_pylist()
    ]
    assert found == numbers
    assert [row["x"][0] for row in table["n"].to_pylist()] == table["a"].to_pylist()


def test_json_that_needs_decimals_does_not_fit_doubles_that_were_pinned() -> None:
    first = infer(MemorySource('{"a":1.5,"b":1}\n', "t.jsonl"))
    later = '{"a":0.123456789012345678,"b":1}\n'
    with pytest.raises(DoesNotFit):
        read_under(later, first, "t.jsonl")
    second = infer(MemorySource(later, "t.jsonl"), start=first)
    assert second.arrow == pa.schema({"a": pa.decimal128(38, 18), "b": pa.int64()})
    third = infer(MemorySource('{"a":1,"b":12345678901234567890}\n', "t.jsonl"), start=second)
    assert third.arrow == pa.schema({"a": pa.decimal128(38, 18), "b": pa.decimal128(38, 0)})
    with pytest.raises(DoesNotFit):
        read_under('{"a":1e25,"b":1}\n', third, "t.jsonl")


def test_json_under_version_1_of_the_rules_is_read_as_it_was() -> None:
    source = MemorySource('{"a":0.123456789012345678}\n', "t.jsonl")
    schema = infer(source, rules=1)
    assert read_under(source.data, schema, "t.jsonl")["a"].to_pylist() == [0.12345678901234568]
    for text in ('{"a":12345678901234567890}\n', '{"a":[9007199254740993, 1.5]}\n'):
        with pytest.raises(NoTable, match="exactly"):
            infer(MemorySource(text, "t.jsonl"), rules=1)


@pytest.mark.parametrize("number", ["1e30", "9e37", "1" * 25, "1e9999999999", "1e-39", "1e-19", "1.5e-500"])
@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_no_decimal_overflows_or_is_rounded(number: str, name: str) -> None:
    text = f"a\n{number}\n" if name == "t.csv" else f'{{"a":{number}}}\n'
    with pytest.raises(NoTable):
        read_under(text, infer(MemorySource(text, name), declared={"a": pa.decimal128(38, 18)}), name)


def test_json_without_members_has_rows() -> None:
    assert read_under("{}\n{}\n", TextSchema((), lines()), "t.jsonl").num_rows == 2
