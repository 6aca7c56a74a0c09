"""What metadata says, and whether two tables say the same."""

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.tables.values.metadata import (
    SaidOtherwise,
    first_difference,
    metadata_id,
    of_schema,
    unknown_differences,
)
from dsv.tables.values.metadata_items import of_file


def said(entries: Mapping[str, Any] | None = None, field: Mapping[str, str] | None = None) -> Any:
    """Return what a schema of one column says, whose entries are given as JSON, or as text."""
    texts = {key: one if isinstance(one, str) else json.dumps(one) for key, one in (entries or {}).items()}
    return of_schema(pa.schema([pa.field("x", pa.int64(), metadata=field)], metadata=texts))


def features(*names: str, **more: Any) -> dict[str, Any]:
    return {"info": {"features": {"x": {"names": list(names), "_type": "ClassLabel"}}}, **more}


def geo(crs: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "version": "1.0.0",
        "primary_column": "g",
        "columns": {"g": {"encoding": "WKB", "crs": crs, **more}},
    }


def pandas(*index: Any, **more: Any) -> dict[str, Any]:
    return {"index_columns": list(index), "columns": [], "pandas_version": "2.2.3", **more}


RANGE = {"kind": "range", "name": None, "start": 0, "stop": 9, "step": 1}

SAME = [
    ({}, {"created_at": "2026-11-27"}),
    ({"writer.model.name": "a", "org.apache.spark.version": "3.5"}, {"writer.model.name": "b"}),
    ({"huggingface": features("a", "b")}, {"huggingface": features("a", "b", fingerprint="9f")}),
    ({"geo": geo({"type": "GeographicCRS"})}, {"geo": geo({"type": "GeographicCRS"}, bbox=[0, 0, 1, 1], edges="planar") | {"version": "1.1.0", "creator": {"library": "g"}}}),
    ({"geo": geo({"$schema": "v0.5"})}, {"geo": geo({"$schema": "v0.7"})}),
    ({"pandas": pandas(RANGE)}, {"pandas": pandas(RANGE | {"stop": 4}, pandas_version="3.1.1", creator={"version": "26"})}),
    ({"pandas": pandas(RANGE)}, {}),
    ({"iceberg.schema": '{"a": 1,  "b": 2}'}, {"iceberg.schema": '{"b":2,"a":1}'}),
]  # fmt: skip

OTHER = [
    ({"huggingface": features("a", "b")}, {"huggingface": features("b", "a")}, "features.x.names[0]"),
    ({"huggingface": features("a", "b")}, {"huggingface": features("a")}, "features.x.names[1]"),
    ({"huggingface": features("a")}, {}, "features.x._type"),
    ({"geo": geo({"id": {"code": 4326}})}, {"geo": geo({"id": {"code": 3857}})}, "geo.g.crs.id.code"),
    ({"geo": geo(None)}, {"geo": {"columns": {"g": {"encoding": "WKB"}}, "primary_column": "g"}}, "geo.g.crs"),
    ({"geo": geo(edges="spherical")}, {"geo": geo(edges="planar")}, "geo.g.edges"),
    ({"pandas": pandas("k")}, {"pandas": pandas("m")}, "pandas.index[0]"),
    ({"pandas": pandas("k")}, {"pandas": pandas(RANGE)}, "pandas.index[0]"),
    ({"pandas": pandas(RANGE)}, {"pandas": pandas(RANGE | {"start": 5})}, "pandas.index[0].kind"),
    ({"pandas": pandas(attributes={"unit": "m"})}, {"pandas": pandas(attributes={"unit": "km"})}, "pandas.attributes.unit"),
    ({"org.apache.spark.timeZone": "UTC"}, {"org.apache.spark.timeZone": "CET"}, "org.apache.spark.timeZone"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), SAME)
def test_what_names_only_the_writer_is_not_compared(before: Any, after: Any) -> None:
    assert first_difference(said(before), said(after)) is None
    assert metadata_id(said(before)) == metadata_id(said(after))
    assert unknown_differences(said(before), said(after)) == ()


@pytest.mark.parametrize(("before", "after", "place"), OTHER)
def test_what_carries_meaning_is_compared(before: Any, after: Any, place: str) -> None:
    for one, other in ((said(before), said(after)), (said(after), said(before))):
        found = first_difference(one, other)
        assert found is not None
        assert metadata_id(one) != metadata_id(other)
    found = first_difference(said(before), said(after))
    assert found is not None
    assert found.place == place


