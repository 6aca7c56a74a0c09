"""Base64 of whole columns, without a step for each value (RFC 4648 section 4, padded)."""

import base64

import pyarrow as pa

from dsv.tables.values import kernels as pc

_PADDED = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==|[A-Za-z0-9+/]=))?$"


def encode(values: pa.BinaryArray) -> pa.StringArray:
    """Return each value in base64; null for null.

    Every value is filled up to whole groups of three bytes, so that one call encodes them
    all; the letters that spell the filling are then made padding.

    [b"a", null, b"abc"] is ["YQ==", null, "YWJj"].
    """
    sizes = pc.binary_length(values)
    short = pc.subtract(2, _remainder(pc.add(sizes, 2), 3))
    filling = pc.take(pa.array([b"", b"\0", b"\0\0"]), short)
    filled = pc.binary_join_element_wise(values, filling, b"").cast(pa.large_binary())
    letters = base64.b64encode(_data(filled))
    ends = pc.multiply(pc.divide(_offsets(filled), 3), 4)
    text = pa.LargeStringArray.from_buffers(len(values), ends.buffers()[1], pa.py_buffer(letters))
    cuts = (text, _cut(text, 1, "="), _cut(text, 2, "=="))
    padded = pc.choose(pc.fill_null(short, 0), *cuts)
    return pc.if_else(pc.is_valid(values), padded, pa.scalar(None, pa.large_string())).cast(pa.string())


def decode(text: pa.StringArray) -> pa.BinaryArray:
    """Return the bytes that base64 texts spell; null for null.

    Raises:
        ValueError: A text is not padded base64.
    """
    if pc.all(pc.match_substring_regex(text, _PADDED)).as_py() is False:
        raise ValueError("not base64")
    dense = pc.fill_null(text, "").cast(pa.large_string())
    short = pc.if_else(pc.ends_with(dense, "=="), 2, pc.if_else(pc.ends_with(dense, "="), 1, 0))
    raw = base64.b64decode(bytes(_data(dense)).replace(b"=", b"A"))
    ends = pc.multiply(pc.divide(_offsets(dense), 4), 3)
    whole = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(text), [None, ends.buffers()[1], pa.py_buffer(raw)]
    )
    cuts = (whole, pc.binary_slice(whole, 0, -1), pc.binary_slice(whole, 0, -2))
    values = pc.choose(short.cast(pa.int64()), *cuts)
    return pc.if_else(pc.is_valid(text), values, pa.scalar(None, pa.large_binary())).cast(pa.binary())


def _cut(text: pa.LargeStringArray, count: int, padding: str) -> pa.LargeStringArray:
    """Return texts with their last `count` letters replaced by `padding`: "abcd", 1 and "=" are "abc="."""
    kept = pc.utf8_slice_codeunits(text, 0, -count)
    return pc.binary_join_element_wise(
        kept, pa.scalar(padding, pa.large_string()), pa.scalar("", pa.large_string())
    )


def _remainder(values: pa.Array, divisor: int) -> pa.Array:
    """Return what is left of each value, none below 0, after division: [4, 5, 6] by 3 leave [1, 2, 0]."""
    return pc.subtract(values, pc.multiply(pc.divide(values, divisor), divisor))


def _offsets(values: pa.Array) -> pa.Int64Array:
    """Return the `len(values) + 1` offsets of a large binary or string array, starting at zero.

    ["ab", "c"] has [0, 2, 3], and without its first value [0, 1].
    """
    raw = pa.Array.from_buffers(
        pa.int64(), len(values) + 1, [None, values.buffers()[1]], offset=values.offset
    )
    return pc.subtract(raw, raw[0])


def _data(values: pa.Array) -> memoryview:
    """Return the bytes of a large binary or string array, without what no value refers to."""
    raw = pa.Array.from_buffers(
        pa.int64(), len(values) + 1, [None, values.buffers()[1]], offset=values.offset
    )
    start, end = raw[0].as_py(), raw[len(values)].as_py()
    data = values.buffers()[2]
    return memoryview(b"") if data is None else memoryview(data)[start:end]
