"""The canonical Arrow digest, version 1: one id for one table, however it is laid out.

`docs/format/table-digest.md` specifies it. Every node of a column's type tree has up to
three streams (validity, lengths, values), hashed apart while rows arrive, so memory stays
bounded whatever the size of a block's values.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from typing import Self

import numpy as np
import pyarrow as pa
from pyarrow import types as t

from dsv.errors import NoTable
from dsv.hashing import derived_hasher
from dsv.ids import ObjectId
from dsv.tables.layout import Bools, bits, data_bytes, fixed, list_ranges, offsets, pieces, validity
from dsv.tables.streams import BitStream, ByteStream, ValidityStream
from dsv.tables.types import Node, Shape, describe

DIGEST_VERSION = 1
BLOCK_ROWS = 65_536

BLOCK_CONTEXT = "dsv 2026-11 table block v1"
COLUMN_CONTEXT = "dsv 2026-11 table column v1"
TABLE_CONTEXT = "dsv 2026-11 table v1"

_NAN = {2: 0x7E00, 4: 0x7FC0_0000, 8: 0x7FF8_0000_0000_0000}


@dataclass(frozen=True, slots=True)
class BlockDigest:
    """What one block of one column hashes to.

    Attributes:
        digest: 32 bytes.
        nulls: Rows of the block that are null.
    """

    digest: bytes
    nulls: int


@dataclass(frozen=True, slots=True)
class ColumnDigest:
    """What one column hashes to.

    Attributes:
        name: As in the schema.
        type: The type descriptor.
        id: The column id: of type and values, not of the name.
        nulls: Rows that are null.
        blocks: Digests of its blocks in order, 32 bytes each.
    """

    name: str
    type: str
    id: ObjectId
    nulls: int
    blocks: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class TableDigest:
    """What a table hashes to."""

    id: ObjectId
    rows: int
    columns: tuple[ColumnDigest, ...]


def column_id(descriptor: str, rows: int, blocks: Sequence[bytes]) -> ObjectId:
    """Return the id of a column of `rows` values from the digests of its blocks."""
    hasher = derived_hasher(COLUMN_CONTEXT)
    hasher.update(_sized(descriptor))
    hasher.update(_u64(rows))
    hasher.update(b"".join(blocks))
    return ObjectId(hasher.hexdigest())


def table_id(rows: int, columns: Sequence[tuple[str, ObjectId]]) -> ObjectId:
    """Return the id of a table from names and ids of its columns in order."""
    hasher = derived_hasher(TABLE_CONTEXT)
    hasher.update(_u64(rows) + _u64(len(columns)))
    for name, column in columns:
        hasher.update(_sized(name) + bytes.fromhex(column))
    return ObjectId(hasher.hexdigest())


def block_count(rows: int) -> int:
    """Return how many blocks `rows` rows make."""
    return -(-rows // BLOCK_ROWS)


class BlockHasher:
    """Hashes the values of one column, block after block; the caller says where blocks end."""

    __slots__ = ("_root",)

    def __init__(self, node: Node) -> None:
        self._root = _NodeHasher(node)

    def update(self, plain: pa.Array) -> None:
        """Append rows in a plain layout, as `dsv.tables.layout.pieces` yields them."""
        self._root.feed_plain(plain, None)

    def finish(self) -> BlockDigest:
        """Return the digest of the rows since the last call, and start the next block."""
        nulls = self._root.nulls
        hasher = derived_hasher(BLOCK_CONTEXT)
        hasher.update(b"".join(self._root.finish()))
        return BlockDigest(hasher.digest(), nulls)


class ColumnHasher:
    """Hashes one column, cutting its blocks itself."""

    __slots__ = ("_blocks", "_hasher", "_name", "_node", "_room", "rows")

    def __init__(self, name: str, node: Node) -> None:
        self._name = name
        self._node = node
        self._hasher = BlockHasher(node)
        self._room = BLOCK_ROWS
        self._blocks: list[BlockDigest] = []
        self.rows = 0

    def update(self, array: pa.Array) -> None:
        """Append the rows of `array`."""
        for plain in pieces(array):
            start = 0
            while start < len(plain):
                part = plain.slice(start, self._room)
                self._hasher.update(part)
                start += len(part)
                self.rows += len(part)
                self._room -= len(part)
                if not self._room:
                    self._cut()

    def finish(self) -> ColumnDigest:
        """Return the digest of all rows."""
        if self._room < BLOCK_ROWS:
            self._cut()
        digests = tuple(block.digest for block in self._blocks)
        nulls = sum(block.nulls for block in self._blocks)
        return ColumnDigest(
            self._name, self._node.text, column_id(self._node.text, self.rows, digests), nulls, digests
        )

    def _cut(self) -> None:
        self._blocks.append(self._hasher.finish())
        self._room = BLOCK_ROWS


class TableHasher:
    """Hashes a table batch by batch, its columns side by side on a few threads.

    Args:
        schema: Of every batch that will come.

    Raises:
        NoTable: A column has a type that has no table id.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._columns = [ColumnHasher(name, node) for name, node in describe(schema)]
        self._pool = ThreadPoolExecutor(max(1, min(4, cpu_count() or 1)))
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    def update(self, batch: pa.RecordBatch) -> None:
        """Append the rows of `batch`.

        Raises:
            NoTable: A value does not fit its type (a decimal above its precision).
        """
        self._rows += batch.num_rows
        for _ in self._pool.map(ColumnHasher.update, self._columns, batch.columns):
            pass

    def finish(self) -> TableDigest:
        """Return the digest of all rows."""
        columns = tuple(column.finish() for column in self._columns)
        self.close()
        return TableDigest(
            table_id(self._rows, [(column.name, column.id) for column in columns]), self._rows, columns
        )


