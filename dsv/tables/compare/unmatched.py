"""Two tables as multisets of rows: whether they are the same one, and what only one side has.

A row stands for its hash. Sums of two independent 64-bit hashes decide, so nothing is held
and a table of any size can be found the same; that two different tables agree by accident has a
chance of about 2^-128. Which rows are left over is counted by one 64-bit hash, sorted in
parts: of 10^8 rows one count in 4,000 tables is wrong by one.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from dsv.ahead import one_ahead
from dsv.tables.compare.comparison import Unmatched
from dsv.tables.compare.rowhash import Lanes, Words, placed, row_hashes
from dsv.tables.compare.sides import RowSpan, Shared, Side
from dsv.tables.compare.tally import Lone, shown_rows
from dsv.tables.values.layout import Bools

PART_ROWS = 1 << 24
"""Hashes that are sorted together; 8 bytes each, and a few times that while they are sorted."""

PARTS = 8
"""How often both tables are read at most to count what is left over."""


class Sums(NamedTuple):
    """What a table's rows add up to, modulo 2^64; two numbers are one for each lane of the hashes.

    Attributes:
        rows: How many there are.
        unordered: Equal for tables of the same rows in any order.
        ordered: Equal for tables of the same rows in the same order.
        hashes: The first hash of each row, shape (rows,), None of tables of more than half of
            `PART_ROWS` rows.
    """

    rows: int
    unordered: tuple[int, int]
    ordered: tuple[int, int]
    hashes: Words | None


class Surplus(NamedTuple):
    """The rows of each side that have no counterpart on the other.

    Attributes:
        before: Sorted hashes (lane 0), each once, of rows of which the table before has more.
        after: The same of the table after.
        rows_before: How many more rows of these hashes the table before has.
        rows_after: The same of the table after.
    """

    before: Words
    after: Words
    rows_before: int
    rows_after: int


def sums(side: Side, shared: Sequence[Shared], wanted: Collection[int] | None) -> Sums:
    """Return what the rows of one side add up to.

    Args:
        side: One of two tables.
        shared: The columns that are compared.
        wanted: Blocks to look at, None for all: those left out must be the same on both sides.

    Raises:
        NoTable: The table is damaged.
    """
    rows = 0
    unordered, ordered = np.zeros(2, np.uint64), np.zeros(2, np.uint64)
    hashes: list[Words] = []
    for span, lanes in hashed(side, shared, wanted):
        rows += span.batch.num_rows
        unordered += lanes.sum(axis=1, dtype=np.uint64)
        numbers = np.arange(span.start, span.start + span.batch.num_rows)
        if rows <= PART_ROWS // 2:
            hashes.append(lanes[0].copy())
        else:
            hashes.clear()
        # This mixes in place: from here on `lanes` are no longer the hashes of rows.
        ordered += placed(lanes, numbers).sum(axis=1, dtype=np.uint64)
    return Sums(
        rows,
        (int(unordered[0]), int(unordered[1])),
        (int(ordered[0]), int(ordered[1])),
        _joined(hashes) if rows <= PART_ROWS // 2 else None,
    )


def surplus(
    before: Side,
    after: Side,
    shared: Sequence[Shared],
    wanted: Collection[int] | None,
    found: tuple[Sums, Sums],
) -> Surplus | None:
    """Return which rows have no counterpart, None if there are too many rows to tell.

    Args:
        before: The table before.
        after: The table after.
        shared: The columns that are compared.
        wanted: Blocks to look at, None for all.
        found: What the rows of these blocks add up to on both sides.

    Raises:
        NoTable: A table is damaged.
    """
    one, other = found
    if one.hashes is not None and other.hashes is not None:
        return _parted(one.hashes, other.hashes)
    parts = -(-(one.rows + other.rows) // PART_ROWS)
    if parts > PARTS:
        return None
    surpluses = [
        _parted(_hashes(before, shared, wanted, part, parts), _hashes(after, shared, wanted, part, parts))
        for part in range(parts)
    ]
    return Surplus(
        np.sort(np.concatenate([part.before for part in surpluses])),
        np.sort(np.concatenate([part.after for part in surpluses])),
        sum(part.rows_before for part in surpluses),
        sum(part.rows_after for part in surpluses),
    )


def described(
    before: Side, after: Side, shared: Sequence[Shared], wanted: Collection[int] | None, found: Surplus | None
) -> Unmatched:
    """Return what is left over, with the first such row of either side.

    Raises:
        NoTable: A table is damaged.
    """
    if found is None:
        return Unmatched(None, None)
    lone = (_first(before, shared, wanted, found.before), _first(after, shared, wanted, found.after))
    return Unmatched(found.rows_before, found.rows_after, *shown_rows(shared, *lone))


def hashed(
    side: Side, shared: Sequence[Shared], wanted: Collection[int] | None
) -> Iterator[tuple[RowSpan, Lanes]]:
    """Yield the rows of one side with their hashes: a span of n rows, and an array of shape (2, n).

    Raises:
        NoTable: The table is damaged.
    """
    nodes = [column.node for column in shared]
    for span in one_ahead(side.spans(wanted)):
        yield span, row_hashes(span.batch.columns, nodes, span.batch.num_rows)


def row_at(side: Side, wanted: Collection[int] | None, number: int) -> Lone | None:
    """Return row `number` of one side, None if it is in no wanted block."""
    for span in side.spans(wanted):
        place = number - span.start
        if 0 <= place < span.batch.num_rows:
            return Lone(number, [column.slice(place, 1) for column in span.batch.columns])
    return None


def among(hashes: Words, wanted: Words) -> Bools:
    """Return which of `hashes` are in `wanted`, which is sorted.

    Of [1, 5, 9] the ones in [5, 7] are [False, True, False].

    Args:
        hashes: Shape (n,), in any order.
        wanted: Shape (m,), may be empty.

    Returns:
        Shape (n,).
    """
    if not len(wanted):
        return np.zeros(len(hashes), np.bool_)
    place = np.minimum(np.searchsorted(wanted, hashes), len(wanted) - 1)
    found: Bools = wanted[place] == hashes
    return found


def _hashes(
    side: Side, shared: Sequence[Shared], wanted: Collection[int] | None, part: int, parts: int
) -> Words:
    """Return the first hashes of the rows of one part, in the order of the table: shape (rows of it,).

    The second hash says to which of `parts` parts a row belongs: its remainder.
    """
    return _joined(
        [lanes[0][lanes[1] % np.uint64(parts) == part] for _, lanes in hashed(side, shared, wanted)]
    )


def _joined(hashes: Sequence[Words]) -> Words:
    """Return arrays of hashes one after the other, also where there are none."""
    return np.concatenate(hashes) if hashes else np.empty(0, np.uint64)


def _parted(before: Words, after: Words) -> Surplus:
    """Return the surplus among hashes of one part.

    Of [3, 5, 5, 9] before and [9, 5, 7, 7] after, before has one 3 and one 5 more and after two 7:
    `Surplus([3, 5], [7], 2, 2)`.

    Args:
        before: First hashes of the rows before, in any order, one for each row.
        after: The same after; as many or not.
    """
    one, ones = np.unique(before, return_counts=True)
    other, others = np.unique(after, return_counts=True)
    hashes, counts = np.concatenate((one, other)), np.concatenate((ones, -others))
    if not len(hashes):
        return Surplus(hashes, hashes, 0, 0)
    order = np.argsort(hashes, kind="stable")
    hashes, counts = hashes[order], counts[order]
    starts = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])))
    hashes, counts = hashes[starts], np.add.reduceat(counts, starts)
    more, less = counts > 0, counts < 0
    return Surplus(hashes[more], hashes[less], int(counts[more].sum()), -int(counts[less].sum()))


def _first(
    side: Side, shared: Sequence[Shared], wanted: Collection[int] | None, hashes: Words
) -> Lone | None:
    """Return the first row of one side whose first hash is among `hashes`, which are sorted."""
    if not len(hashes):
        return None
    for span, lanes in hashed(side, shared, wanted):
        places = np.flatnonzero(among(lanes[0], hashes))
        if len(places):
            place = int(places[0])
            values = [column.slice(place, 1) for column in span.batch.columns]
            return Lone(span.start + place, values)
    return None
