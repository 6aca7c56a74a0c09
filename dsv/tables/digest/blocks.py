"""The digest of a block: up to 65,536 rows of one column, whatever arrays they come in.

`docs/format/table-digest.md` specifies it. Every node of a column's type tree has up to
three streams (validity, lengths, values), hashed apart while rows arrive, so memory stays
bounded whatever the size of a block's values.
"""

import numpy as np
import pyarrow as pa
from pyarrow import types as t

from dsv.errors import NoTable
from dsv.hashing import derived_hasher
from dsv.tables.digest.block_bytes import BitStream, ByteStream, ValidityStream
from dsv.tables.values import kernels as pc
from dsv.tables.values.layout import (
    Bools,
    bits,
    data_bytes,
    fixed,
    gather,
    list_ranges,
    offsets,
    pieces,
    validity,
)
from dsv.tables.values.types import Node, Shape

BLOCK_ROWS = 65_536
"""Rows of a block; the last one of a table may have fewer."""

BLOCK_CONTEXT = "dsv 2026-11 table block v1"

# By the width in bytes of a floating-point type, the bits that every NaN is hashed as.
_NAN = {2: 0x7E00, 4: 0x7FC0_0000, 8: 0x7FF8_0000_0000_0000}


def block_count(rows: int) -> int:
    """Return how many blocks `rows` rows make: 2 of 65,537 rows, 0 of none."""
    return -(-rows // BLOCK_ROWS)


class BlockHasher:
    """Hashes the values of one column, block after block; the caller says where blocks end."""

    __slots__ = ("_root",)

    def __init__(self, node: Node) -> None:
        self._root = _NodeHasher(node)

    def update(self, plain: pa.Array) -> None:
        """Append rows in a plain layout, as `dsv.tables.values.layout.pieces` yields them.

        Raises:
            NoTable: A value does not fit its type (a decimal above its precision).
        """
        self._root.feed_plain(plain, None)

    def finish(self) -> tuple[bytes, int]:
        """Return digest (32 bytes) and null count of the rows since the last call; start the next block."""
        nulls = self._root.nulls
        hasher = derived_hasher(BLOCK_CONTEXT)
        hasher.update(b"".join(self._root.finish()))
        return hasher.digest(), nulls


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
        """Slots since the last `finish` that are null, also by a parent."""
        return self._validity.nulls

    def finish(self) -> list[bytes]:
        """Return the parts that a block digest hashes, depth first, and start again."""
        parts = [self._validity.finish() if self._node.shape is not Shape.NULL else self._finish_nulls()]
        parts += [stream.finish() for stream in (self._lengths, self._values) if stream is not None]
        for child in self._children:
            parts += child.finish()
        return parts

    def _finish_nulls(self) -> bytes:
        """Return what `ValidityStream.finish` would of slots that are all null, and start again."""
        slots = self._validity.slots
        self._validity = ValidityStream()
        return slots.to_bytes(8, "little") * 2

    def feed(self, array: pa.Array, mask: Bools | None) -> None:
        """Append the slots of `array`; where `mask` is False they are null whatever they hold.

        Args:
            array: Values of the node's type, in any encoding.
            mask: Shape (len(array),): which slots the parents have a value in; None: all.
        """
        start = 0
        for plain in pieces(array):
            stop = start + len(plain)
            self.feed_plain(plain, None if mask is None else mask[start:stop])
            start = stop

    def feed_plain(self, array: pa.Array, mask: Bools | None) -> None:
        """Like `feed`, of an array in a plain layout.

        Raises:
            NoTable: A value does not fit its type.
        """
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
        """Append the bits of plain truth values, 0 for null.

        Args:
            array: Plain values; so below.
            valid: Shape (len(array),): which are not null, here and in all parents; None: all; so below.
        """
        found = bits(array.buffers()[1], array.offset, len(array))
        assert isinstance(self._values, BitStream)
        self._values.feed(found if valid is None else found & valid)

    def _feed_fixed(self, array: pa.Array, valid: Bools | None) -> None:
        """Append the bytes of plain values of fixed width, zeros for null."""
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
        """Append the bytes of rows, shape (slots, items), zeros for null."""
        assert isinstance(self._values, ByteStream)
        if valid is not None:
            rows = rows.copy()
            rows[~valid] = 0
        self._values.feed(rows)

    def _feed_decimal(self, array: pa.Array, valid: Bools | None) -> None:
        """Append plain decimals in the width of the node, whatever width the array has.

        Words are (slots, 64-bit words of a value), int64, least first; a wider one has copies of the
        sign on top, so -1 is [-1] in 64 bits and [-1, -1] in 128.

        Raises:
            NoTable: A value that is not null needs more words than the node has.
        """
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
        """Append lengths (u64, 0 for null) and bytes of plain texts or byte strings; none of nulls."""
        assert self._lengths is not None
        assert isinstance(self._values, ByteStream)
        ends = offsets(array)
        lengths = np.diff(ends).astype("<u8")
        first, last = int(ends[0]), int(ends[-1])
        if valid is not None:
            lengths = np.where(valid, lengths, 0)
            if int(lengths.sum()) != last - first:  # bytes lie under a null
                array = pc.filter(array, pa.array(valid))
                ends = offsets(array)
                first, last = int(ends[0]), int(ends[-1])
        self._lengths.feed(lengths)
        self._values.feed(data_bytes(array, first, last))

    def _feed_list(self, array: pa.Array, valid: Bools | None) -> None:
        """Append lengths (u64, 0 for null) of plain lists or maps, and their items; none of nulls."""
        assert self._lengths is not None
        starts, lengths = list_ranges(array)
        if valid is not None:
            lengths = np.where(valid, lengths, 0)
        self._lengths.feed(lengths.astype("<u8"))
        for child, hasher in zip(_items(array), self._children, strict=True):
            for part in gather(child, starts, lengths):
                hasher.feed(part, None)

    def _feed_fixed_list(self, array: pa.Array, valid: Bools | None) -> None:
        """Append the items of plain fixed-size lists; none of nulls."""
        width = self._node.width
        starts = (array.offset + np.arange(len(array), dtype=np.int64)) * width
        lengths = np.full(len(array), width) if valid is None else np.where(valid, width, 0)
        for part in gather(array.values, starts, lengths):
            self._children[0].feed(part, None)


def _items(array: pa.Array) -> tuple[pa.Array, ...]:
    """Return the whole children of a list, list view or map array: what its offsets count in.

    [[1, 2], [3]] has the one child [1, 2, 3], also without its first row; a map has keys and items.
    """
    if t.is_map(array.type):
        return array.keys, array.items
    return (array.values,)


def _both(valid: Bools | None, mask: Bools | None) -> Bools | None:
    """Return which slots are valid in both; None if all are.

    [True, False, True] and [True, True, False] give [True, False, False].
    """
    if valid is not None and mask is not None:
        valid = valid & mask
    elif valid is None:
        valid = mask
    return None if valid is None or valid.all() else valid
