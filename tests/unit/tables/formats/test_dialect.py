import json
from typing import Any

import pyarrow as pa
import pytest

from dsv.errors import BadConfig, Corrupt, TooNew
from dsv.tables.formats.dialect import DeclaredColumn, TextSchema, declared, delimited, lines
from dsv.tables.values.type_names import describe, parse

TYPES = [
    "null",
    "bool",
    "int8",
    "uint64",
    "float16",
    "float32",
    "float64",
    "utf8",
    "binary",
    "date32",
    "time[s]",
    "time[ns]",
    "timestamp[us]",
    'timestamp[ns, "Europe/Paris"]',
    "decimal(10, 2)",
    "decimal(70, -3)",
    "list<int64>",
    "fixed_list<float32, 4>",
    "map<utf8, list<int64>>",
    "struct<>",
    'struct<"a b": int64, "q\\u0022": struct<"x": list<bool>>>',
]


@pytest.mark.parametrize("text", TYPES)
def test_the_canonical_text_of_a_type_reads_back(text: Any) -> None:
    assert describe(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("string", pa.string()),
        ("double", pa.float64()),
        ("date32[day]", pa.date32()),
        ("time64[us]", pa.time64("us")),
        ("decimal128(10,2)", pa.decimal128(10, 2)),
        ("decimal256(10, 2)", pa.decimal256(10, 2)),
        ("timestamp[us, tz=UTC]", pa.timestamp("us", "UTC")),
        ("timestamp[us, tz=America/New_York]", pa.timestamp("us", "America/New_York")),
        ("timestamp[ms, tz=+02:00]", pa.timestamp("ms", "+02:00")),
        (" list< item: string > ", pa.list_(pa.string())),
        ("struct<a: int64, b: string>", pa.struct({"a": pa.int64(), "b": pa.string()})),
    ],
)
def test_the_spellings_of_arrow_are_understood(text: Any, kind: Any) -> None:
    assert parse(text) == kind


@pytest.mark.parametrize(
    "text",
    ["", "integer", "int64 int64", "timestamp", "timestamp[h]", "time32[us]", "decimal128(10", "decimal128(99, 2)",
     "list<>", "map<utf8>", "struct<a>", "int64]", "timestamp[us, ]", "dict<a, b>", "list<" * 2000, "é", 'struct<"a: int8>'],
)  # fmt: skip
def test_what_is_no_type_is_said_so(text: Any) -> None:
    with pytest.raises(ValueError, match=r"type|read|precision"):
        parse(text)


def schema(rules: int = 1) -> Any:
    return TextSchema(
        (DeclaredColumn("a", pa.int64()), DeclaredColumn("é", pa.timestamp("us", "UTC"), False)),
        delimited("\t", quote="", rules=rules),
    )


def test_a_text_schema_reads_back_from_its_encoding() -> None:
    assert TextSchema.decode(schema().encode(), "s") == schema()
    assert TextSchema.decode(TextSchema((), lines()).encode(), "s") == TextSchema((), lines())


def test_schema_ids_are_golden() -> None:
    assert schema().id == "07cd922f5f424b10be48d5fae749b9f5249ecce0be1f89044f0b39a5b797f5b2"
    assert (
        TextSchema((), lines(rules=1)).id
        == "744a2e3fdcf10c2b6438e1caa47aca04da3b53dd0b9a39ef1a543ac92dc5c95c"
    )


def test_schema_ids_under_version_2_of_the_rules_are_golden() -> None:
    assert schema(2).id == "6ba01285be52a49446fef321099727c6ba067992e4316d14dceccd3d1fd64e8d"
    assert TextSchema((), lines()).id == "9f21caefebc9ac4caff4a393edfda10162151ef0097e8d1e581ef8181176995c"


def test_each_part_of_a_schema_is_in_its_id() -> None:
    one = schema()
    a, b = one.columns
    others = [
        TextSchema((b, a), one.dialect),
        TextSchema((a, b._replace(exact=True)), one.dialect),
        TextSchema((a._replace(type=pa.int32()), b), one.dialect),
        TextSchema(one.columns, delimited("\t", rules=1)),
        TextSchema(one.columns, delimited(",", quote="", rules=1)),
        TextSchema(one.columns, delimited("\t", quote="", header=False, rules=1)),
        schema(2),
    ]
    assert len({one.id, *(other.id for other in others)}) == 8


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "xml"),
        ("header", 1),
        ("delimiter", ""),
        ("delimiter", ",,"),
        ("quote", "é"),
        ("quote", None),
        ("nulls", "NA"),
        ("trues", [1]),
        ("rules", 0),
        ("rules", "2"),
        ("rules", True),
        ("columns", [["a", "integer", True]]),
        ("columns", [["a", "int64", 1]]),
        ("columns", [["a", "int64"]]),
        ("columns", [["a", "int64", True], ["a", "int64", True]]),
    ],
)
def test_a_damaged_schema_is_corrupt(key: Any, value: Any) -> None:
    record = json.loads(schema().encode())
    record[key] = value
    data = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    with pytest.raises(Corrupt, match="schema x"):
        TextSchema.decode(data, "schema x")


def test_a_schema_of_a_newer_dsv_is_too_new() -> None:
    with pytest.raises(TooNew):
        TextSchema.decode(b'{"v":2}', "schema x")
    with pytest.raises(TooNew):
        TextSchema.decode(schema().encode().replace(b'"rules":1', b'"rules":3'), "schema x")


def test_declared_types_are_parsed_and_mistakes_named() -> None:
    assert declared({"a": "int8"}, "dsv.toml") == {"a": pa.int8()}
    with pytest.raises(BadConfig, match=r"dsv.toml: dataset x.*'a'.*'integer'"):
        declared({"a": "integer"}, "dsv.toml: dataset x")
    with pytest.raises(BadConfig, match="not a text"):
        declared({"a": 1}, "dsv.toml")
