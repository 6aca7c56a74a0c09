"""Arrow values as JSON text, a column at a time.

The text of a column is put together by Arrow's string kernels; no step is taken for a
single value. `docs/format/text-dialect.md` says what each type becomes.
"""

import json
import re

import pyarrow as pa
from pyarrow import types as t

from dsv.errors import Refused
from dsv.tables.values import base64_text
from dsv.tables.values import kernels as pc

_TEXT = pa.large_string()
_NOTHING = pa.scalar("", _TEXT)
_SPECIAL = r'["\\\x00-\x1f]'
_CONTROL = r"[\x00-\x1f]"
_CONTROLS = {chr(code): json.dumps(chr(code))[1:-1] for code in range(32)}


def objects(batch: pa.RecordBatch) -> pa.LargeStringArray:
    """Return each row as a JSON object.

    The columns a, [1, null], and b, ["x", "y"], are {"a":1,"b":"x"} and {"a":null,"b":"y"}.

    Returns:
        One text for each row, never null.

    Raises:
        Refused: A column has a type that JSON has no values for.
    """
    return _struct(list(batch.columns), batch.schema.names, batch.num_rows)


def literals(values: pa.Array) -> pa.LargeStringArray:
    """Return each value as JSON; none is null, but some are the text `null`.

    The floats [1.0, null, nan] are the texts 1.0, null and null; the list [1, 2] is [1,2].

    Args:
        values: In any encoding.

    Returns:
        As many texts.

    Raises:
        Refused: The type has no JSON values.
    """
    values = plain(values)
    text = _literals(values)
    if values.null_count:
        text = pc.if_else(pc.is_valid(values), text, pa.scalar("null", _TEXT))
    return pc.fill_null(text, pa.scalar("null", _TEXT))


def plain(values: pa.Array) -> pa.Array:
    """Return `values` without dictionary, run-end or extension encoding at the top, as many; null for null.

    All of them are decoded at once, unlike in `dsv.tables.values.layout.pieces`.
    """
    if isinstance(values.type, pa.BaseExtensionType):
        return plain(values.storage)
    if t.is_dictionary(values.type):
        return plain(values.dictionary_decode())
    if t.is_run_end_encoded(values.type):
        return plain(pc.run_end_decode(values))
    return values


def _literals(values: pa.Array) -> pa.LargeStringArray:
    """Return values without encoding as JSON; where they are null, or have none, it may be null."""
    kind = values.type
    if t.is_null(kind):
        return pa.nulls(len(values), _TEXT)
    if t.is_struct(kind):
        names = [field.name for field in kind]
        return _struct(values.flatten(), names, len(values))
    if t.is_map(kind):
        # Either may go on beyond what the other has, and the offsets.
        size = min(len(values.keys), len(values.items))
        pairs = _struct([values.keys[:size], values.items[:size]], ["key", "value"], size)
        return _list(pa.ListArray.from_arrays(values.offsets, pairs))
    if kind.num_fields:
        children = literals(pc.list_flatten(values))
        lengths = pc.fill_null(pc.list_value_length(values), 0).cast(pa.int64())
        ends = pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(lengths)])
        return _list(pa.LargeListArray.from_arrays(ends, children))
    if t.is_boolean(kind) or t.is_integer(kind):
        return pc.cast(values, _TEXT)
    if t.is_floating(kind):
        return _floats(values)
    if t.is_duration(kind):
        return pc.cast(pc.cast(values, pa.int64()), _TEXT)
    return _quoted(texts(values))


def texts(values: pa.Array) -> pa.LargeStringArray:
    """Return values that are text, bytes, times or decimals as plain text, ready for quotes; null for null.

    Raises:
        Refused: They have no text.
    """
    kind = values.type
    if t.is_string(kind) or t.is_large_string(kind) or t.is_string_view(kind):
        return _escaped(pc.cast(values, _TEXT))
    if t.is_binary(kind) or t.is_large_binary(kind) or t.is_binary_view(kind) or t.is_fixed_size_binary(kind):
        return pc.cast(base64_text.encode(pc.cast(values, pa.binary())), _TEXT)
    if t.is_date64(kind):
        return pc.cast(pc.cast(values, pa.date32(), safe=False), _TEXT)
    if t.is_timestamp(kind):
        instant = values if kind.tz is None else pc.cast(values, pa.timestamp(kind.unit, "UTC"))
        return pc.replace_substring(pc.cast(instant, _TEXT), " ", "T", max_replacements=1)
    if t.is_date32(kind) or t.is_time(kind) or t.is_decimal(kind):
        return pc.cast(pc.cast(values, pa.string()), _TEXT)
    raise Refused(f"values of type {kind} cannot be written as text")


def _struct(columns: list[pa.Array], names: list[str], rows: int) -> pa.LargeStringArray:
    """Return `rows` JSON objects.

    Args:
        columns: The values of each member, `rows` of them each.
        names: As many names.
        rows: How many there are; needed where there are no members.
    """
    if not columns:
        return pa.repeat(pa.scalar("{}", _TEXT), rows)
    parts: list[pa.Array | pa.Scalar] = []
    before = "{"
    for name, column in zip(names, columns, strict=True):
        parts.append(pa.scalar(f"{before}{json.dumps(name, ensure_ascii=False)}:", _TEXT))
        parts.append(literals(column))
        before = ","
    return pc.binary_join_element_wise(*parts, pa.scalar("}", _TEXT), _NOTHING)


def _list(children: pa.Array) -> pa.LargeStringArray:
    """Return lists of JSON texts as JSON arrays.

    [["1", "2"], [], null] is ["[1,2]", "[]", null].
    """
    joined = pc.binary_join(children, pa.scalar(",", _TEXT))
    return pc.binary_join_element_wise(pa.scalar("[", _TEXT), joined, pa.scalar("]", _TEXT), _NOTHING)


def _floats(values: pa.Array) -> pa.LargeStringArray:
    """Return floats as JSON numbers with a point or an exponent; null for null, NaN and infinities."""
    wide = pc.cast(values, pa.float32()) if t.is_float16(values.type) else values
    finite = pc.if_else(pc.is_finite(wide), wide, pa.scalar(None, wide.type))
    text = pc.cast(finite, _TEXT)
    # A double stays one for readers that infer types from the text.
    whole = pc.invert(pc.match_substring_regex(text, "[.e]"))
    if pc.any(whole).as_py():
        point = pc.binary_join_element_wise(text, pa.scalar(".0", _TEXT), _NOTHING)
        text = pc.if_else(whole, point, text)
    return text


def _quoted(text: pa.LargeStringArray) -> pa.LargeStringArray:
    """Return texts in quotes; null for null."""
    mark = pa.scalar('"', _TEXT)
    return pc.binary_join_element_wise(mark, text, mark, _NOTHING)


def _escaped(text: pa.LargeStringArray) -> pa.LargeStringArray:
    """Return texts with what JSON strings cannot hold escaped; null for null."""
    if not pc.any(pc.match_substring_regex(text, _SPECIAL)).as_py():
        return text
    text = pc.replace_substring_regex(text, r'(["\\])', r"\\\1")
    for character, escape in _CONTROLS.items():
        if not pc.any(pc.match_substring_regex(text, _CONTROL)).as_py():
            break
        text = pc.replace_substring_regex(text, re.escape(character), escape.replace("\\", "\\\\"))
    return text
