"""JSON lines: one object on each line, parsed by Arrow block by block.

A block is cut at a line's end and parsed on its own under explicit types, so nothing
depends on what a parser inferred from an earlier block. Types that JSON has no values for
(times, bytes) are read as text and converted under the rules for text.
"""

import json as std_json
import re
from collections.abc import Container, Iterator, Mapping

import numpy as np
import pyarrow as pa
from pyarrow import json
from pyarrow import types as t

from dsv.errors import NoTable
from dsv.tables.formats import text_numbers
from dsv.tables.formats.byte_source import ByteSource
from dsv.tables.formats.dialect import DeclaredColumn, Dialect
from dsv.tables.formats.text_numbers import Path
from dsv.tables.formats.text_stream import BLOCK, LIMIT, TextStream
from dsv.tables.formats.text_values import EXACT_INTEGERS, Misfit, of_text
from dsv.tables.values import kernels as pc
from dsv.tables.values.types import MAX_DEPTH

_LONG_INTEGER = re.compile(rb"[:\[,\s]-?[0-9]{16,}(?=[\s,\]}])")
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_LONE_NULL = re.compile(rb"(?:^|[^:\[,\s])\s*null")
# By byte what it adds to the depth: 1 for an opening bracket, -1 for a closing one; shape (256,).
_STEPS = np.zeros(256, np.int8)
_STEPS[list(b"[{")] = 1
_STEPS[list(b"]}")] = -1
_ROW = re.compile(r" in row (\d+)$")
_CHANGED = re.compile(r"Column\((.*)\) changed from (\w+) to (\w+)")


class Unparsed(ValueError):
    """A block is not what the types say; the message is the parser's, with the row in the file."""


def blocks(source: ByteSource, size: int = BLOCK) -> Iterator[bytes]:
    """Yield the lines of a file, in blocks of whole lines.

    Raises:
        NoTable: A line is longer than `LIMIT`, or the bytes are not UTF-8.
    """
    rest: list[bytes] = []
    held = 0
    for chunk in TextStream(source).chunks(size):
        cut = chunk.rfind(b"\n") + 1
        if not cut:
            rest.append(chunk)
            held += len(chunk)
            if held > LIMIT:
                raise NoTable(f"a line is longer than {LIMIT >> 20} MiB")
            continue
        yield b"".join([*rest, chunk[:cut]])
        rest, held = [chunk[cut:]], len(chunk) - cut
    last = b"".join(rest)
    if last:
        yield last