class _NodeHasher:
    """The streams of one node of a type tree, and its children."""

    __slots__ = ("_children", "_lengths", "_node", "_validity", "_values")

    def __init__(self, node: Node) -> None:
        self._node = node
        self._validity = ValidityStream()
        has_lengths = node.shape in {Shape.BYTES, Shape.LIST, Shape.MAP}
        self._lengths = ByteStream() if has_lengths else None
        self._values: ByteStream | BitStream | None = None
        if node.shape is Shape.BITS:
            self._values = BitStream()
        elif node.shape in {Shape.BYTES, Shape.FIXED, Shape.FLOAT, Shape.DECIMAL}:
            self._values = ByteStream()
        self._children = tuple(_NodeHasher(child) for child in node.children)

    @property
    def nulls(self) -> int:
        return self._validity.nulls

    def finish(self) -> list[bytes]:
        """Return the parts that a block digest hashes, depth first, and start anew."""
        parts = [self._validity.finish() if self._node.shape is not Shape.NULL else self._finish_nulls()]
        parts += [stream.finish() for stream in (self._lengths, self._values) if stream is not None]
        for child in self._children:
            parts += child.finish()
        return parts

    def _finish_nulls(self) -> bytes:
        slots = self._validity.slots
        self._validity = ValidityStream()
        return _u64(slots) + _u64(slots)

    def feed(self, array: pa.Array, mask: Bools | None) -> None:
        """Append the slots of `array`; where `mask` is False they are null whatever they hold."""
        start = 0
        for plain in pieces(array):
            stop = start + len(plain)
            self.feed_plain(plain, None if mask is None else mask[start:stop])
            start = stop

    def feed_plain(self, array: pa.Array, mask: Bools | None) -> None:
        """Like `feed`, of an array in a plain layout."""
        size = len(array)
        if not size:
            return
        if self._node.shape is Shape.NULL:
            self._validity.slots += size
            self._validity.nulls += size
            return
        valid = _both(validity(array), mask)
        self._validity.feed(size, valid)
        match self._node.shape:
            case Shape.BITS:
                self._feed_bits(array, valid)
            case Shape.FIXED | Shape.FLOAT:
                self._feed_fixed(array, valid)
            case Shape.DECIMAL:
                self._feed_decimal(array, valid)
            case Shape.BYTES:
                self._feed_bytes(array, valid)
            case Shape.STRUCT:
                for i, child in enumerate(self._children):
                    child.feed(array.field(i), valid)
            case Shape.FIXED_LIST:
                self._feed_fixed_list(array, valid)
            case _:
                self._feed_list(array, valid)

    def _feed_bits(self, array: pa.Array, valid: Bools | None) -> None:
        found = bits(array.buffers()[1], array.offset, len(array))
        assert isinstance(self._values, BitStream)
        self._values.feed(found if valid is None else found & valid)

    def _feed_fixed(self, array: pa.Array, valid: Bools | None) -> None:
        assert isinstance(self._values, ByteStream)
        width = self._node.width
        if width not in {1, 2, 4, 8}:
            self._feed_rows(fixed(array, np.uint8, width).reshape(len(array), width), valid)
            return
        found = fixed(array, f"<u{width}")
        if self._node.shape is Shape.FLOAT:
            nan = np.isnan(found.view(f"<f{width}"))
            if nan.any():
                found = np.where(nan, found.dtype.type(_NAN[width]), found)
        self._values.feed(found if valid is None else np.where(valid, found, found.dtype.type(0)))

    def _feed_rows(self, rows: np.ndarray, valid: Bools | None) -> None:
        assert isinstance(self._values, ByteStream)
        if valid is not None:
            rows = rows.copy()
            rows[~valid] = 0
        self._values.feed(rows)

    def _feed_decimal(self, array: pa.Array, valid: Bools | None) -> None:
        stored = array.type.bit_width // 64 or 1
        if array.type.bit_width < 64:
            words = fixed(array, "<i4").astype("<i8").reshape(len(array), 1)
        else:
            words = fixed(array, "<i8", stored).reshape(len(array), stored)
        wanted = self._node.width // 8
        if stored > wanted:
            sign = words[:, wanted - 1 : wanted] >> 63
            wrong = (words[:, wanted:] != sign).any(axis=1)
            if (wrong if valid is None else wrong & valid).any():
                raise NoTable(f"a value does not fit {self._node.text}")
            words = np.ascontiguousarray(words[:, :wanted])
        elif stored < wanted:
            words = np.concatenate((words, np.repeat(words[:, -1:] >> 63, wanted - stored, axis=1)), axis=1)
        self._feed_rows(words, valid)

    def _feed_bytes(self, array: pa.Array, valid: Bools | None) -> None:
        assert self._lengths is not None
        assert isinstance(self._values, ByteStream)
        ends = offsets(array)
        lengths = np.diff(ends).astype("<u8")
        first, last = int(ends[0]), int(ends[-1])
        if valid is not None:
            lengths = np.where(valid, lengths, 0)
            if int(lengths.sum()) != last - first:  # bytes lie under a null
                array = array.filter(pa.array(valid))
                ends = offsets(array)
                first, last = int(ends[0]), int(ends[-1])
        self._lengths.feed(lengths)
        self._values.feed(data_bytes(array, first, last))

    def _feed_list(self, array: pa.Array, valid: Bools | None) -> None:
        assert self._lengths is not None
        starts, lengths = list_ranges(array)
        if valid is not None:
            lengths = np.where(valid, lengths, 0)
        self._lengths.feed(lengths.astype("<u8"))
        total = int(lengths.sum())
        if not total:
            return
        shifts = starts - (np.cumsum(lengths) - lengths)
        shifts_used = shifts[lengths > 0]
        base = int(shifts_used[0])
        together = bool((shifts_used == base).all())
        index = None if together else pa.array(np.repeat(shifts, lengths) + np.arange(total))
        for child, hasher in zip(_items(array), self._children, strict=True):
            part = child.slice(base, total) if index is None else child.take(index)
            hasher.feed(part, None)

    def _feed_fixed_list(self, array: pa.Array, valid: Bools | None) -> None:
        if valid is not None:
            array = array.filter(pa.array(valid))
        width = self._node.width
        self._children[0].feed(array.values.slice(array.offset * width, len(array) * width), None)


def _items(array: pa.Array) -> tuple[pa.Array, ...]:
    """Return the whole children of a list, list view or map array: what its offsets count in."""
    if t.is_map(array.type):
        return array.keys, array.items
    return (array.values,)


def _both(valid: Bools | None, mask: Bools | None) -> Bools | None:
    """Return which slots are valid in both; None if all are."""
    if valid is not None and mask is not None:
        valid = valid & mask
    elif valid is None:
        valid = mask
    return None if valid is None or valid.all() else valid


def _sized(text: str) -> bytes:
    data = text.encode()
    return _u64(len(data)) + data


def _u64(number: int) -> bytes:
    return number.to_bytes(8, "little")