def test_fields_say_what_they_are_in_at_any_depth() -> None:
    unit = {"unit": "m"}
    inner = pa.struct([pa.field("deep", pa.float64(), metadata=unit)])
    for kind, place in (
        (inner, "s.deep.unit"),
        (pa.list_(inner), "s[].deep.unit"),
        (pa.map_(pa.string(), inner), "s[value].deep.unit"),
    ):
        (one,) = of_schema(pa.schema([pa.field("s", kind)]))
        assert (one.place, one.value, one.column) == (place, "m", "s")
    assert first_difference(said(field=unit), said(field={"unit": "km"})) == SaidOtherwise(
        "x.unit", "m", "km"
    )
    assert first_difference(said(field=unit), said(), {"x"}) is None, "a column that is left out says nothing"
    assert first_difference(said(field={"PARQUET:writer": "a"}), said()) is None


def test_ordered_categories_are_not_unordered_ones() -> None:
    kinds = [pa.dictionary(pa.int8(), pa.string(), ordered=ordered) for ordered in (True, False)]
    one, other = (of_schema(pa.schema([pa.field("c", kind)])) for kind in kinds)
    assert first_difference(one, other) == SaidOtherwise("c.ordered", "true", None)


def test_an_entry_that_nobody_knows_is_told_and_does_not_decide() -> None:
    one, other = said({"station": "7"}), said({"station": "8"})
    assert first_difference(one, other) is None
    assert unknown_differences(one, other) == (SaidOtherwise("station", "7", "8"),)


@pytest.mark.parametrize(
    "value", ["[" * 100_000, '{"a":' * 5_000, "{", "\x00", '"\\ud800"', '{"\\ud800": 1}', '{"a": NaN}']
)
def test_odd_entries_are_compared_as_they_are(value: str) -> None:
    for key in ("huggingface", "geo", "pandas", "iceberg.schema"):
        assert metadata_id(said({key: value})) == metadata_id(said({key: value}))
        assert first_difference(said({key: value}), said({key: value})) is None


@pytest.mark.parametrize("key", ["huggingface", "geo", "pandas"])
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_any_json_can_be_read(key: str, value: Any) -> None:
    for entry in (
        value,
        {"info": value},
        {"columns": value},
        {"index_columns": value, "column_indexes": value},
    ):
        found = said({key: entry})
        assert len({one.place for one in found}) == len(found)


def test_the_files_of_save_to_disk_by_their_meaning() -> None:
    state = {
        "_data_files": [{"filename": "data-00000-of-00001.arrow"}],
        "_fingerprint": "1",
        "_split": None,
        "_format_type": None,
    }
    info = {"features": {"x": {"dtype": "int64", "_type": "Value"}}, "download_size": 7, "license": "", "description": "d",
            "splits": {"train": {"name": "train", "num_bytes": 5, "num_examples": 2}}}  # fmt: skip

    def read(name: str, record: Any) -> Any:
        return tuple(of_file(name, json.dumps(record).encode()))

    other = state | {"_fingerprint": "2", "_data_files": []}
    assert read("state.json", state) == read("state.json", other)
    assert read("state.json", state) != read("state.json", state | {"_format_type": "torch"})
    splits = {"splits": {"train": {"name": "train", "num_bytes": 9, "num_examples": 2}}}
    assert read("dataset_info.json", info) == read("dataset_info.json", info | splits | {"download_size": 8})
    assert read("dataset_info.json", info) != read("dataset_info.json", info | {"description": "e"})
    assert read("dataset_dict.json", {"splits": ["a", "b"]}) != read("dataset_dict.json", {"splits": ["a"]})


LABELS = st.lists(st.sampled_from("abcd"), max_size=3, unique=True)
UNITS = st.none() | st.sampled_from(["m", "km"])
CODES = st.none() | st.integers(1, 3)


@given(st.tuples(LABELS, UNITS, CODES), st.tuples(LABELS, UNITS, CODES))
def test_metadata_agrees_just_if_its_meaning_does(one: Any, other: Any) -> None:
    def written(meaning: Any, writer: str) -> Any:
        labels, unit, code = meaning
        table = pa.table({"x": [1, 2]}, schema=pa.schema(
            [pa.field("x", pa.int64(), metadata=None if unit is None else {"unit": unit})],
            metadata={"huggingface": json.dumps(features(*labels)), "geo": json.dumps(geo(code)), "creator": writer},
        ))  # fmt: skip
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        return of_schema(pq.read_schema(pa.BufferReader(sink.getvalue())))

    before, after = written(one, "a"), written(other, "b")
    assert (first_difference(before, after) is None) == (one == other)
    assert (metadata_id(before) == metadata_id(after)) == (one == other)
