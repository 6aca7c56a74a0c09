"""Whether a table is the start of a longer one: what tells appended rows from changed ones.

Facts know it of whole blocks. Of the last, partly filled block of the shorter table they
do not, for it has other rows in the longer one: that block alone is read again.
"""

from collections.abc import Iterator

import pyarrow as pa

from dsv.tables.digest.blocks import BLOCK_ROWS
from dsv.tables.digest.scan_column import ColumnScan
from dsv.tables.facts.table_changes import TableChange
from dsv.tables.facts.table_facts import Facts
from dsv.tables.formats.parquet import ParquetTable
from dsv.tables.formats.reader import TableReader
from dsv.tables.values.types import describe

PASSED_OVER = 1 << 20
"""Rows that are at most read for nothing, of a format that can be read only from its start."""


def undecided(before: Facts, after: Facts, change: TableChange) -> bool:
    """Whether all whole blocks of the shorter table start the longer one, so that the last may decide.

    Args:
        before: Facts of the older version, with details.
        after: Facts of the newer one, with details.
        change: What `dsv.tables.facts.table_changes.compare` says of them.
    """
    fewer = min(before.rows, after.rows)
    whole = fewer // BLOCK_ROWS * BLOCK_ROWS
    return (
        before.schema == after.schema
        and before.rows != after.rows
        and change.same_rows == whole != fewer
        and before.details is not None
        and after.details is not None
    )


def starts(shorter: Facts, longer: TableReader) -> bool | None:
    """Whether the last block of `shorter` stands in `longer` too; None if telling takes too long.

    Args:
        shorter: Facts, with details, of a table whose rows do not end with a whole block.
        longer: A table of the same schema with more rows.

    Raises:
        NoTable: It turns out to be unreadable.
    """
    assert shorter.details is not None
    number = shorter.rows // BLOCK_ROWS
    first = number * BLOCK_ROWS
    if first > PASSED_OVER and not isinstance(longer, ParquetTable):
        return None
    scans = [ColumnScan(node) for _, node in describe(longer.schema)]
    for scan in scans:
        scan.seek(first)
    for batch in _rows(longer, first, shorter.rows):
        for scan, column in zip(scans, batch.columns, strict=True):
            scan.update(column)
    return all(
        scan.finish()[number].digest == blocks[number].digest
        for scan, blocks in zip(scans, shorter.details.blocks, strict=True)
    )


def _rows(table: TableReader, first: int, last: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows from number `first` to before number `last`.

    Batches that a reader gives are cut: of two of 5 rows each, rows 3 to before 6 are 2 rows and 1 row.
    """
    start, batches = 0, None
    if isinstance(table, ParquetTable):
        groups = [
            number
            for number, group in enumerate(table.row_groups)
            if group.start < last and group.start + group.rows > first
        ]
        start = table.row_groups[groups[0]].start
        batches = table.read(range(len(table.schema)), groups)
    for batch in batches or table.batches():
        stop = start + batch.num_rows
        if stop > first:
            begin = max(first - start, 0)
            yield batch.slice(begin, min(last, stop) - start - begin)
        start = stop
        if start >= last:
            return
