import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsv.errors import NoTable
from dsv.tables.digest.table_id import TableDigest, TableHasher
from dsv.testing.table_strategies import MeantColumn, columns, cut, meaning, plain, relaid, values


def digest(*parts: pa.Array, name: str = "c") -> TableDigest:
    with TableHasher(pa.schema([(name, parts[0].type)])) as hasher:
        for part in parts:
            hasher.update(pa.record_batch([part], names=[name]))
        return hasher.finish()


def digest_table(table: pa.Table) -> TableDigest:
    with TableHasher(table.schema) as hasher:
        for batch in table.to_batches():
            hasher.update(batch)
        return hasher.finish()


@given(st.data(), columns())
@settings(max_examples=100, deadline=None)
def test_one_column_in_any_layout_has_one_id(data: Any, column: Any) -> None:
    other = data.draw(relaid(column))
    other.validate(full=True)
    assert digest(*data.draw(cut(other))).id == digest(plain(column)).id


@given(st.data(), columns())
@settings(max_examples=60, deadline=None)
def test_another_value_is_another_id(data: Any, column: Any) -> None:
    if not column.values:
        return
    place = data.draw(st.integers(0, len(column.values) - 1))
    changed = [*column.values]
    changed[place] = data.draw(values(column.kind))
    other = MeantColumn(column.kind, changed)
    same = meaning(column) == meaning(other)
    assert (digest(plain(column)).id == digest(plain(other)).id) is same


@given(columns(), columns())
@settings(max_examples=60, deadline=None)
def test_other_columns_have_other_ids(one: Any, other: Any) -> None:
    same = meaning(one) == meaning(other)
    assert (digest(plain(one)).id == digest(plain(other)).id) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([None] * 4, pa.int32()), pa.array([0], pa.int32())),
        (pa.array([None], pa.int8()), pa.array([0], pa.int8())),
        (pa.array([None] * 8, pa.string()), pa.array([""])),
        (pa.array([None, None]), pa.array([None])),
        (pa.array([[]], pa.list_(pa.int8())), pa.array([None], pa.list_(pa.int8()))),
        (pa.array([["ab"]]), pa.array([["a", "b"]])),
        (pa.array(["ab", "c"]), pa.array(["a", "bc"])),
        (pa.array([0.0]), pa.array([-0.0])),
        (pa.array([1], pa.int32()), pa.array([1], pa.int64())),
        (pa.array([1], pa.int64()), pa.array([1], pa.timestamp("s"))),
        (pa.array([1], pa.timestamp("s", "UTC")), pa.array([1], pa.timestamp("s", "+00:00"))),
        (pa.array(["a"]), pa.array([b"a"])),
        (pa.array([b"a"]), pa.array([b"a"], pa.binary(1))),
        (pa.array([{"a": None}]), pa.array([None], pa.struct([("a", pa.null())]))),
        (pa.array([{"a": 1}]), pa.array([{"b": 1}])),
        (pa.array([True]), pa.array([1], pa.int8())),
        (pa.array([None, 1], pa.int8()), pa.array([1, None], pa.int8())),
    ],
)
def test_what_other_digests_mix_up(one: Any, other: Any) -> None:
    assert digest(one).id != digest(other).id


def test_names_order_and_rows_count_but_not_metadata_or_nullability() -> None:
    table = pa.table({"a": [1, 2], "b": ["x", "y"]})
    base = digest_table(table).id
    assert digest_table(table.rename_columns(["a", "c"])).id != base
    assert digest_table(table.select(["b", "a"])).id != base
    strict = pa.schema([pa.field("a", pa.int64(), nullable=False, metadata={"k": "v"}), ("b", pa.string())])
    assert digest_table(table.cast(strict).replace_schema_metadata({"pandas": "{}"})).id == base
    assert digest_table(table.slice(0, 1)).id != base


def test_column_ids_do_not_depend_on_names_and_find_the_unchanged() -> None:
    table = pa.table({"a": [1, 2], "b": [1, 2], "c": [1, 3]})
    a, b, c = digest_table(table).columns
    assert a.id == b.id != c.id