def parse(block: bytes, types: Mapping[str, pa.DataType], *, more: bool, row: int) -> pa.Table:
    """Return the objects in `block`, one a row.

    Args:
        block: Whole lines.
        types: Types of members that are known, as JSON holds them.
        more: Whether other members may come too; their types are inferred.
        row: How many objects came before the block, for messages.

    Returns:
        A table of one chunk a column at most; first the members of `types`, in their order. A
        member that an object lacks is null.

    Raises:
        Unparsed: It is not JSON, or a value is not of its type.
        NoTable: An object does not stand on a line of its own, or is nested too deep.
    """
    if not block.strip():
        return pa.schema(types.items()).empty_table()
    _check_shape(block)
    try:
        table = json.read_json(
            pa.BufferReader(block),
            read_options=json.ReadOptions(use_threads=False, block_size=len(block) + 1),
            parse_options=json.ParseOptions(
                explicit_schema=pa.schema(types.items()),
                newlines_in_values=False,
                unexpected_field_behavior="infer" if more else "error",
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError) as error:
        raise Unparsed(_message(str(error), row)) from error
    _check_lines(block, table.num_rows)
    return table.combine_chunks()


def _check_shape(block: bytes) -> None:
    """Refuse what ends the process in Arrow: what is nested deeper than any type may be, and a null for an object."""
    deep = _depth(block) > MAX_DEPTH
    if deep or _LONE_NULL.search(block):
        bare = _TEXT.sub(b'""', block)
        if deep and _depth(bare) > MAX_DEPTH:
            raise NoTable(f"an object nested deeper than {MAX_DEPTH} levels")
        if _LONE_NULL.search(bare):
            raise NoTable("not one object on each line: there is a null")


def _depth(text: bytes) -> int:
    """Return how deep brackets are nested at most; it is never less where some stand in texts.

    It is 2 for {"a":[1,2]}, also for }}[[ (the depth is counted from the lowest before), 0 for none.
    """
    # After each byte, how many more brackets were opened than closed: shape (bytes,).
    height = np.cumsum(_STEPS[np.frombuffer(text, np.uint8)], dtype=np.int64)
    return int((height - np.minimum.accumulate(np.minimum(height, 0))).max()) if len(height) else 0


def _check_lines(block: bytes, rows: int) -> None:
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    if lines != rows:
        lines = sum(1 for line in block.split(b"\n") if line.strip())
    if lines != rows:
        raise NoTable("not one object on each line")


def _message(text: str, row: int) -> str:
    text = text.removeprefix("JSON parse error: ")
    found = _ROW.search(text)
    where = f", in object {row + int(found[1]) + 1}" if found else ""
    if found:
        text = text[: found.start()]
    changed = _CHANGED.match(text)
    if changed is None:
        return text + where
    path, before, after = changed.groups()
    return f"{_member(path)} is a JSON {after} where it was {before} before{where}"


def _member(path: str) -> str:
    return f"member {path[1:]!r}" if path else "a line"


def stored(kind: pa.DataType) -> pa.DataType:
    """Return the type that values of `kind` have in JSON, as Arrow's parser gives them."""
    if t.is_temporal(kind) or t.is_binary(kind):
        return pa.string()
    if t.is_float16(kind):
        return pa.float32()
    if t.is_list(kind) or t.is_fixed_size_list(kind):
        return pa.list_(stored(kind.value_type))
    if t.is_struct(kind):
        return pa.struct([pa.field(field.name, stored(field.type)) for field in kind])
    if t.is_map(kind):
        pair = [pa.field("key", stored(kind.key_type)), pa.field("value", stored(kind.item_type))]
        return pa.list_(pa.struct(pair))
    return kind


def adopt(values: pa.Array, column: DeclaredColumn, dialect: Dialect) -> pa.Array:
    """Return parsed `values` as an array of the column's type.

    Args:
        values: As `parse` gives them, of the type that `stored` says.
        column: Name, type, and whether it is exact.
        dialect: The rules for values that are texts in JSON.

    Returns:
        As many values; null for null.

    Raises:
        Misfit: A text in it has no value in that type.
    """
    kind = column.type
    if values.type == kind:
        return values
    if t.is_null(values.type):
        return pa.nulls(len(values), kind)
    if t.is_string(values.type) and (t.is_temporal(kind) or t.is_binary(kind)):
        return of_text(values, column, dialect)
    if t.is_list(values.type):
        return _adopt_list(values, column, dialect)
    if t.is_struct(values.type) and t.is_struct(kind):
        children = [
            adopt(values.field(place), DeclaredColumn(field.name, field.type, column.exact), dialect)
            for place, field in enumerate(kind)
        ]
        return pa.StructArray.from_arrays(children, fields=list(kind), mask=pc.is_null(values))
    try:
        return pc.cast(values, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise Misfit(str(error)) from error


def _adopt_list(values: pa.ListArray, column: DeclaredColumn, dialect: Dialect) -> pa.Array:
    """Like `adopt`, of a list for a list, a fixed-size list or a map."""
    kind = column.type
    mask = pc.is_null(values) if values.null_count else None
    if t.is_map(kind):
        return _adopt_map(values, column, dialect)
    inner = adopt(values.values, DeclaredColumn(column.name, kind.value_type, column.exact), dialect)
    try:
        if t.is_fixed_size_list(kind):
            loose = pa.ListArray.from_arrays(values.offsets, inner, mask=mask)
            return pc.cast(loose, kind)
        return pa.ListArray.from_arrays(values.offsets, inner, type=kind, mask=mask)
    except pa.ArrowInvalid as error:
        raise Misfit(str(error)) from error


def _adopt_map(values: pa.ListArray, column: DeclaredColumn, dialect: Dialect) -> pa.Array:
    """Like `adopt`, of a list of objects with `key` and `value` for a map; raises Misfit at a null key."""
    kind = column.type
    keys = adopt(values.values.field(0), DeclaredColumn(column.name, kind.key_type, column.exact), dialect)
    items = adopt(values.values.field(1), DeclaredColumn(column.name, kind.item_type, column.exact), dialect)
    if keys.null_count:
        raise Misfit("a map key is null")
    mask = pc.is_null(values) if values.null_count else None
    return pa.MapArray.from_arrays(values.offsets, keys, items, type=kind, mask=mask)


def leaves(values: pa.Array, path: Path) -> Iterator[tuple[Path, pa.Array]]:
    """Yield the arrays at the ends of a nested array, each with its path in it.

    The objects [{"a": [1, 2]}, {"a": [3]}] of member m have one leaf, ("m", "a", None): [1, 2, 3].

    Args:
        values: Lists and structs of anything, in plain layouts.
        path: Where `values` are.

    Yields:
        Leaves are of any length: those of lists have the items of all rows. A null that only a
        parent has does not show; under it stands any value.
    """
    if t.is_list(values.type):
        yield from leaves(values.values, (*path, None))
    elif t.is_struct(values.type):
        for place, field in enumerate(values.type):
            yield from leaves(values.field(place), (*path, field.name))
    else:
        yield path, values


def beyond_exact(values: pa.Array) -> bool:
    """Whether numbers in `values` are beyond those where every integer is a double of its own.

    False for other types, and without values.
    """
    if not (t.is_float64(values.type) or t.is_int64(values.type)):
        return False
    bounds = pc.min_max(values)
    low, high = bounds["min"].as_py(), bounds["max"].as_py()
    return low is not None and (high > EXACT_INTEGERS or low < -EXACT_INTEGERS)


def not_held(block: bytes, columns: Mapping[str, pa.Array], but: Container[Path] = ()) -> Iterator[Path]:
    """Yield the places where doubles do not hold the numbers that a block has there, each once.

    Args:
        block: The lines that `columns` were read from.
        columns: The values of members, as parsed.
        but: Places that are not looked at.
    """
    doubles = {
        path: leaf
        for name, values in columns.items()
        for path, leaf in leaves(values, (name,))
        if t.is_float64(leaf.type) and path not in but
    }
    if not doubles:
        return
    integers = any(map(beyond_exact, doubles.values())) and _LONG_INTEGER.search(block) is not None
    types = {name: columns[name].type for name in {str(path[0]) for path in doubles}}
    for path in text_numbers.not_held(block, types, integers=integers):
        if doubles.pop(path, None) is not None:
            yield path
        if not doubles:
            return


def check_doubles(block: bytes, values: pa.Array, column: str) -> None:
    """See, under version 1 of the rules, that no integer lost digits by becoming a double.

    Args:
        block: The lines that `values` were read from.
        values: The values of one member, as parsed.
        column: Its name.

    Raises:
        NoTable: One did.
    """
    doubles = (leaf for _, leaf in leaves(values, (column,)) if t.is_float64(leaf.type))
    if not any(beyond_exact(leaf) for leaf in doubles) or not _LONG_INTEGER.search(block):
        return
    # Arrow does not say how a number was written. Blocks that come here are rare: lines are
    # looked at one by one, so that the answer cannot depend on what else is in the block.
    for line in block.split(b"\n"):
        if line.strip() and _inexact(line, column, values.type):
            raise NoTable(
                f"member {column!r} has integers that neither int64 nor float64 holds exactly",
                hint=f'declare its type in dsv.toml: schema = {{ "{column}" = "float64" }}, or "decimal(38, 0)"',
            )


def _inexact(line: bytes, column: str, kind: pa.DataType) -> bool:
    """Whether the member of one object has an integer where `kind` has a double that may not hold it."""
    try:
        stack = [(std_json.loads(line).get(column), kind)]
    except ValueError:
        return True  # an integer of thousands of digits
    while stack:
        value, now = stack.pop()
        if t.is_float64(now) and type(value) is int and abs(value) > EXACT_INTEGERS:
            return True
        if t.is_list(now) and isinstance(value, list):
            stack.extend((item, now.value_type) for item in value)
        elif t.is_struct(now) and isinstance(value, dict):
            stack.extend((value.get(field.name), field.type) for field in now)
    return False
