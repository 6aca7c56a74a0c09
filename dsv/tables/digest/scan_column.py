"""Scanning one column: its blocks are cut, hashed, and their extremes kept."""

from collections.abc import Callable
from typing import NamedTuple

import pyarrow as pa

from dsv.tables.digest.blocks import BLOCK_ROWS, BlockHasher
from dsv.tables.values.arrow_errors import told
from dsv.tables.values.extremes import Bound, Extremes
from dsv.tables.values.layout import pieces
from dsv.tables.values.types import Node


class Block(NamedTuple):
    """What is known of one block of one column.

    Attributes:
        digest: 32 bytes.
        nulls: Rows that are null.
        low: The least value; None without values, or without an order.
        high: The greatest value.
    """

    digest: bytes
    nulls: int
    low: Bound | None = None
    high: Bound | None = None


class ColumnScan:
    """Takes the rows of one column in order and cuts them into blocks.

    Args:
        node: The column's type.
        extremes: Whether to look for least and greatest values.
        wanted: Which blocks to look at, by number; None: all. Others are passed over.
    """

    __slots__ = ("_blocks", "_extremes", "_hasher", "_pending", "_row", "_wanted")

    def __init__(
        self, node: Node, *, extremes: bool = False, wanted: Callable[[int], bool] | None = None
    ) -> None:
        self._hasher = BlockHasher(node)
        self._extremes = Extremes.of(node) if extremes else None
        self._wanted = wanted
        self._blocks: dict[int, Block] = {}
        self._row = 0
        self._pending = False

    def seek(self, row: int) -> None:
        """Say that the next row to come is number `row`; those between belong to no wanted block."""
        self._row = row

    def update(self, array: pa.Array) -> None:
        """Append rows.

        Args:
            array: Values of the column's type, in any encoding, of the rows from where the last call ended.

        Raises:
            NoTable: The values cannot be read as their type says.
        """
        with told("damaged values"):
            start = 0
            while start < len(array):
                block, within = divmod(self._row, BLOCK_ROWS)
                part = array.slice(start, BLOCK_ROWS - within)
                start += len(part)
                self._row += len(part)
                if self._wanted is None or self._wanted(block):
                    self._take(part)
                    if self._row % BLOCK_ROWS == 0:
                        self._cut(block)

    def finish(self) -> dict[int, Block]:
        """Return the blocks that were seen, by number; the last may have fewer rows than others.

        70,000 rows from row 0 on are blocks 0, of 65,536 rows, and 1, of 4,464.
        """
        if self._pending:
            self._cut((self._row - 1) // BLOCK_ROWS)
        return self._blocks

    def _take(self, part: pa.Array) -> None:
        """Append rows that are all of one block."""
        self._pending = True
        for plain in pieces(part):
            self._hasher.update(plain)
            if self._extremes is not None:
                self._extremes.update(plain)

    def _cut(self, block: int) -> None:
        """Close block number `block`: its rows have all been taken."""
        low, high = self._extremes.finish() if self._extremes is not None else (None, None)
        self._blocks[block] = Block(*self._hasher.finish(), low, high)
        self._pending = False
