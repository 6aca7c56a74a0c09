"""The first rows of a table as short texts that are safe to show."""

import json
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow as pa
from pyarrow import types as t

from dsv.errors import NoTable
from dsv.tables.formats.reader import TableReader, positions
from dsv.tables.values import json_text
from dsv.tables.values.arrow_errors import first_line
from dsv.tables.values.types import node_of

NULL = "·"
"""Stands for null; a text that is just that is shown in quotes."""

WIDTH = 60
"""Characters of a cell at most; what is cut ends in `…`."""

_NO_FRACTION = re.compile(r"\.0+(?=$|Z$|[+-]\d{4}$)")

_BYTES = 24
_ITEMS = 20
_ROUND = 6


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of a table, to be shown.

    Attributes:
        names: Names of the columns, escaped like cells.
        types: Type descriptors of the columns.
        rows: By row the text of each cell: one line, no control characters.
        values: The same with numbers as numbers, and null for what has none in columns of numbers.
        total: Rows of the table, None where only reading all of it can tell.
        more: Whether there are rows after these.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    values: tuple[tuple[str | int | float | None, ...], ...]
    total: int | None
    more: bool

    def encode(self) -> bytes:
        """Return all of it as bytes, for `decode`."""
        return json.dumps([self.names, self.types, self.rows, self.values, self.total, self.more]).encode()


def decode(data: bytes) -> Preview:
    """Return what `Preview.encode` made into bytes."""
    names, types, rows, values, total, more = json.loads(data)
    return Preview(
        tuple(names), tuple(types), tuple(map(tuple, rows)), tuple(map(tuple, values)), total, more
    )


def preview(reader: TableReader, rows: int = 10, columns: Sequence[str] | None = None) -> Preview:
    """Return the first `rows` rows of a table; only the batches that hold them are read.

    Raises:
        NotFound: There is no column of a wanted name.
        NoTable: The table cannot be read that far.
    """
    fields = [reader.schema.field(place) for place in positions(reader.schema, columns)]
    batches: list[pa.RecordBatch] = []
    found = 0
    source = reader.batches(columns)
    for batch in source:
        # One row beyond tells whether there are more.
        batches.append(batch.slice(0, rows + 1 - found))
        found += batches[-1].num_rows
        if found > rows:
            break
    close = getattr(source, "close", None)
    if close is not None:
        close()
    cells = [
        tuple(text for batch in batches for text in _column(batch.column(place), rows))
        for place in range(len(fields))
    ]
    shown = min(rows, found)
    values = [
        _numbers([batch.column(place) for batch in batches], cells[place][:shown])
        for place in range(len(fields))
    ]
    return Preview(
        names=tuple(_short(escape(field.name)) for field in fields),
        types=tuple(escape(_type(field)) for field in fields),
        rows=tuple(tuple(column[row] for column in cells) for row in range(shown)),
        values=tuple(zip(*values, strict=True)) if fields else ((),) * shown,
        total=reader.rows,
        more=found > rows,
    )


