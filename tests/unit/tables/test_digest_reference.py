"""A second implementation of `docs/format/table-digest.md`, slow and plain, from values."""

import struct
from typing import Any

import pyarrow as pa
from blake3 import blake3
from hypothesis import given, settings
from pyarrow import types as t

from dsv.tables.digest.table_id import TableHasher
from dsv.tables.values.types import node_of
from dsv.testing.table_strategies import columns, plain

NAN = {16: b"\x00\x7e", 32: b"\x00\x00\xc0\x7f", 64: b"\x00\x00\x00\x00\x00\x00\xf8\x7f"}


def u64(number: Any) -> Any:
    return number.to_bytes(8, "little")


def hashed(context: Any, data: Any) -> Any:
    return blake3(data, derive_key_context=context).digest()


def stream(data: Any) -> Any:
    return u64(len(data)) + hashed("dsv 2026-11 table stream v1", data)


def packed(flags: Any) -> Any:
    data = bytearray(-(-len(flags) // 8))
    for i, flag in enumerate(flags):
        data[i // 8] |= flag << i % 8
    return bytes(data)


def width_of(kind: Any) -> Any:
    return (16 if kind.precision <= 38 else 32) if t.is_decimal(kind) else kind.bit_width // 8


def encoded(kind: Any, value: Any) -> Any:
    width = width_of(kind)
    if value is None:
        return bytes(width)
    if t.is_fixed_size_binary(kind):
        return value
    if t.is_floating(kind):
        return (
            NAN[kind.bit_width] if value != value else struct.pack({2: "<e", 4: "<f", 8: "<d"}[width], value)
        )
    if t.is_decimal(kind):
        sign, digits, _ = value.as_tuple()
        value = int("".join(map(str, digits))) * (-1 if sign else 1)
    return value.to_bytes(width, "little", signed=value < 0)


def node(kind: Any, slots: Any) -> Any:
    nulls = sum(slot is None for slot in slots)
    if t.is_null(kind):
        return u64(len(slots)) + u64(len(slots))
    data = u64(len(slots)) + u64(nulls)
    if nulls:
        data += stream(packed([slot is not None for slot in slots]))
    held = [slot for slot in slots if slot is not None]
    if t.is_boolean(kind):
        return data + stream(packed([bool(slot) for slot in slots]))
    if t.is_struct(kind):
        for i in range(kind.num_fields):
            data += node(kind.field(i).type, [None if slot is None else slot[i] for slot in slots])
        return data
    if t.is_fixed_size_list(kind):
        return data + node(kind.value_type, [item for slot in held for item in slot])
    if not (t.is_list(kind) or t.is_map(kind) or t.is_string(kind) or t.is_binary(kind)):
        return data + stream(b"".join(encoded(kind, slot) for slot in slots))
    if t.is_string(kind):
        slots = [None if slot is None else slot.encode() for slot in slots]
        held = [slot for slot in slots if slot is not None]
    data += stream(b"".join(u64(0 if slot is None else len(slot)) for slot in slots))
    if t.is_map(kind):
        data += node(kind.key_type, [key for slot in held for key, _ in slot])
        return data + node(kind.item_type, [item for slot in held for _, item in slot])
    if t.is_list(kind):
        return data + node(kind.value_type, [item for slot in held for item in slot])
    return data + stream(b"".join(held))


def reference(name: Any, kind: Any, values: Any, descriptor: Any) -> Any:
    blocks = [hashed("dsv 2026-11 table block v1", node(kind, values))] if values else []
    named = u64(len(descriptor.encode())) + descriptor.encode()
    column = hashed("dsv 2026-11 table column v1", named + u64(len(values)) + b"".join(blocks))
    table = u64(len(values)) + u64(1) + u64(len(name.encode())) + name.encode() + column
    return hashed("dsv 2026-11 table v1", table).hex()


@given(columns())
@settings(max_examples=50, deadline=None)
def test_the_specification_gives_the_same_ids(column: Any) -> None:
    array = plain(column)
    field = pa.field("é", array.type)
    with TableHasher(pa.schema([field])) as hasher:
        hasher.update(pa.record_batch([array], schema=pa.schema([field])))
        found = hasher.finish()
    assert found.id == reference("é", column.kind, column.values, node_of(field).text)
