"""Rows of an index while they are made: packed records, sorted and turned into columns.

Few rows are handled in plain Python; numpy is imported only where there are so many
that it pays for its own import.

Packed rows are `SIZE` bytes each, one after the other, as `ROW` says, without padding. Two
rows are 116 bytes.
"""

import struct
from typing import Any, NamedTuple

from dsv.hashing import Buffer

ROW = struct.Struct("<32sBBIIIIQ")
"""id, kind, codec, pack, offset, stored, raw, checksum: the columns of `dsv.store.packs.index_file`."""

SIZE = ROW.size
"""Bytes of a packed row: 58."""

FEW = 8192
"""Rows up to which plain Python is quicker than the import of numpy."""

# How `struct` spells the values of each column but the first, which is the id.
_FORMATS = ("B", "B", "I", "I", "I", "I", "Q")


class IndexRow(NamedTuple):
    """What an index says of one object.

    Attributes:
        id: Its id, 32 bytes.
        kind: A number of `dsv.hashing.Kind`.
        codec: How it is stored: `dsv.store.packs.pack.PLAIN` or `ZSTD`.
        pack: Which of the index's packs holds it.
        offset: Where in the pack.
        stored: How many bytes it has there.
        raw: How many it has when decoded.
        checksum: XXH3-64 of the stored bytes.
    """

    id: bytes
    kind: int
    codec: int
    pack: int
    offset: int
    stored: int
    raw: int
    checksum: int


def sort(rows: Buffer, *, few: int = FEW) -> Buffer:
    """Return packed rows in the order of their ids; rows of one id may come in any order.

    Args:
        rows: Packed rows, any number.
        few: Up to how many of them are sorted in plain Python.

    Returns:
        As many bytes.
    """
    if len(rows) <= SIZE * few:
        return b"".join(sorted(bytes(rows[at : at + SIZE]) for at in range(0, len(rows), SIZE)))
    import numpy as np

    table = _table(rows)
    # The first 8 bytes decide, except for accidents and copies of one object.
    prefix = np.ascontiguousarray(table["prefix"])
    order = np.argsort(prefix, kind="stable")
    ordered = prefix[order]
    if (ordered[1:] == ordered[:-1]).any():
        order = np.argsort(table["id"], kind="stable")
    ordered_rows = table[order]
    return memoryview(ordered_rows.view(np.uint8))  # a copy would be as large as the index


def columns(rows: Buffer, *, few: int = FEW) -> list[bytes]:
    """Return the values of each column of packed rows.

    Three rows give eight byte strings of 96, 3, 3, 12, 12, 12, 12 and 24 bytes: n values of 32,
    1, 1, 4, 4, 4, 4 and 8 bytes, little-endian, in the order of the fields of `IndexRow`. Up to `few`
    rows are handled in plain Python.
    """
    count = len(rows) // SIZE
    if count > few:
        table = _table(rows)
        return [table[name].tobytes() for name in IndexRow._fields]
    if not count:
        return [b""] * len(IndexRow._fields)
    ids, *numbers = zip(*ROW.iter_unpack(rows), strict=True)
    packed = [struct.pack(f"<{count}{form}", *values) for form, values in zip(_FORMATS, numbers, strict=True)]
    return [b"".join(ids), *packed]


def move_to_pack(rows: Buffer, pack: int) -> bytes:
    """Return packed rows whose objects are said to be in the pack of number `pack`.

    All of them get it, whatever they had; the other fields stay. The number is bytes 34 to 37 of
    each row.
    """
    out = bytearray(rows)
    number = struct.pack("<I", pack)
    for byte in range(4):
        out[34 + byte :: SIZE] = number[byte : byte + 1] * (len(out) // SIZE)
    return bytes(out)


def dtype() -> Any:
    """Return packed rows as a numpy type; `prefix` and `bytes` are other views of the id.

    Fields are those of `IndexRow`, little-endian, and two that lie over `id`: `prefix`, its first 8 bytes
    as a big-endian number, so that numbers sort as ids do, and `bytes`, all 32 of them with the
    zeros at their end, which `id` (a numpy text) leaves out.
    """
    import numpy as np

    names = [*IndexRow._fields, "prefix", "bytes"]
    formats = ["S32", "u1", "u1", "<u4", "<u4", "<u4", "<u4", "<u8", ">u8", "V32"]
    offsets = [0, 32, 33, 34, 38, 42, 46, 50, 0, 0]
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": SIZE})


def _table(rows: Buffer) -> Any:
    """Return packed rows as a numpy array of `dtype()`, shape (rows,), on the same memory."""
    import numpy as np

    return np.frombuffer(rows, dtype=dtype())
