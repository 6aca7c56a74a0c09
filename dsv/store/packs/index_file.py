"""The Arrow IPC file of an index: written and read without Arrow's library.

Any Arrow library reads these files. dsv itself does without, for two reasons: a
short command would pay more for the import than for its work, and an index may come
from a stranger, so every length in it is checked before it is used.
"""

import struct
from collections.abc import Sequence
from mmap import mmap
from typing import NamedTuple

from dsv.store.packs.flatbuffers import Scalar, Structs, Table, View, build

FORMAT = "1"
"""Value of `dsv.index` in the schema's metadata."""

_MAGIC = b"ARROW1"
_CONTINUE = b"\xff\xff\xff\xff"
_V5 = 4
_SCHEMA, _RECORD_BATCH = 1, 3
_INT, _FIXED_SIZE_BINARY = 2, 15
_ALIGN = 64
_METADATA_LIMIT = 32 << 20


class IndexColumn(NamedTuple):
    """A column of an index: its name and how many bytes a value has."""

    name: str
    width: int


COLUMNS = (
    IndexColumn("id", 32),
    IndexColumn("kind", 1),
    IndexColumn("codec", 1),
    IndexColumn("pack", 4),
    IndexColumn("offset", 4),
    IndexColumn("stored", 4),
    IndexColumn("raw", 4),
    IndexColumn("checksum", 8),
)


class Layout(NamedTuple):
    """Where things are in an index file.

    Attributes:
        rows: How many objects.
        starts: Position of the first value of each column, in the order of `COLUMNS`.
        packs: Ids of the packs that column `pack` counts into; empty in a pack's own footer.
    """

    rows: int
    starts: tuple[int, ...]
    packs: tuple[str, ...]


def encode(columns: Sequence[bytes], packs: Sequence[str]) -> list[bytes]:
    """Return the parts of an Arrow IPC file.

    Args:
        columns: The values of each column, little-endian, in the order of `COLUMNS`.
        packs: Ids for the schema's metadata.
    """
    rows = len(columns[0]) // COLUMNS[0].width
    schema = _schema(packs)
    head = _MAGIC + b"\0\0" + _message(_SCHEMA, schema, 0)
    body, buffers = _body(columns)
    size = sum(map(len, body))
    batch = Table(
        {
            0: Scalar("<q", rows),
            1: Structs(len(columns), struct.pack("<qq", rows, 0) * len(columns)),
            2: Structs(len(buffers), b"".join(struct.pack("<qq", *place) for place in buffers)),
        }
    )
    # The body starts at a multiple of 64, so that mapped columns are aligned.
    message = _message(_RECORD_BATCH, batch, size, start=len(head))
    block = struct.pack("<qi4xq", len(head), len(message), size)
    footer = build(Table({0: Scalar("<h", _V5), 1: schema, 3: Structs(1, block)}))
    end = _CONTINUE + bytes(4) + footer + struct.pack("<i", len(footer)) + _MAGIC
    return [head, message, *body, end]


def _schema(packs: Sequence[str]) -> Table:
    fields = []
    for name, width in COLUMNS:
        binary = width == COLUMNS[0].width
        kind = Table({0: Scalar("<i", width)}) if binary else Table({0: Scalar("<i", 8 * width)})
        fields.append(
            Table(
                {
                    0: name,
                    1: Scalar("<B", 0),
                    2: Scalar("<B", _FIXED_SIZE_BINARY if binary else _INT),
                    3: kind,
                    5: (),
                }
            )
        )
    metadata = [Table({0: "dsv.index", 1: FORMAT}), Table({0: "dsv.packs", 1: "".join(packs)})]
    return Table({0: Scalar("<h", 0), 1: fields, 2: metadata})


def _message(kind: int, header: Table, body: int, *, start: int = 0) -> bytes:
    data = build(Table({0: Scalar("<h", _V5), 1: Scalar("<B", kind), 2: header, 3: Scalar("<q", body)}))
    align = _ALIGN if start else 8
    data += bytes(-(start + 8 + len(data)) % align)
    return _CONTINUE + struct.pack("<i", len(data)) + data


def _body(columns: Sequence[bytes]) -> tuple[list[bytes], list[tuple[int, int]]]:
    parts: list[bytes] = []
    buffers: list[tuple[int, int]] = []
    at = 0
    for values in columns:
        buffers.append((at, 0))  # no value is null, so there is no validity bitmap
        buffers.append((at, len(values)))
        pad = -len(values) % _ALIGN
        parts += [values, bytes(pad)]
        at += len(values) + pad
    return parts, buffers


def decode(data: bytes | mmap) -> Layout:
    """Return where things are in an index file; nothing but its ends is read.

    Raises:
        ValueError: It is not an index file, it lies about itself, or it has another version.
    """
    size = len(data)
    if size < 32 or data[:6] != _MAGIC or data[-6:] != _MAGIC:
        raise ValueError("not an Arrow file")
    (length,) = struct.unpack("<i", data[-10:-6])
    footer = View.root(_part(data, size - 10 - length, length))
    schema = footer.table(1)
    metadata = {pair.text(0): pair.text(1) for pair in schema.tables(2)}
    if metadata.get("dsv.index") != FORMAT:
        raise ValueError(f"index version {metadata.get('dsv.index')!r} is not known")
    _check_fields(schema)
    blocks = footer.structs(3, "<qi4xq")
    if len(blocks) != 1:
        raise ValueError("an index has one record batch")
    return _decode_batch(data, *blocks[0], packs=_packs(metadata.get("dsv.packs", "")))


def _part(data: bytes | mmap, at: int, length: int) -> bytes:
    if at < 0 or not 0 <= length <= _METADATA_LIMIT or at + length > len(data):
        raise ValueError(f"{length} bytes at {at} lie outside")
    return data[at : at + length]


def _packs(text: str) -> tuple[str, ...]:
    if len(text) % 64 or text.strip("0123456789abcdef"):
        raise ValueError("the list of packs is malformed")
    return tuple(text[at : at + 64] for at in range(0, len(text), 64))


def _check_fields(schema: View) -> None:
    found = []
    for field in schema.tables(1):
        width = field.table(3).scalar(0, "<i")
        found.append(
            IndexColumn(field.text(0), width if field.scalar(2, "<B") == _FIXED_SIZE_BINARY else width // 8)
        )
    if tuple(found) != COLUMNS:
        raise ValueError("the columns are not those of an index")


def _decode_batch(
    data: bytes | mmap, start: int, length: int, body: int, *, packs: tuple[str, ...]
) -> Layout:
    if _part(data, start, 4) != _CONTINUE:
        raise ValueError("no message where the footer says")
    batch = View.root(_part(data, start + 8, length - 8)).table(2)
    rows = batch.scalar(0, "<q")
    buffers = batch.structs(2, "<qq")
    origin = start + length
    if rows < 0 or body < 0 or origin + body > len(data) or len(buffers) != 2 * len(COLUMNS):
        raise ValueError("the record batch lies outside")
    starts = []
    for column, (at, size) in zip(COLUMNS, buffers[1::2], strict=True):
        if at < 0 or size < rows * column.width or at + size > body:
            raise ValueError(f"column {column.name} lies outside")
        starts.append(origin + at)
    return Layout(rows, tuple(starts), packs)
