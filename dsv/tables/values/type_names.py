"""Type names: from the text of a type to the Arrow type, and back.

The canonical text is the descriptor of `dsv.tables.values.types`. Arrow's own spellings
(`string`, `double`, `decimal128(10, 2)`, `timestamp[us, tz=UTC]`, `list<item: int64>`)
are understood as well, for they are what people write in `dsv.toml`.
"""

import json
import re

import pyarrow as pa

from dsv.errors import NoTable
from dsv.tables.values import types

_SIMPLE = {
    "null": pa.null(),
    "bool": pa.bool_(),
    "boolean": pa.bool_(),
    "float16": pa.float16(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "utf8": pa.string(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date32": pa.date32(),
    "date": pa.date32(),
} | {
    str(kind): kind
    for kind in (
        *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
        *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
    )
}

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[A-Za-z_][\w+/-]*|[+-]?\d+|[<>()\[\],:=])')
_NAMED = re.compile(r'"|[A-Za-z_]')


def describe(kind: pa.DataType) -> str:
    """Return the canonical text of `kind`.

    Raises:
        NoTable: A text file cannot hold it.
    """
    return types.node_of(pa.field("", kind)).text


def parse(text: str) -> pa.DataType:
    """Return the type that `text` names.

    Raises:
        ValueError: It names none that a text file can hold.
    """
    tokens = _Tokens(text)
    kind = tokens.type()
    tokens.end()
    try:
        describe(kind)
    except NoTable as error:
        raise ValueError(str(error)) from error
    return kind


class _Tokens:
    """A recursive descent over the tokens of one type name."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._left = self._split(text)

    def _split(self, text: str) -> list[str]:
        found: list[str] = []
        position = 0
        stripped = text.rstrip()
        while position < len(stripped):
            token = _TOKEN.match(stripped, position)
            if token is None:
                raise self._bad()
            found.append(token[1])
            position = token.end()
        return found[::-1]

    def _bad(self) -> ValueError:
        return ValueError(f"{self._text!r} is not a type that dsv reads from text")

    def _peek(self) -> str:
        return self._left[-1] if self._left else ""

    def _next(self, wanted: str | None = None) -> str:
        token = self._left.pop() if self._left else ""
        if not token or (wanted is not None and token != wanted):
            raise self._bad()
        return token

    def _skip(self, token: str) -> bool:
        if self._peek() == token:
            self._left.pop()
            return True
        return False

    def _number(self) -> int:
        try:
            return int(self._next())
        except ValueError:
            raise self._bad() from None

    def end(self) -> None:
        if self._left:
            raise self._bad()

    def type(self) -> pa.DataType:
        name = self._next()
        try:
            return self._of(name)
        except (pa.ArrowInvalid, RecursionError, OverflowError) as error:
            raise self._bad() from error

    def _of(self, name: str) -> pa.DataType:
        if name == "date32" and self._skip("["):
            self._next("day")
            self._next("]")
        if name in _SIMPLE:
            return _SIMPLE[name]
        if name in {"time", "time32", "time64", "timestamp"}:
            return self._clock(name)
        if name in {"decimal", "decimal128", "decimal256"}:
            return self._decimal(name)
        if name == "struct":
            return self._struct()
        if name in {"list", "fixed_list", "map"}:
            return self._nested(name)
        raise self._bad()

    def _clock(self, name: str) -> pa.DataType:
        self._next("[")
        unit = self._next()
        zone: str | None = None
        if name == "timestamp" and self._skip(","):
            if self._skip("tz"):
                self._next("=")
            zone = self._zone()
        self._next("]")
        if unit not in {"s", "ms", "us", "ns"}:
            raise self._bad()
        if name == "timestamp":
            return pa.timestamp(unit, zone)
        short = unit in {"s", "ms"}
        if name == ("time64" if short else "time32"):
            raise self._bad()
        return pa.time32(unit) if short else pa.time64(unit)

    def _zone(self) -> str:
        parts = []
        while self._left and self._peek() != "]":
            parts.append(self._next())
        text = "".join(parts)
        zone = self._unquote(text) if text.startswith('"') else text
        if not zone:
            raise self._bad()
        return zone

    def _decimal(self, name: str) -> pa.DataType:
        self._next("(")
        precision = self._number()
        scale = self._number() if self._skip(",") else 0
        self._next(")")
        if name == "decimal256" or (name == "decimal" and precision > 38):
            return pa.decimal256(precision, scale)
        return pa.decimal128(precision, scale)

    def _nested(self, name: str) -> pa.DataType:
        self._next("<")
        first = self._item()
        if name == "list":
            kind = pa.list_(first)
        else:
            self._next(",")
            kind = pa.map_(first, self.type()) if name == "map" else pa.list_(first, self._number())
        self._next(">")
        return kind

    def _item(self) -> pa.DataType:
        if self._peek() == "item" and len(self._left) > 1 and self._left[-2] == ":":
            self._left.pop()
            self._left.pop()
        return self.type()

    def _struct(self) -> pa.DataType:
        self._next("<")
        fields: list[pa.Field] = []
        while not self._skip(">"):
            if fields:
                self._next(",")
            name = self._next()
            if _NAMED.match(name) is None:
                raise self._bad()
            self._next(":")
            fields.append(pa.field(self._unquote(name) if name.startswith('"') else name, self.type()))
        return pa.struct(fields)

    def _unquote(self, token: str) -> str:
        try:
            return str(json.loads(token))
        except ValueError:
            raise self._bad() from None
