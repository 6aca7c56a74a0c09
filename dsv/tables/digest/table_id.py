"""The canonical Arrow digest, version 1: one id for one table, however it is laid out.

`docs/format/table-digest.md` specifies it: block digests make column ids, column ids make
the table id.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from typing import Self, TypeVar

import pyarrow as pa

from dsv.hashing import derived_hasher
from dsv.ids import ObjectId
from dsv.tables.digest.scan_column import Block, ColumnScan
from dsv.tables.values.types import describe

COLUMN_CONTEXT = "dsv 2026-11 table column v1"
TABLE_CONTEXT = "dsv 2026-11 table v1"

_TASKS = 4
"""Tasks for each thread: with one alone the slowest column would decide."""

_T = TypeVar("_T")


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


class TableHasher:
    """Hashes a table batch by batch, its columns side by side on a few threads.

    Args:
        schema: Of every batch that will come.

    Raises:
        NoTable: A column has a type that has no table id.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._columns = [(name, node.text, ColumnScan(node)) for name, node in describe(schema)]
        self._pool = ThreadPoolExecutor(threads())
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

        Args:
            batch: Rows of the schema; they may come in any lots, and columns in any encoding.

        Raises:
            NoTable: A value does not fit its type (a decimal above its precision).
        """
        scans = (scan for _, _, scan in self._columns)
        over_columns(self._pool, ColumnScan.update, scans, batch.columns)
        self._rows += batch.num_rows

    def finish(self) -> TableDigest:
        """Return the digest of all rows."""
        self.close()
        columns = tuple(_column(name, kind, self._rows, scan.finish()) for name, kind, scan in self._columns)
        return TableDigest(
            table_id(self._rows, [(column.name, column.id) for column in columns]), self._rows, columns
        )


def threads() -> int:
    """Return how many threads hash columns side by side."""
    return max(1, min(4, cpu_count() or 1))


def over_columns(pool: ThreadPoolExecutor, work: Callable[..., _T], *arguments: Iterable[object]) -> list[_T]:
    """Return what `work` returns for each tuple of arguments, in order.

    Of thousands of columns each task takes several: handing one over can take longer than a short column.
    """
    rows = list(zip(*arguments, strict=True))
    size = max(1, len(rows) // (_TASKS * threads()))
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]

    def some(part: Sequence[tuple[object, ...]]) -> list[_T]:
        return [work(*row) for row in part]

    return [one for found in pool.map(some, parts) for one in found]


def _column(name: str, kind: str, rows: int, blocks: Mapping[int, Block]) -> ColumnDigest:
    digests = tuple(block.digest for _, block in sorted(blocks.items()))
    nulls = sum(block.nulls for block in blocks.values())
    return ColumnDigest(name, kind, column_id(kind, rows, digests), nulls, digests)


def _sized(text: str) -> bytes:
    data = text.encode()
    return _u64(len(data)) + data


def _u64(number: int) -> bytes:
    return number.to_bytes(8, "little")
