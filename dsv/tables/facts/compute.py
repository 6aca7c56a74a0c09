"""Computing table facts, from scratch or from those of a version that shares row groups."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from dsv.ahead import one_ahead
from dsv.tables.digest.blocks import BLOCK_ROWS, block_count
from dsv.tables.digest.scan_column import Block, ColumnScan
from dsv.tables.digest.table_id import over_columns, threads
from dsv.tables.facts.table_facts import Facts, assemble
from dsv.tables.formats.parquet import ParquetTable
from dsv.tables.formats.reader import TableReader
from dsv.tables.values.types import Node, describe


def compute(table: TableReader, previous: Facts | None = None) -> Facts:
    """Return the facts of a table.

    Of a Parquet file only those column chunks are decoded whose blocks cannot be taken
    from `previous`: same bytes, same description in the footer, starting at the same row.

    Args:
        table: The table.
        previous: Facts, with details, of a version of it that may share row groups; they
            must have been computed here or come from a trusted place.

    Raises:
        NoTable: It cannot be read, or a column's type has no table id.
    """
    columns = describe(table.schema)
    with ThreadPoolExecutor(threads()) as pool:
        if isinstance(table, ParquetTable):
            return _Incremental(table, columns, pool).compute(previous)
        return _sequential(table, columns, pool)


def _sequential(table: TableReader, columns: Sequence[tuple[str, Node]], pool: ThreadPoolExecutor) -> Facts:
    scans = [ColumnScan(node, extremes=True) for _, node in columns]
    rows = 0
    for batch in one_ahead(table.batches()):
        over_columns(pool, ColumnScan.update, scans, batch.columns)
        rows += batch.num_rows
    found = [
        (name, node.text, list(scan.finish().values()))
        for (name, node), scan in zip(columns, scans, strict=True)
    ]
    return assemble(rows, found)


class _Incremental:
    """The facts of a Parquet file, reusing what a previous version shares."""

    def __init__(
        self, table: ParquetTable, columns: Sequence[tuple[str, Node]], pool: ThreadPoolExecutor
    ) -> None:
        self._table = table
        self._columns = columns
        self._pool = pool
        self._count = block_count(table.rows)
        self._starts = [group.start for group in table.row_groups]

    def compute(self, previous: Facts | None) -> Facts:
        """Return the facts."""
        chunks = self._keys()
        known = [self._known(i, chunks[i], previous) for i in range(len(self._columns))]
        wanted = [tuple(b for b in range(self._count) if b not in blocks) for blocks in known]
        order = sorted((i for i in range(len(wanted)) if wanted[i]), key=lambda i: (wanted[i], i))
        for blocks, alike in groupby(order, key=lambda i: wanted[i]):
            for group in self._table.column_groups(list(alike)):
                for column, found in zip(group, self._scan(group, blocks), strict=True):
                    known[column].update(found)
        return assemble(
            self._table.rows,
            [
                (name, node.text, [known[i][b] for b in range(self._count)])
                for i, (name, node) in enumerate(self._columns)
            ],
            [group.rows for group in self._table.row_groups],
            chunks,
        )

    def _keys(self) -> list[tuple[bytes, ...]]:
        groups = range(len(self._table.row_groups))
        return over_columns(
            self._pool,
            lambda column: tuple(self._table.chunk_key(column, group) for group in groups),
            range(len(self._columns)),
        )

    def _known(self, column: int, keys: Sequence[bytes], previous: Facts | None) -> dict[int, Block]:
        """Return the blocks of a column that need not be read, by number."""
        if previous is None or previous.details is None or not previous.details.row_groups:
            return {}
        name, node = self._columns[column]
        try:
            place = previous.schema.index((name, node.text))
        except ValueError:
            return {}
        shared: dict[int, tuple[int, bytes]] = {}
        start = 0
        for rows, key in zip(previous.details.row_groups, previous.details.chunks[place], strict=True):
            if rows:
                shared[start] = (rows, key)
            start += rows
        fresh = {
            group.start
            for group, key in zip(self._table.row_groups, keys, strict=True)
            if group.rows and shared.get(group.start) != (group.rows, key)
        }
        stale = {b for i in range(len(keys)) if self._starts[i] in fresh for b in self._blocks_of(i)}
        blocks = previous.details.blocks[place]
        return {
            b: blocks[b]
            for b in range(min(self._count, len(blocks)))
            if b not in stale and self._end(b, previous.rows) == self._end(b, self._table.rows)
        }

    def _scan(self, columns: Sequence[int], blocks: Sequence[int]) -> list[Mapping[int, Block]]:
        """Read some blocks of some columns."""
        chosen = frozenset(blocks)
        scans = [ColumnScan(self._columns[i][1], extremes=True, wanted=chosen.__contains__) for i in columns]
        needed = sorted({group for block in blocks for group in self._groups_of(block)})
        for start, run in _runs(needed):
            for scan in scans:
                scan.seek(self._starts[start])
            for batch in one_ahead(self._table.read(columns, run)):
                over_columns(self._pool, ColumnScan.update, scans, batch.columns)
        return [scan.finish() for scan in scans]

    def _blocks_of(self, group: int) -> range:
        start, rows = self._table.row_groups[group]
        return range(start // BLOCK_ROWS, block_count(start + rows)) if rows else range(0)

    def _groups_of(self, block: int) -> range:
        first = bisect_right(self._starts, block * BLOCK_ROWS) - 1
        last = bisect_right(self._starts, self._end(block, self._table.rows) - 1)
        return range(first, last)

    @staticmethod
    def _end(block: int, rows: int) -> int:
        return min((block + 1) * BLOCK_ROWS, rows)


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Yield stretches of consecutive numbers, each with its first."""
    for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        yield run[0], run
