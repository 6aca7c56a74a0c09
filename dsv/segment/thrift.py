"""The little of Thrift's compact protocol that finds the pages of a Parquet file.

From the Thrift compact protocol specification (thrift/doc/specs/thrift-compact-protocol.md).
Input is hostile: every loop consumes at least a byte a turn, nesting is bounded, no value
is built that is not asked for, and nothing is allocated in proportion to a claimed size.
"""

from collections.abc import Callable, Mapping

MAX_DEPTH = 32
MAX_FIELDS = 64
"""Fields of a struct; Parquet's largest has 17."""

_MAX_VARINT = 10

_BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, STRUCT, _UUID = range(3, 14)
_WIDTHS = {1: 1, 2: 1, _BYTE: 1, _DOUBLE: 8, _UUID: 16}
"""Bytes of an element of fixed width; a boolean takes one in a list and none in a struct."""

Enter = Callable[[bytes, int, int], int]
"""Called with the buffer, where a field's value starts, and its type; returns where it ends."""


class Malformed(ValueError):
    """The bytes are not what the protocol allows."""


def scan(buf: bytes, pos: int, enter: Mapping[int, Enter] | None = None) -> tuple[dict[int, int], int]:
    """Read the struct at `pos`.

    Args:
        buf: Holds the struct.
        pos: Where it starts.
        enter: By field number, what reads a field that is not an integer; others are skipped.

    Returns:
        The integer fields by number, and where the struct ends (never beyond the buffer).

    Raises:
        IndexError: The struct goes on beyond the end of `buf`.
        Malformed: It is not a struct.
    """
    found: dict[int, int] = {}
    field = 0
    for _ in range(MAX_FIELDS + 1):
        head = buf[pos]
        pos += 1
        if not head:
            return found, pos
        kind = head & 15
        if head >> 4:
            field += head >> 4
        else:
            field, pos = _integer(buf, pos)
        if _I16 <= kind <= _I64:
            value = buf[pos]
            pos += 1
            if value < 128:
                value = (value >> 1) ^ -(value & 1)
            else:
                value, pos = _integer(buf, pos - 1)
            found[field] = value
        elif kind > 2:
            pos = enter[field](buf, pos, kind) if enter and field in enter else skip(buf, pos, kind)
        elif not kind:
            raise Malformed("a field without a type")
    raise Malformed("too many fields")


def each(buf: bytes, pos: int, kind: int, enter: Callable[[bytes, int], int], limit: int) -> int:
    """Call `enter` with where each struct of the list at `pos` starts; return where the list ends.

    Raises:
        IndexError: The list goes on beyond the end of `buf`.
        Malformed: It is not a list of structs, or it has more than `limit`.
    """
    if kind != _LIST:
        raise Malformed("not a list")
    count, kind, pos = _list(buf, pos)
    if kind != STRUCT and count:
        raise Malformed("not a list of structs")
    if count > limit:
        raise Malformed("a list of too many structs")
    for _ in range(count):
        pos = enter(buf, pos)
    return pos


def skip(buf: bytes, pos: int, kind: int, depth: int = 1) -> int:
    """Return where the value of type `kind` at `pos` ends.

    That may be beyond the end of `buf` if the value is cut short. As every value stands in a
    struct, and after it comes at least the struct's end, the caller notices when it reads on.

    Raises:
        IndexError: The value goes on beyond the end of `buf`.
        Malformed: There is no such type, or it is nested deeper than `MAX_DEPTH`.
    """
    if kind == _BINARY:
        size, pos = _varint(buf, pos)
        return pos + size
    if _I16 <= kind <= _I64:
        while buf[pos] > 127:
            pos += 1
        return pos + 1
    if kind in _WIDTHS:
        return pos + _WIDTHS[kind]
    if depth > MAX_DEPTH:
        raise Malformed("nested too deep")
    if kind == STRUCT:
        return _skip_struct(buf, pos, depth)
    if kind in (_LIST, _SET):
        count, kind, pos = _list(buf, pos)
        return _skip_items(buf, pos, (kind,), count, depth)
    if kind == _MAP:
        count, pos = _varint(buf, pos)
        if not count:
            return pos
        kinds = buf[pos]
        return _skip_items(buf, pos + 1, (kinds >> 4, kinds & 15), count, depth)
    raise Malformed(f"type {kind} does not exist")


def _skip_struct(buf: bytes, pos: int, depth: int) -> int:
    # Integers and strings are most of what there is: they go without a call.
    for _ in range(MAX_FIELDS + 1):
        head = buf[pos]
        pos += 1
        if not head:
            return pos
        if head < 16:
            pos = _varint(buf, pos)[1]
        kind = head & 15
        if kind == _BINARY:
            size = buf[pos]
            pos += 1
            if size > 127:
                size, pos = _varint(buf, pos - 1)
            pos += size
        elif _I16 <= kind <= _I64:
            while buf[pos] > 127:
                pos += 1
            pos += 1
        elif kind > 2:
            pos = skip(buf, pos, kind, depth + 1)
        elif not kind:
            raise Malformed("a field without a type")
    raise Malformed("too many fields")


def _skip_items(buf: bytes, pos: int, kinds: tuple[int, ...], count: int, depth: int) -> int:
    if all(kind in _WIDTHS for kind in kinds):
        return pos + count * sum(_WIDTHS[kind] for kind in kinds)
    for _ in range(count):
        for kind in kinds:
            pos = skip(buf, pos, kind, depth + 1)
    return pos


def _list(buf: bytes, pos: int) -> tuple[int, int, int]:
    """Return the count and the type of a list's items, and where they start."""
    head = buf[pos]
    pos += 1
    count = head >> 4
    if count == 15:
        count, pos = _varint(buf, pos)
    return count, head & 15, pos


def _integer(buf: bytes, pos: int) -> tuple[int, int]:
    value, pos = _varint(buf, pos)
    return (value >> 1) ^ -(value & 1), pos


def _varint(buf: bytes, pos: int) -> tuple[int, int]:
    byte = buf[pos]
    pos += 1
    if byte < 128:
        return byte, pos
    value = byte & 127
    for shift in range(7, 7 * _MAX_VARINT, 7):
        byte = buf[pos]
        pos += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, pos
    raise Malformed("an integer of more than 64 bits")
