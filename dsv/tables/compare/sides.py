"""Two tables side by side: which columns they share, and their rows in step.

Blocks of 65,536 rows that both sides' facts call equal are passed over; of a Parquet file
the row groups that hold no other blocks are not read.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple

import pyarrow as pa

from dsv.ahead import one_ahead
from dsv.tables.digest.blocks import BLOCK_ROWS, block_count
from dsv.tables.facts.table_changes import ADDED, MOVED, REMOVED, RETYPED, ColumnChange, moved
from dsv.tables.facts.table_facts import Facts
from dsv.tables.formats.parquet import ParquetTable
from dsv.tables.formats.reader import TableReader
from dsv.tables.values.types import Node, describe


class Shared(NamedTuple):
    """A column that both sides have, with one type.

    Attributes:
        name: Its name.
        node: Its type.
        before: Its position in the table before.
        after: Its position in the table after.
    """

    name: str
    node: Node
    before: int
    after: int


class Columns(NamedTuple):
    """What two schemas have in common.

    Attributes:
        shared: Columns to compare, in the order of the table before.
        changes: How the schemas differ.
        ignored: Columns that were left out, that at least one side has.
    """

    shared: tuple[Shared, ...]
    changes: tuple[ColumnChange, ...]
    ignored: tuple[str, ...]


class RowSpan(NamedTuple):
    """Rows of a table: the number of the first one in the table, from 0, and their values."""

    start: int
    batch: pa.RecordBatch


@dataclass(frozen=True, slots=True)
class Side:
    """Some columns of one of two tables.

    Attributes:
        table: The table.
        columns: Positions of the columns to read.
    """

    table: TableReader
    columns: tuple[int, ...]

    def spans(self, wanted: Collection[int] | None = None) -> Iterator[RowSpan]:
        """Yield the rows in order, none of them across the end of a block.

        Args:
            wanted: Numbers of the blocks to yield; None: all.

        Raises:
            NoTable: The table is damaged.
        """
        if wanted is not None and isinstance(self.table, ParquetTable):
            for start, groups in _runs(_groups(self.table, wanted)):
                batches = self.table.read(self.columns, groups)
                yield from _cut(batches, self.table.row_groups[start].start, wanted)
            return
        names = self.table.schema.names
        if len(set(names)) == len(names):
            yield from _cut(self.table.batches([names[i] for i in self.columns]), 0, wanted)
            return
        batches = (batch.select(list(self.columns)) for batch in self.table.batches())
        yield from _cut(batches, 0, wanted)


def share(before: TableReader, after: TableReader, ignored: Collection[str]) -> Columns:
    """Return which columns two tables have in common, except for those of the names `ignored`.

    Columns of one name are told apart by how many of that name stand before them.

    Raises:
        NoTable: A column has a type that dsv does not compare.
    """
    old, new = _places(before, ignored), _places(after, ignored)
    kept = [place for place in old if place in new]
    shared = tuple(
        Shared(place[0], old[place][1], old[place][0], new[place][0])
        for place in kept
        if old[place][1].text == new[place][1].text
    )
    changes = []
    elsewhere = moved(kept, [place for place in new if place in old])
    for place, (_, node) in new.items():
        if place not in old:
            changes.append(ColumnChange(place[0], ADDED))
        elif old[place][1].text != node.text:
            changes.append(ColumnChange(place[0], RETYPED))
        elif place in elsewhere:
            changes.append(ColumnChange(place[0], MOVED))
    changes += [ColumnChange(place[0], REMOVED) for place in old if place not in new]
    names = {*before.schema.names, *after.schema.names}
    return Columns(shared, tuple(changes), tuple(sorted(names.intersection(ignored))))


def side_by_side(
    before: Side, after: Side, wanted: Collection[int] | None
) -> Iterator[tuple[int, pa.RecordBatch | None, pa.RecordBatch | None]]:
    """Yield the rows of both sides in step: the first row's number and as many rows of each.

    When one side has ended its batch is None, and the other's are as they come.

    Batches of 3 rows on one side and of 2 and 1 on the other come as (0, 2 rows, 2 rows) and
    (2, 1 row, 1 row).

    Args:
        before: Some columns of the table before.
        after: The same of the table after; columns are matched by place.
        wanted: Numbers of the blocks to yield, None for all; the same of both sides.

    Raises:
        NoTable: A table is damaged.
    """
    one, other = one_ahead(before.spans(wanted)), one_ahead(after.spans(wanted))
    left, right = next(one, None), next(other, None)
    while left is not None and right is not None:
        size = min(left.batch.num_rows, right.batch.num_rows)
        if size:
            yield left.start, left.batch.slice(0, size), right.batch.slice(0, size)
        left, right = _rest(left, size) or next(one, None), _rest(right, size) or next(other, None)
    while left is not None:
        yield left.start, left.batch, None
        left = next(one, None)
    while right is not None:
        yield right.start, None, right.batch
        right = next(other, None)


def unlike_blocks(shared: Sequence[Shared], before: Facts, after: Facts) -> dict[int, frozenset[int]] | None:
    """Return for each shared column, by its place in `shared`, the blocks whose digests differ.

    Columns that are the same throughout are left out. None where the digests are not known.
    """
    found: dict[int, frozenset[int]] = {}
    for place, column in enumerate(shared):
        if before.columns[column.before].id == after.columns[column.after].id:
            continue
        if before.details is None or after.details is None:
            return None
        one = [block.digest for block in before.details.blocks[column.before]]
        other = [block.digest for block in after.details.blocks[column.after]]
        longest = range(max(len(one), len(other)))
        found[place] = frozenset(i for i in longest if one[i : i + 1] != other[i : i + 1])
    return found


def groups_of(before: TableReader, after: TableReader, shared: Sequence[Shared]) -> Iterator[list[Shared]]:
    """Yield `shared` in groups, each of which can be read at once in bounded memory on both sides."""
    starts = {0}
    for table, positions in ((before, [c.before for c in shared]), (after, [c.after for c in shared])):
        if isinstance(table, ParquetTable):
            taken = 0
            for group in table.column_groups(positions):
                starts.add(taken)
                taken += len(group)
    edges = [*sorted(starts), len(shared)]
    for start, stop in pairwise(edges):
        yield list(shared[start:stop])


_Place = tuple[str, int]


def _places(table: TableReader, ignored: Collection[str]) -> dict[_Place, tuple[int, Node]]:
    seen: Counter[str] = Counter()
    places: dict[_Place, tuple[int, Node]] = {}
    wanted = [i for i, name in enumerate(table.schema.names) if name not in ignored]
    schema = pa.schema([table.schema.field(i) for i in wanted])
    for i, (name, node) in zip(wanted, describe(schema), strict=True):
        places[name, seen[name]] = (i, node)
        seen[name] += 1
    return places


def _rest(span: RowSpan, size: int) -> RowSpan | None:
    """Return what is left of a span after its first `size` rows, None if nothing is."""
    if span.batch.num_rows == size:
        return None
    return RowSpan(span.start + size, span.batch.slice(size))


def _cut(batches: Iterator[pa.RecordBatch], row: int, wanted: Collection[int] | None) -> Iterator[RowSpan]:
    """Yield batches, the first of which starts with row number `row`, as spans that end where blocks end.

    Spans of blocks that are not `wanted` are left out. Rows 65,000 to 66,000 are two spans: 65,000
    to 65,535, and from 65,536 on.
    """
    for batch in batches:
        start = 0
        while start < batch.num_rows:
            block, within = divmod(row, BLOCK_ROWS)
            size = min(batch.num_rows - start, BLOCK_ROWS - within)
            if wanted is None or block in wanted:
                yield RowSpan(row, batch.slice(start, size))
            start += size
            row += size


def _groups(table: ParquetTable, wanted: Collection[int]) -> list[int]:
    """Return the row groups that hold rows of wanted blocks."""
    starts = [group.start for group in table.row_groups]
    found: set[int] = set()
    for block in wanted:
        if block < block_count(table.rows):
            first = bisect_right(starts, block * BLOCK_ROWS) - 1
            last = bisect_right(starts, min((block + 1) * BLOCK_ROWS, table.rows) - 1)
            found.update(range(first, last))
    return sorted(found)


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Yield stretches of consecutive numbers, each with its first."""
    for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        yield run[0], run