def test_empty_tables_have_ids() -> None:
    nothing = digest_table(pa.table({}))
    no_rows = digest_table(pa.schema([("a", pa.int8())]).empty_table())
    assert nothing.rows == no_rows.rows == 0
    assert nothing.id != no_rows.id


def test_blocks_are_of_65536_rows_whatever_the_batches() -> None:
    array = pa.array(range(150_000))
    whole = digest(array)
    parts = [array.slice(start, 7_777) for start in range(0, 150_000, 7_777)]
    assert digest(*parts) == whole
    assert len(whole.columns[0].blocks) == 3
    changed = pa.concat_arrays([array.slice(0, 70_000), pa.array([-1]), array.slice(70_001)])
    equal = [
        one == other
        for one, other in zip(whole.columns[0].blocks, digest(changed).columns[0].blocks, strict=True)
    ]
    assert equal == [True, False, True]


def test_nulls_far_into_a_block_are_where_they_are() -> None:
    early = pa.array([None if i == 9 else 1 for i in range(5000)], pa.int8())
    late = pa.array([None if i == 4999 else 1 for i in range(5000)], pa.int8())
    assert digest(early).id != digest(late).id
    assert digest(late).id == digest(late.slice(0, 13), late.slice(13)).id


def test_a_dictionary_that_names_one_large_value_often_is_decoded_in_stretches() -> None:
    large = "x" * 5_000_000
    coded = pa.DictionaryArray.from_arrays(pa.array([0] * 40, pa.int8()), pa.array([large]))
    assert digest(coded).id == digest(*[pa.array([large] * 8)] * 5).id


@pytest.mark.parametrize("kind", [pa.dense_union([pa.field("a", pa.int8())])])
def test_types_without_an_id_are_refused(kind: Any) -> None:
    with pytest.raises(NoTable, match="column 'c'"):
        TableHasher(pa.schema([("c", kind)]))


GOLDEN = Path(__file__).parents[3] / "golden" / "tables" / "digest-v1.json"


def golden_tables() -> dict[str, pa.Table]:
    from decimal import Decimal

    numbers = {
        f"{kind}": pa.array([0, 1, None, 100], kind)
        for kind in (pa.int8(), pa.uint16(), pa.int64(), pa.float16(), pa.float32(), pa.float64())
    }
    times = {
        f"{kind}": pa.array([0, 1, None], pa.int64())
        .cast(pa.int32() if kind.bit_width == 32 else pa.int64())
        .view(kind)
        for kind in (pa.date32(), pa.date64(), pa.time32("s"), pa.timestamp("us", "UTC"), pa.duration("ms"))
    }
    return {
        "no columns": pa.table({}),
        "no rows": pa.table({"a": pa.array([], pa.int64())}),
        "numbers": pa.table(numbers),
        "times": pa.table(times),
        "text": pa.table({"s": ["", None, "héllo"], "b": [b"\x00\xff", None, b""]}),
        "bool": pa.table({"b": [True, None, False] * 5}),
        "nan": pa.table({"f": [float("nan"), -0.0, None]}),
        "decimal": pa.table({"d": pa.array([Decimal("-1.50"), None], pa.decimal128(9, 2))}),
        "wide decimal": pa.table({"d": pa.array([Decimal("-1.50"), None], pa.decimal256(50, 2))}),
        "list": pa.table({"l": [[1, None], None, [], [2]]}),
        "fixed list": pa.table({"l": pa.array([[1, 2], None], pa.list_(pa.int16(), 2))}),
        "struct": pa.table({"s": [{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}]}),
        "map": pa.table({"m": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int8()))}),
        "null": pa.table({"n": pa.nulls(3)}),
        "uuid": pa.table({"u": pa.array([b"0123456789abcdef", None], pa.uuid())}),
        "blocks": pa.table({"i": pa.array(range(65_537), pa.int32())}),
    }


def test_golden_ids_never_move() -> None:
    found = {name: digest_table(table).id for name, table in golden_tables().items()}
    assert found == json.loads(GOLDEN.read_text())
