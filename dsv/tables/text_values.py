"""From spellings to values: a column of text under a type.

The Arrow casts used here are strict (no trimming, ISO 8601 only). What they let through
and dsv does not, and what they lose, is caught beside them, all with whole-array kernels:
see "Values" in `docs/format/text-dialect.md`.
"""

import base64
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types as t

from dsv.tables.dialect import Column, Dialect

EXACT_INTEGERS = 2**53
"""Up to here every integer is a double of its own."""


class Misfit(ValueError):
    """A value is not one of the column's type."""


def of_text(text: pa.StringArray, column: Column, dialect: Dialect) -> pa.Array:
    """Return the values that `text` spells; nulls in it are nulls of every type.

    Raises:
        Misfit: A spelling has no value in the column's type, or, where the column is
            exact, not one that it could be told from another spelling by.
    """
    kind = column.type
    if t.is_string(kind):
        return text
    try:
        return _typed(text, column, dialect)
    except Misfit:
        # Null spellings are looked for only now: most columns have none.
        known = pc.is_in(text, value_set=pa.array(dialect.nulls, pa.string()))
        if t.is_binary(kind) or not pc.any(known).as_py():
            raise
        return _typed(pc.if_else(known, pa.scalar(None, pa.string()), text), column, dialect)


def _typed(text: pa.StringArray, column: Column, dialect: Dialect) -> pa.Array:
    kind = column.type
    if text.null_count == len(text):
        return pa.nulls(len(text), kind)
    if t.is_boolean(kind):
        return _bools(text, dialect)
    convert = next((convert for fits, convert in _CONVERT if fits(kind)), None)
    if convert is None:
        raise Misfit(f"text has no values of type {kind}")
    try:
        return convert(text, kind, column.exact)
    except pa.ArrowInvalid as error:
        raise Misfit(str(error)) from error


def _bools(text: pa.StringArray, dialect: Dialect) -> pa.Array:
    spellings = pa.array((*dialect.trues, *dialect.falses), pa.string())
    found = pc.index_in(text, value_set=spellings)
    if found.null_count != text.null_count:
        raise Misfit("neither true nor false")
    return pc.less(found, pa.scalar(len(dialect.trues), pa.int32()))


def _nulls(text: pa.StringArray, kind: pa.DataType, exact: bool) -> pa.Array:
    raise Misfit("a value in a column of nulls")


def _integers(text: pa.StringArray, kind: pa.DataType, exact: bool) -> pa.Array:
    values = pc.cast(text, kind)
    if exact and (_any(pc.starts_with(text, "-0")) or _leading_zero(text)):
        raise Misfit("an integer with leading zeros")
    if not exact and _any(pc.match_substring(text, "x", ignore_case=True)):
        raise Misfit("a hexadecimal integer")
    return values


def _leading_zero(text: pa.StringArray) -> bool:
    zero = pc.starts_with(text, "0")
    return _any(zero) and _any(pc.and_(zero, pc.greater(pc.binary_length(text), 1)))


def _floats(text: pa.StringArray, kind: pa.DataType, exact: bool) -> pa.Array:
    wide = pc.cast(text, pa.float64() if t.is_float16(kind) else kind)
    values = pc.cast(wide, kind, safe=False)
    finite = pc.is_finite(wide)
    if pc.all(finite).as_py() is False:
        infinite = pc.filter(text, pc.invert(finite))
        if exact or not pc.all(pc.match_substring(infinite, "n", ignore_case=True)).as_py():
            raise Misfit("a number too large, or not a number")
    if _any(pc.starts_with(text, "+")) and exact:
        raise Misfit("a number with a plus sign")
    if exact:
        _check_digits(text, wide)
    return values


