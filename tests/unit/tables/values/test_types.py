from typing import Any

import pyarrow as pa
import pytest

from dsv.errors import NoTable
from dsv.tables.values.types import describe, node_of, quote


def text(kind: pa.DataType) -> str:
    return node_of(pa.field("c", kind)).text


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.large_string(), "utf8"),
        (pa.binary_view(), "binary"),
        (pa.dictionary(pa.int8(), pa.string(), ordered=True), "utf8"),
        (pa.run_end_encoded(pa.int16(), pa.bool_()), "bool"),
        (pa.timestamp("ns", "Europe/Berlin"), 'timestamp[ns, "Europe/Berlin"]'),
        (pa.timestamp("s"), "timestamp[s]"),
        (pa.decimal256(9, 2), "decimal(9, 2)"),
        (pa.large_list_view(pa.field("any", pa.int8(), nullable=False)), "list<int8>"),
        (pa.list_(pa.float32(), 4), "fixed_list<float32, 4>"),
        (pa.map_(pa.string(), pa.list_(pa.int8()), keys_sorted=True), "map<utf8, list<int8>>"),
        (pa.struct([('a"b', pa.int8()), ("", pa.null())]), 'struct<"a\\u0022b": int8, "": null>'),
        (pa.struct([]), "struct<>"),
        (pa.uuid(), 'extension<"arrow.uuid", "", fixed_binary(16)>'),
        (pa.json_(pa.large_string()), 'extension<"arrow.json", "", utf8>'),
        (
            pa.fixed_shape_tensor(pa.int8(), [2, 3]),
            'extension<"arrow.fixed_shape_tensor", "{\\u0022shape\\u0022:[2,3]}", fixed_list<int8, 6>>',
        ),
    ],
)
def test_descriptors(kind: Any, expected: Any) -> None:
    assert text(kind) == expected


def test_an_extension_is_itself_whether_the_process_knows_it_or_not() -> None:
    metadata = {"ARROW:extension:name": "pandas.period", "ARROW:extension:metadata": '{"freq": "D"}'}
    unknown = pa.field("c", pa.int64(), metadata=metadata)
    assert (
        node_of(unknown).text == 'extension<"pandas.period", "{\\u0022freq\\u0022:\\u0022D\\u0022}", int64>'
    )
    other = unknown.with_metadata({"ARROW:extension:name": "acme.money"})
    with pytest.raises(NoTable, match=r"column 'c': extension type 'acme\.money' is unknown"):
        node_of(other)
    with pytest.raises(NoTable):
        node_of(pa.field("c", pa.list_(other)))


def test_what_has_no_descriptor() -> None:
    deep = pa.int8()
    for _ in range(70):
        deep = pa.list_(deep)
    for kind in (deep, pa.sparse_union([pa.field("a", pa.int8())])):
        with pytest.raises(NoTable):
            describe(pa.schema([("c", kind)]))


def test_quoted_texts_cannot_be_mistaken() -> None:
    assert quote('a\\"\n') == '"a\\u005c\\u0022\\u000a"'
