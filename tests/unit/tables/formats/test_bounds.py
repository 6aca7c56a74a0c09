"""A few bytes that stand for very much are refused with the count, and what is honest is read."""

import gzip
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
import zstandard

from dsv.errors import NoTable
from dsv.segment import thrift
from dsv.tables.facts.compute import compute
from dsv.tables.formats import bounds
from dsv.tables.formats.infer import infer
from dsv.tables.formats.open_table import open_table
from dsv.tables.formats.parquet_footer import column_chunks
from dsv.tables.formats.preview import preview
from dsv.tables.values import layout
from dsv.testing.table_strategies import MemorySource

COUNT = 16_000_001
HUGE = 10**12


def stream(table: pa.Table, claim: bool = False) -> MemorySource:
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    data = out.getvalue()
    if claim:
        data = data.replace(COUNT.to_bytes(8, "little"), HUGE.to_bytes(8, "little"))
    return MemorySource("t.arrows", data)


def runs(value: Any) -> pa.Array:
    return pa.RunEndEncodedArray.from_arrays(pa.array([COUNT], pa.int64()), value)


CLAIMS: dict[str, Callable[[], pa.Array]] = {
    "nulls": lambda: pa.nulls(COUNT),
    "runs of text": lambda: runs(pa.array(["x"])),
    "runs of numbers": lambda: runs(pa.array([1])),
    "runs of lists": lambda: runs(pa.array([[1, 2]])),
    "bytes of no width": lambda: pa.nulls(COUNT, pa.binary(0)).fill_null(b""),
    "structs of nulls": lambda: pa.StructArray.from_arrays([pa.nulls(COUNT)], ["n"]),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_rows_that_need_no_bytes_are_refused_with_their_count(name: str) -> None:
    source = stream(pa.table({"c": CLAIMS[name]()}), claim=True)
    for use in (compute, preview):
        with pytest.raises(NoTable, match=r"1,000,000,000,000 rows in \d+ bytes"):
            use(open_table(source))


def views(size: int, rows: int) -> pa.Array:
    return pa.ListViewArray.from_arrays(
        pa.array(np.zeros(rows, np.int32)),
        pa.array(np.full(rows, size, np.int32)),
        pa.array(np.zeros(size, np.int8)),
    )


def wide(width: int) -> pa.Array:
    """One value of a type that has `width` bytes for each."""
    return pa.array([b"x" * width], pa.binary(width))


def named(values: pa.Array, rows: int) -> pa.Array:
    """`rows` slots that all name the first of `values`."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int8)), values)


class Wide(pa.ExtensionType):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(pa.binary(1_000_000), "dsv.test.wide")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage: pa.DataType, _: bytes) -> "Wide":
        return cls()


@pytest.mark.parametrize(
    "values",
    [wide(1_000_000), pa.ExtensionArray.from_storage(Wide(), wide(1_000_000)), pa.array(["x" * 1_000_000])],
    ids=["fixed", "extension", "text"],
)
@pytest.mark.parametrize("encoding", ["dictionary", "runs"])
def test_encodings_of_wide_values_are_decoded_in_pieces(values: pa.Array, encoding: str) -> None:
    if encoding == "runs":
        array = pa.RunEndEncodedArray.from_arrays(pa.array([200], pa.int32()), values)
    else:
        array = named(values, 200)
    sizes = [(len(piece), piece.nbytes) for piece in layout.pieces(array)]
    assert sum(slots for slots, _ in sizes) == 200
    assert max(size for _, size in sizes) < 1.1 * layout.PIECE_BYTES


AMPLIFIED: dict[str, Callable[[], pa.Array]] = {
    "a dictionary of one long text": lambda: pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(30_000, np.int8)), pa.array(["x" * 1_000_000])
    ),
    "a dictionary of one wide value": lambda: named(wide(1_000_000), 30_000),
    "runs of one wide value": lambda: pa.RunEndEncodedArray.from_arrays(
        pa.array([30_000], pa.int32()), wide(1_000_000)
    ),
    "a dictionary of structs of one wide value": lambda: named(
        pa.StructArray.from_arrays([wide(1_000_000)], ["w"]), 30_000
    ),
    "views of one list": lambda: views(1_000_000, 30_000),
    "a dictionary of lists": lambda: pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(30_000, np.int32)), pa.array([[0] * 1_000_000])
    ),
    "a dictionary in a list": lambda: pa.ListArray.from_arrays(
        pa.array([0, 30_000], pa.int32()),
        pa.DictionaryArray.from_arrays(pa.array(np.zeros(30_000, np.int8)), pa.array(["x" * 1_000_000])),
    ),
    "fixed lists of nulls": lambda: pa.FixedSizeListArray.from_arrays(pa.nulls(COUNT), COUNT),
    "runs of a long text": lambda: pa.RunEndEncodedArray.from_arrays(
        pa.array([30_000], pa.int32()), pa.array(["x" * 1_000_000])
    ),
}


@pytest.mark.parametrize("name", AMPLIFIED)
def test_encodings_that_stand_for_very_much_are_weighed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "_FREE_VALUES", 1 << 20)
    monkeypatch.setattr(bounds, "_VALUES_A_BYTE", 1)
    with pytest.raises(NoTable, match=r"[\d,]{9,} values in"):
        compute(open_table(stream(pa.table({"c": AMPLIFIED[name]()}))))


def test_encodings_that_stand_for_little_are_read() -> None:
    words = pa.array(["ab", "cdef", None, "ab"] * 5000)
    columns = {
        "d": words.dictionary_encode(),
        "r": pa.array([7] * 20_000).dictionary_encode(),
        "v": words.cast(pa.string_view()),
        "l": pa.array([[1, 2], None, [], [3]] * 5000, pa.list_view(pa.int64())),
        "m": pa.array([[("a", None)], None] * 10_000, pa.map_(pa.string(), pa.null())),
        "f": pa.array([[0.5] * 8] * 20_000, pa.list_(pa.float32(), 8)),
        "n": pa.nulls(20_000),
        "e": pa.array([], pa.string()).dictionary_encode().take(pa.nulls(20_000, pa.int8())),
    }
    assert compute(open_table(stream(pa.table(columns)))).rows == 20_000


def test_parquet_that_claims_more_rows_than_it_can_hold_is_refused() -> None:
    out = io.BytesIO()
    pq.write_table(pa.table({"n": pa.nulls(1_000_000, pa.int8())}), out, row_group_size=1_000_000)
    assert open_table(MemorySource("t.parquet", out.getvalue())).rows == 1_000_000
    number = bytes([0x80 | (2_000_000 & 0x7F), 0x80 | (2_000_000 >> 7 & 0x7F), 2_000_000 >> 14])
    more = 2 * ((1 << 41) - 1)
    wide = bytes(0x80 | (more >> shift & 0x7F) for shift in range(0, 35, 7)) + bytes([more >> 35])
    data = out.getvalue()
    footer = data[-8 - int.from_bytes(data[-8:-4], "little") : -8]
    assert number in footer
    claimed = footer.replace(number, wide)
    tail = claimed + len(claimed).to_bytes(4, "little") + b"PAR1"
    with pytest.raises(NoTable, match=r"2,199,023,255,551 rows in"):
        open_table(MemorySource("t.parquet", data[: -8 - len(footer)] + tail))


def element(children: int) -> bytes:
    number = children * 2
    varint = b""
    while number > 127:
        varint += bytes([number & 127 | 128])
        number >>= 7
    return b"\x55" + varint + bytes([number]) + b"\x00"


def schema_of(*elements: bytes) -> bytes:
    count = len(elements)
    varint = b""
    while count > 127:
        varint += bytes([count & 127 | 128])
        count >>= 7
    return b"\x29\xfc" + varint + bytes([count]) + b"".join(elements) + b"\x00"


def test_a_parquet_schema_of_any_depth_or_width_is_refused_before_arrow_sees_it() -> None:
    assert column_chunks(schema_of(element(1), element(1), element(0)), 100) == []
    with pytest.raises(NoTable, match="deeper than 256 levels"):
        column_chunks(schema_of(*[element(1)] * 100_000), 100)
    with pytest.raises(NoTable, match=r"131,073 columns"):
        column_chunks(schema_of(element(200_000), *[element(0)] * 200_000), 100)
    assert thrift.MAX_DEPTH < 256


@pytest.mark.parametrize("pack", [zstandard.compress, gzip.compress])
@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_what_unpacks_to_too_much_is_refused(
    name: str, pack: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "_FREE_TEXT", 1 << 20)
    monkeypatch.setattr(bounds, "_TEXT_A_BYTE", 10)
    line = b"1,2\n" if name == "t.csv" else b'{"a":1}\n'
    small, large = pack(b"a,b\n" * (name == "t.csv") + line * 10_000), pack(line * 1_000_000)
    infer(MemorySource(name, small))
    with pytest.raises(NoTable, match=r"unpack to more than 1,048,576"):
        infer(MemorySource(name, large))


@pytest.mark.parametrize("deep", [b'{"a":' * 200_000, b'{"a":' + b"[" * 3_000_000 + b"]" * 3_000_000 + b"}\n",
    b'{"b":"' + b"]" * 100 + b'\n","a":' + b"[" * 100 + b'"x"' + b"]" * 100 + b"}\n"])  # fmt: skip
def test_json_of_any_depth_is_refused_before_arrow_sees_it(deep: bytes) -> None:
    with pytest.raises(NoTable, match="deeper than 64 levels"):
        infer(MemorySource("t.jsonl", b'{"a":1}\n' + deep))


def test_brackets_in_texts_are_no_depth() -> None:
    rows = b'{"a":"[[[[\\"[[","b":[[1]]}\n' * 1000
    assert [column.name for column in infer(MemorySource("t.jsonl", rows)).columns] == ["a", "b"]


def test_a_header_of_too_many_columns_is_refused_and_one_of_many_alike_is_not_slow() -> None:
    with pytest.raises(NoTable, match=r"200,000 columns"):
        infer(MemorySource("t.csv", b"," * 199_999 + b"\n"))
    names = [column.name for column in infer(MemorySource("t.csv", b"a," * 20_000 + b"a\n")).columns]
    assert names[:3] == ["a", "a_2", "a_3"]
    assert len(set(names)) == 20_001


TEXTS: dict[str, tuple[Any, pa.DataType]] = {
    "text": ("abc", pa.string()),
    "list": (["abc", "d"], pa.list_(pa.large_string())),
    "struct": ({"x": ["abc"]}, pa.struct([("x", pa.list_(pa.binary()))])),
    "map": ([("k", "abc")], pa.map_(pa.string(), pa.string())),
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_values_of_many_bytes_are_refused_and_fewer_are_read(
    name: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "_FREE_TEXT", 1 << 20)
    monkeypatch.setattr(bounds, "_TEXT_A_BYTE", 0)
    value, kind = TEXTS[name]

    def opened(times: int) -> Any:
        table = pa.table({"a": pa.array([value] * times, kind)})
        if form == "arrow":
            return open_table(stream(table))
        out = io.BytesIO()
        pq.write_table(table, out)
        return open_table(MemorySource("t.parquet", out.getvalue()))

    assert compute(opened(1_000)).rows == 1_000
    with pytest.raises(NoTable, match=r"values of more than 1,048,576 bytes in"):
        compute(opened(40_000))