def _check_digits(text: pa.StringArray, values: pa.Array) -> None:
    for prefix, pattern in (("0", "^0[0-9]"), ("-0", "^-0[0-9]")):
        led = pc.starts_with(text, prefix)
        if _any(led) and _any(pc.match_substring_regex(_plain(pc.filter(text, led)), pattern)):
            raise Misfit("a number with leading zeros")
    bounds = pc.min_max(values)
    low, high = bounds["min"].as_py(), bounds["max"].as_py()
    if high > EXACT_INTEGERS or low < -EXACT_INTEGERS:
        large = pc.filter(text, pc.greater(pc.abs(values), float(EXACT_INTEGERS)))
        if _any(pc.match_substring_regex(large, "^-?[0-9]+$")):
            raise Misfit("an integer that no double tells from its neighbours")
    if low <= 0 <= high:
        zeros = pc.filter(text, pc.equal(values, 0.0))
        rest = pc.filter(zeros, pc.not_equal(pc.ascii_trim(zeros, "-0."), ""))
        if len(rest) and _any(pc.match_substring_regex(rest, "^[-0.]*[1-9]")):
            raise Misfit("a number too small")


def _plain(text: pa.StringArray) -> pa.StringArray:
    """Return those that are not simply a zero, or a zero with a fraction."""
    return pc.filter(text, pc.invert(pc.or_(pc.starts_with(text, "0."), pc.equal(text, "0"))))


def _temporal(text: pa.StringArray, kind: pa.DataType, exact: bool) -> pa.Array:
    values = pc.cast(text, kind)
    zoned = t.is_timestamp(kind) and kind.tz is not None
    if exact and zoned and not pc.all(pc.or_(pc.ends_with(text, "Z"), pc.ends_with(text, "+00:00"))).as_py():
        raise Misfit("a time of another zone than UTC")
    return values


def _times(text: pa.StringArray, kind: pa.DataType, exact: bool) -> pa.Array:
    day = pc.binary_join_element_wise("1970-01-01 ", text, "")
    return pc.cast(pc.cast(day, pa.timestamp(kind.unit)), kind)


def _decimals(text: pa.StringArray, kind: pa.DataType, exact: bool) -> pa.Array:
    return pc.cast(text, kind)


def _bytes(text: pa.StringArray, kind: pa.DataType, exact: bool) -> pa.Array:
    return decode_base64(text)


def _any(flags: pa.BooleanArray) -> bool:
    return pc.any(flags).as_py() is True


_CONVERT: tuple[tuple[Callable[[pa.DataType], bool], Callable[..., pa.Array]], ...] = (
    (t.is_null, _nulls),
    (t.is_integer, _integers),
    (t.is_floating, _floats),
    (t.is_date32, _temporal),
    (t.is_timestamp, _temporal),
    (t.is_time, _times),
    (t.is_decimal, _decimals),
    (t.is_binary, _bytes),
)


def encode_base64(values: pa.BinaryArray) -> pa.StringArray:
    """Return each value in base64 (RFC 4648 section 4, padded).

    Every value is filled up to whole groups of three bytes, so that one call encodes them
    all; the letters that spell the filling are then made padding.
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


def decode_base64(text: pa.StringArray) -> pa.BinaryArray:
    """Return the bytes that base64 texts spell.

    Raises:
        Misfit: A text is not padded base64.
    """
    if not pc.all(pc.match_substring_regex(text, r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==|[A-Za-z0-9+/]=))?$")).as_py():
        if text.null_count < len(text):
            raise Misfit("not base64")
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
    kept = pc.utf8_slice_codeunits(text, 0, -count)
    return pc.binary_join_element_wise(kept, pa.scalar(padding, pa.large_string()), pa.scalar("", pa.large_string()))


def _remainder(values: pa.Array, divisor: int) -> pa.Array:
    return pc.subtract(values, pc.multiply(pc.divide(values, divisor), divisor))


def _offsets(values: pa.Array) -> pa.Int64Array:
    """Return the offsets of a large binary or string array, starting at zero."""
    raw = pa.Array.from_buffers(pa.int64(), len(values) + 1, [None, values.buffers()[1]], offset=values.offset)
    return pc.subtract(raw, raw[0])


def _data(values: pa.Array) -> memoryview:
    """Return the bytes of a large binary or string array, without what no value refers to."""
    raw = pa.Array.from_buffers(pa.int64(), len(values) + 1, [None, values.buffers()[1]], offset=values.offset)
    start, end = raw[0].as_py(), raw[len(values)].as_py()
    data = values.buffers()[2]
    return memoryview(b"") if data is None else memoryview(data)[start:end]