def escape(text: str) -> str:
    r"""Return `text` with everything escaped that could move a cursor or hide what is there.

    Control, format (bidirectional marks among them), surrogate, private and unassigned
    characters and line separators become `\n`, `\t`, `\x1b`, `\u202e`; spaces other than
    the plain one too.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if _visible(character) else _escaped(character) for character in text)


def _visible(character: str) -> bool:
    # A zero-width joiner holds emoji together and cannot reorder anything.
    return character.isprintable() or character == "\u200d"


def _escaped(character: str) -> str:
    return (
        ascii(character)[1:-1]
        if ord(character) > 0x7E or ord(character) < 0x20
        else f"\\x{ord(character):02x}"
    )


def _type(field: pa.Field) -> str:
    try:
        return node_of(field).text
    except NoTable:
        return str(field.type)


def _column(values: pa.Array, rows: int) -> list[str]:
    """Return the texts of the first `rows` values of an array."""
    return [cell(value) for value in islice(json_text.plain(values), rows)]


def _numbers(parts: Sequence[pa.Array], cells: Sequence[str]) -> Sequence[str | int | float | None]:
    """Return the values of a column of numbers; what JSON has no number for stays text, and so do other types."""
    kind = json_text.plain(parts[0]).type if parts else pa.null()
    if not (t.is_integer(kind) or t.is_floating(kind)):
        return cells
    found = [value.as_py() for part in parts for value in json_text.plain(part)]
    return [
        text if isinstance(number, float) and not math.isfinite(number) else number
        for number, text in zip(found, cells, strict=False)
    ]


def cell(value: pa.Scalar) -> str:
    """Return one value as it is shown: a single line of at most `WIDTH` characters."""
    if not value.is_valid:
        return NULL
    kind = value.type
    if t.is_string(kind) or t.is_large_string(kind) or t.is_string_view(kind):
        return _text(value)
    try:
        return _short(escape(_value(value)))
    except (pa.ArrowException, ArithmeticError, LookupError, TypeError, ValueError) as error:
        # What a stranger's file holds need not have a text; the other cells do.
        return _short(escape(f"<{type(error).__name__}: {first_line(error)}>"))


def _text(value: pa.Scalar) -> str:
    # Only the start is decoded: a value may be of many megabytes, and not even UTF-8.
    start = bytes(memoryview(value.as_buffer())[: 4 * (WIDTH + 1)]).decode(errors="replace")
    if start == NULL or not start.strip() or start != start.strip():
        return _short(escape(json.dumps(start, ensure_ascii=False)))
    return _short(escape(start))


def _value(value: pa.Scalar) -> str:
    """Return a value that is no text as text of any length."""
    kind = value.type
    if t.is_floating(kind):
        return _number(value.as_py())
    if t.is_binary(kind) or t.is_large_binary(kind) or t.is_binary_view(kind) or t.is_fixed_size_binary(kind):
        data = memoryview(value.as_buffer())
        return f"<{bytes(data[:_BYTES]).hex()}{'…' if len(data) > _BYTES else ''}> {len(data)} B"
    if t.is_struct(kind):
        inner = ", ".join(f"{field.name}: {_inner(value[place])}" for place, field in enumerate(kind))
        return "{" + inner + "}"
    if t.is_map(kind):
        return _many([f"{_inner(pair[0])}: {_inner(pair[1])}" for pair in _pairs(value)], len(value), "{}")
    if _stands_for_another(kind):
        return _inner(value)
    if kind.num_fields and not isinstance(kind, pa.BaseExtensionType):
        return _many([_inner(item) for item in islice(value.values, _ITEMS)], len(value.values), "[]")
    if t.is_boolean(kind):
        return "true" if value.as_py() else "false"
    if t.is_null(kind):
        return NULL
    return _cast(value)


def _pairs(value: pa.Scalar) -> list[Any]:
    return list(islice(value.values, _ITEMS))


def _inner(value: Any) -> str:
    """Return a value inside another: text in quotes, so that it shows where it ends."""
    while value.is_valid and _stands_for_another(value.type):
        value = value.value
    if not value.is_valid:
        return "null"
    kind = value.type
    if t.is_string(kind) or t.is_large_string(kind) or t.is_string_view(kind):
        return json.dumps(_text(value), ensure_ascii=False)
    return _value(value)


def _stands_for_another(kind: pa.DataType) -> bool:
    return bool(t.is_dictionary(kind) or t.is_run_end_encoded(kind) or t.is_union(kind))


def _many(items: Sequence[str], total: int, brackets: str) -> str:
    rest = ", …" if total > len(items) else ""
    return brackets[0] + ", ".join(items) + rest + brackets[1]


def _cast(value: pa.Scalar) -> str:
    """Return times, decimals and integers as Arrow writes them, which never fails on odd years."""
    kind = value.type
    if t.is_timestamp(kind) and kind.tz is not None:
        return _instant(value)
    try:
        text = str(json_text.plain(pa.array([value], kind)).cast(pa.string())[0])
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, TypeError):
        return str(value)
    return _NO_FRACTION.sub("", text) if t.is_temporal(value.type) else text


def _instant(value: Any) -> str:
    """Return a time as its zone has it, or in UTC where this machine does not know the zone."""
    array = pa.array([value.value], pa.int64()).cast(value.type)
    try:
        text = str(array.cast(pa.string())[0])
    except pa.ArrowInvalid:
        text = str(array.cast(pa.timestamp(value.type.unit)).cast(pa.string())[0]) + "Z"
    return _NO_FRACTION.sub("", text)


def _number(number: float) -> str:
    """Return a float with six significant digits, or all of them where it is whole."""
    if not math.isfinite(number):
        return str(number)
    if number.is_integer() and abs(number) < 1e15:
        return f"{number:.1f}"
    return f"{number:.{_ROUND}g}"


def _short(text: str) -> str:
    """Return `text` cut to `WIDTH` columns of a terminal, where some characters take two."""
    if len(text) * 2 <= WIDTH:
        return text
    taken = 0
    for place, character in enumerate(text):
        taken += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if taken > WIDTH:
            return text[: place - (1 if taken == WIDTH + 1 else 2)] + "…"
    return text
