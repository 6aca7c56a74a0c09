r"""The encoding of the details of table facts: flat arrays, little-endian, no padding.

magic        8 bytes  "DSVBLK1\n"
sizes        5 u64    columns C, blocks of a column B, row groups G (0: not Parquet),
                      bytes of the lows, bytes of the highs
digests      C*B*32   block digests, column by column
nulls        C*B u64
flags        C*B u8   1: has extremes; 2: the low is cut; 4: the high is cut
low lengths  C*B u16  0 without extremes
high lengths C*B u16
lows, highs           the bounds back to back
row groups   G u64    rows of each
chunk keys   C*G*32   column by column
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from dsv.hashing import Buffer
from dsv.tables.digest.blocks import block_count
from dsv.tables.digest.scan_column import Block
from dsv.tables.values.extremes import Bound, ValueOrder, decode_bound, order_of

MAGIC = b"DSVBLK1\n"
_HAS, _LOW_CUT, _HIGH_CUT = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Details:
    """What a diff and the next computation need; columns and blocks in order.

    Attributes:
        blocks: For each column its blocks.
        row_groups: Rows of each row group of a Parquet file, else empty.
        chunks: For each column the keys of its column chunks, 32 bytes for each row group.
    """

    blocks: tuple[tuple[Block, ...], ...]
    row_groups: tuple[int, ...] = ()
    chunks: tuple[tuple[bytes, ...], ...] = ()


def encode(details: Details) -> bytes:
    """Return the encoding of `details`."""
    blocks = list(chain.from_iterable(details.blocks))
    lows = [b"" if block.low is None else block.low.encode() for block in blocks]
    highs = [b"" if block.high is None else block.high.encode() for block in blocks]
    per_column = len(details.blocks[0]) if details.blocks else 0
    sizes = [
        len(details.blocks),
        per_column,
        len(details.row_groups),
        sum(map(len, lows)),
        sum(map(len, highs)),
    ]
    return b"".join(
        (
            MAGIC,
            np.array(sizes, "<u8").tobytes(),
            *(block.digest for block in blocks),
            np.array([block.nulls for block in blocks], "<u8").tobytes(),
            bytes(_flags(block) for block in blocks),
            np.array([len(low) for low in lows], "<u2").tobytes(),
            np.array([len(high) for high in highs], "<u2").tobytes(),
            *lows,
            *highs,
            np.array(details.row_groups, "<u8").tobytes(),
            *chain.from_iterable(details.chunks),
        )
    )


def decode(data: Buffer, rows: int, types: Sequence[str]) -> Details:
    """Return the details that `data` encodes, of a table of `rows` rows.

    Args:
        data: The encoding.
        rows: Rows of the table.
        types: The type descriptor of each column.

    Raises:
        ValueError: It is no valid encoding, or its sizes do not fit the table.
    """
    reader = _Reader(data)
    if reader.take(len(MAGIC)).tobytes() != MAGIC:
        raise ValueError("not block facts")
    columns, per_column, groups, low_size, high_size = (int(size) for size in reader.numbers(5, "<u8"))
    if columns != len(types) or per_column != (block_count(rows) if columns else 0):
        raise ValueError("other columns or rows than the head has")
    total = columns * per_column
    digests = reader.take(total * 32).tobytes()
    nulls = reader.numbers(total, "<u8")
    flags = reader.numbers(total, "u1")
    low_ends = _ends(reader.numbers(total, "<u2"), low_size)
    high_ends = _ends(reader.numbers(total, "<u2"), high_size)
    lows, highs = reader.take(low_size).tobytes(), reader.take(high_size).tobytes()
    row_groups = tuple(int(number) for number in reader.numbers(groups, "<u8"))
    if groups and sum(row_groups) != rows:
        raise ValueError("row groups and rows do not agree")
    keys = reader.take(columns * groups * 32).tobytes()
    reader.end()
    orders = [order_of(kind) for kind in types]

    def block(i: int) -> Block:
        digest, flag = digests[i * 32 : i * 32 + 32], int(flags[i])
        low, high = lows[low_ends[i] : low_ends[i + 1]], highs[high_ends[i] : high_ends[i + 1]]
        return Block(digest, int(nulls[i]), *_bounds(orders[i // per_column], flag, low, high))

    return Details(
        tuple(tuple(block(c * per_column + b) for b in range(per_column)) for c in range(columns)),
        row_groups,
        tuple(tuple(_split(keys, c * groups, groups)) for c in range(columns)) if groups else (),
    )


def _flags(block: Block) -> int:
    """Return the byte that says whether a block has extremes and which are cut; 0 without."""
    if block.low is None or block.high is None:
        return 0
    return _HAS | (_LOW_CUT if block.low.cut else 0) | (_HIGH_CUT if block.high.cut else 0)


def _bounds(order: ValueOrder, flags: int, low: bytes, high: bytes) -> tuple[Bound | None, Bound | None]:
    """Return the bounds that flags and two encodings stand for.

    Raises:
        ValueError: They contradict each other.
    """
    if not flags & _HAS:
        if flags or low or high:
            raise ValueError("extremes where there are none")
        return None, None
    if flags > (_HAS | _LOW_CUT | _HIGH_CUT):
        raise ValueError("unknown flags")
    return (
        decode_bound(order, low, cut=bool(flags & _LOW_CUT)),
        decode_bound(order, high, cut=bool(flags & _HIGH_CUT)),
    )


def _ends(lengths: npt.NDArray[np.generic], size: int) -> list[int]:
    """Return where each stretch of bytes ends that has one of `lengths`, after a first 0.

    [2, 0, 3] of 5 bytes are [0, 2, 2, 5]: stretch i is from entry i to entry i + 1.

    Raises:
        ValueError: They do not add up to `size`.
    """
    ends: list[int] = [0, *np.cumsum(lengths, dtype=np.int64).tolist()]
    if ends[-1] != size:
        raise ValueError("the lengths of the extremes do not agree")
    return ends


def _split(keys: bytes, first: int, count: int) -> Iterator[bytes]:
    """Yield `count` keys of 32 bytes from key number `first` on."""
    return (keys[i * 32 : i * 32 + 32] for i in range(first, first + count))


class _Reader:
    """Takes arrays off the front of a buffer."""

    def __init__(self, data: Buffer) -> None:
        self._data = np.frombuffer(data, np.uint8)
        self._place = 0

    def take(self, size: int) -> npt.NDArray[np.uint8]:
        """Return the next `size` bytes, shape (size,), of the buffer's own; ValueError if there are fewer."""
        if size > len(self._data) - self._place:
            raise ValueError("it ends too early")
        self._place += size
        return self._data[self._place - size : self._place]

    def numbers(self, count: int, dtype: str) -> npt.NDArray[np.integer]:
        r"""Return the next `count` numbers, shape (count,), a copy: b"\1\0\2\0" as two "<u2" is [1, 2].

        Raises:
            ValueError: There are fewer.
        """
        found: npt.NDArray[np.integer] = self.take(count * np.dtype(dtype).itemsize).copy().view(dtype)
        return found

    def end(self) -> None:
        """Raise ValueError if anything is left."""
        if self._place != len(self._data):
            raise ValueError("it has bytes left over")
