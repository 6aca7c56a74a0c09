"""FlatBuffers, as little of it as the Arrow IPC files of the indexes need.

Written after the description of the binary format at flatbuffers.dev: a table is a
signed offset back to its vtable, then its fields; a vtable is its own size, the
table's size, and for each slot where the field lies in the table (0: absent); strings,
vectors and tables are reached by unsigned offsets forward.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Scalar(NamedTuple):
    """A number that lies in its table; `format` is one of struct's."""

    format: str
    value: int


class Structs(NamedTuple):
    """A vector of structs that hold 8-byte fields."""

    number: int
    data: bytes


class Table(NamedTuple):
    """A table: what each slot holds."""

    slots: Mapping[int, "Node"]


Node = Scalar | Structs | Table | str | Sequence[Table]


def build(root: Table) -> bytes:
    """Return the buffer whose root is `root`, padded to a multiple of 8 bytes."""
    out = bytearray(4)
    at = _write(out, root)
    struct.pack_into("<I", out, 0, at)
    _pad(out, 8)
    return bytes(out)


def _write(out: bytearray, node: Node) -> int:
    if isinstance(node, Table):
        return _write_table(out, node)
    if isinstance(node, str):
        data = node.encode()
        _pad(out, 4)
        at = len(out)
        out += struct.pack("<I", len(data)) + data + b"\0"
        return at
    if isinstance(node, Structs):
        _pad(out, 8)
        out += bytes(4)  # so that the structs after the count start at a multiple of 8
        at = len(out)
        out += struct.pack("<I", node.number) + node.data
        return at
    assert not isinstance(node, Scalar)
    _pad(out, 4)
    at = len(out)
    out += struct.pack("<I", len(node)) + bytes(4 * len(node))
    for number, child in enumerate(node):
        _point(out, at + 4 + 4 * number, _write(out, child))
    return at


def _write_table(out: bytearray, table: Table) -> int:
    slots = table.slots
    _pad(out, 8)
    vtable = len(out)
    out += bytes(4 + 2 * (max(slots) + 1 if slots else 0))
    _pad(out, 4)
    start = len(out)
    out += struct.pack("<i", start - vtable)
    children = []
    for slot, node in slots.items():
        form = node.format if isinstance(node, Scalar) else "<I"
        _pad(out, struct.calcsize(form))
        at = len(out)
        struct.pack_into("<H", out, vtable + 4 + 2 * slot, at - start)
        out += struct.pack(form, node.value if isinstance(node, Scalar) else 0)
        if not isinstance(node, Scalar):
            children.append((at, node))
    struct.pack_into("<HH", out, vtable, 4 + 2 * (max(slots) + 1 if slots else 0), len(out) - start)
    for at, child in children:
        _point(out, at, _write(out, child))
    return start


def _pad(out: bytearray, width: int) -> None:
    out += bytes(-len(out) % width)


def _point(out: bytearray, at: int, target: int) -> None:
    struct.pack_into("<I", out, at, target - at)


class View:
    """A table in a buffer that nobody vouches for.

    Every method raises `ValueError` where it would be led out of the buffer.
    """

    __slots__ = ("_at", "_data", "_table_slots", "_vtable")

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at
        self._vtable = at - _number(data, at, "<i")
        size = _number(data, self._vtable, "<H")
        self._table_slots = (size - 4) // 2

    @classmethod
    def root(cls, data: bytes) -> "View":
        """Return the root table of a buffer."""
        return cls(data, _number(data, 0, "<I"))

    def _field(self, slot: int) -> int:
        if slot >= self._table_slots:
            return 0
        offset = _number(self._data, self._vtable + 4 + 2 * slot, "<H")
        return self._at + offset if offset else 0

    def scalar(self, slot: int, form: str) -> int:
        """Return a number; 0 if the slot is absent."""
        at = self._field(slot)
        return _number(self._data, at, form) if at else 0

    def _target(self, slot: int) -> int:
        at = self._field(slot)
        if not at:
            raise ValueError(f"slot {slot} is absent")
        return at + _number(self._data, at, "<I")

    def table(self, slot: int) -> "View":
        """Return the table that a slot points to."""
        return View(self._data, self._target(slot))

    def text(self, slot: int) -> str:
        """Return the string that a slot points to."""
        at = self._target(slot)
        return self._slice(at + 4, _number(self._data, at, "<I")).decode()

    def tables(self, slot: int, limit: int = 64) -> "list[View]":
        """Return the tables of a vector, at most `limit`."""
        at = self._target(slot)
        count = _number(self._data, at, "<I")
        if count > limit:
            raise ValueError(f"{count} tables where at most {limit} can be")
        places = [at + 4 + 4 * number for number in range(count)]
        return [View(self._data, place + _number(self._data, place, "<I")) for place in places]

    def structs(self, slot: int, form: str, limit: int = 64) -> list[tuple[int, ...]]:
        """Return the structs of a vector, at most `limit`, each unpacked by `form`."""
        at = self._target(slot)
        count = _number(self._data, at, "<I")
        if count > limit:
            raise ValueError(f"{count} structs where at most {limit} can be")
        return list(struct.iter_unpack(form, self._slice(at + 4, count * struct.calcsize(form))))

    def _slice(self, at: int, length: int) -> bytes:
        if at + length > len(self._data):
            raise ValueError(f"{length} bytes at {at} lie outside")
        return self._data[at : at + length]


def _number(data: bytes, at: int, form: str) -> int:
    # A negative position would count from the end.
    if at < 0 or at + struct.calcsize(form) > len(data):
        raise ValueError(f"position {at} lies outside")
    value: int = struct.unpack_from(form, data, at)[0]
    return value
