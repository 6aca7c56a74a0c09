"""Thrift's compact protocol, read into lists that can be changed and written again.

A struct is a list of `[field, type, value]`, a list or set `[element type, items]`, a map `[key type, value type,
pairs]`. Booleans are their type.
"""

from typing import Any

from tests.unit.segment.parquet_fixtures import varint

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
INTEGERS = (I16, I32, I64)


def read(buf: bytes, pos: int) -> tuple[list[Any], int]:
    """Return the struct at `pos`, and where it ends."""
    fields: list[Any] = []
    number = 0
    while head := buf[pos]:
        pos += 1
        if head >> 4:
            number += head >> 4
        else:
            raw, pos = _varint(buf, pos)
            number = _signed(raw)
        value, pos = _value(buf, pos, head & 15)
        fields.append([number, head & 15, value])
    return fields, pos + 1


def write(fields: list[Any]) -> bytes:
    """Return the bytes of a struct."""
    out = bytearray()
    before = 0
    for number, kind, value in fields:
        step = number - before
        out += bytes([step << 4 | kind]) if 0 < step < 16 else bytes([kind]) + _number(number)
        out += _written(kind, value)
        before = number
    return bytes(out) + b"\0"


def field(fields: list[Any], number: int) -> Any:
    """Return the value of a field, None if there is none."""
    return next((value for found, _, value in fields if found == number), None)


def put(fields: list[Any], number: int, value: Any) -> None:
    """Change the value of a field that is there."""
    for entry in fields:
        if entry[0] == number:
            entry[2] = value


def _value(buf: bytes, pos: int, kind: int) -> tuple[Any, int]:
    if kind in (TRUE, FALSE):
        return None, pos
    if kind == BYTE:
        return buf[pos], pos + 1
    if kind in INTEGERS:
        raw, pos = _varint(buf, pos)
        return _signed(raw), pos
    if kind == DOUBLE:
        return buf[pos : pos + 8], pos + 8
    if kind == BINARY:
        size, pos = _varint(buf, pos)
        return buf[pos : pos + size], pos + size
    if kind == STRUCT:
        return read(buf, pos)
    if kind == MAP:
        raise ValueError("Parquet has no maps")
    size, inner = buf[pos] >> 4, buf[pos] & 15
    pos += 1
    if size == 15:
        size, pos = _varint(buf, pos)
    items = []
    for _ in range(size):
        if inner in (TRUE, FALSE):
            item, pos = buf[pos], pos + 1
        else:
            item, pos = _value(buf, pos, inner)
        items.append(item)
    return [inner, items], pos


def _written(kind: int, value: Any) -> bytes:
    if kind in (TRUE, FALSE):
        return b"" if value is None else bytes([value & 255])
    if kind == BYTE:
        return bytes([value & 255])
    if kind in INTEGERS:
        return _number(value)
    if kind == DOUBLE:
        return bytes(value)
    if kind == BINARY:
        return varint(len(value)) + bytes(value)
    if kind == STRUCT:
        return write(value)
    inner, items = value
    size = len(items)
    head = bytes([size << 4 | inner]) if size < 15 else bytes([15 << 4 | inner]) + varint(size)
    return head + b"".join(_written(inner, item) for item in items)


def _varint(buf: bytes, pos: int) -> tuple[int, int]:
    found = shift = 0
    while True:
        byte = buf[pos]
        pos += 1
        found |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return found, pos


def _signed(raw: int) -> int:
    return raw >> 1 ^ -(raw & 1)


def _number(value: int) -> bytes:
    return varint(((value << 1) ^ (value >> 63)) & (1 << 64) - 1)
