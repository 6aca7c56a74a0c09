"""Files to cut: Parquet made by hand, so that no writer's version moves a golden value."""

import struct
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from blake3 import blake3

from dsv.segment.cut import cut
from dsv.segment.window import STEP

INT, BINARY, LIST, STRUCT = 5, 8, 9, 12


def noise(size: int, seed: str = "noise") -> bytes:
    """Return `size` bytes without pattern, the same everywhere and for ever."""
    return blake3(seed.encode()).digest(length=size)


def read_from(data: bytes) -> Callable[[int, int], bytes]:
    """Return a `read_at` for `data`."""

    def read_at(offset: int, length: int) -> bytes:
        if offset + length > len(data):
            raise EOFError("the file has become shorter")
        return data[offset : offset + length]

    return read_at


def segments(data: bytes, step: int = STEP) -> list[bytes]:
    """Return the segments of `data`, read `step` bytes at a time."""
    return [bytes(segment) for segment in cut(read_from(data), len(data), step=step)]


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def integer(value: int) -> bytes:
    return varint((value << 1) ^ (value >> 63))


def fields(*items: tuple[int, int, bytes]) -> bytes:
    """Return a struct of (number, type, encoded value), the numbers always in full."""
    return b"".join(bytes([kind]) + integer(number) + value for number, kind, value in items) + b"\0"


def structs(items: Sequence[bytes]) -> bytes:
    """Return a list of structs."""
    return bytes([0xF0 | STRUCT]) + varint(len(items)) + b"".join(items)


def page_header(body: int, raw: int, extra: bytes = b"") -> bytes:
    items = [(1, INT, integer(0)), (2, INT, integer(raw)), (3, INT, integer(body))]
    if extra:
        items.append((5, STRUCT, fields((4, BINARY, varint(len(extra)) + extra))))
    return fields(*items)


def page(body: bytes, raw: int | None = None, extra: bytes = b"") -> bytes:
    """Return a page: compressed to half of its size unless `raw` says otherwise."""
    return page_header(len(body), 2 * len(body) if raw is None else raw, extra) + body


class Column(NamedTuple):
    """A column chunk in a footer."""

    start: int
    size: int
    path: bytes | None = None
    encrypted: bool = False
    dictionary: int = 0


def footer(columns: Iterable[Column]) -> bytes:
    """Return a footer of one row group."""
    chunks = []
    for start, size, path, encrypted, dictionary in columns:
        meta = fields((7, INT, integer(size)), (9, INT, integer(start)), (11, INT, integer(dictionary)))
        items = [(3, STRUCT, meta)]
        if path is not None:
            items.insert(0, (1, BINARY, varint(len(path)) + path))
        if encrypted:
            items.append((8, STRUCT, b"\0"))
        chunks.append(fields(*items))
    return fields((1, INT, integer(2)), (4, LIST, structs([fields((1, LIST, structs(chunks)))])))


def close(data: bytes, footer: bytes) -> bytes:
    """Return the file of `data`, which starts with the magic, and `footer`."""
    return data + footer + struct.pack("<I", len(footer)) + b"PAR1"


def parquet(*chunks: Sequence[bytes]) -> bytes:
    """Return a Parquet file whose column chunks consist of these pages."""
    data = b"PAR1"
    columns = []
    for pages in chunks:
        body = b"".join(pages)
        columns.append(Column(len(data), len(body)))
        data += body
    return close(data, footer(columns))
