"""Pairing the rows of two tables where their order does not count and no equal row is left.

Rows are grouped by what must be the same: the policy's key, or else everything but the
floating-point values (of these only whether they are finite), and in which cluster of close
values each floating-point column has its value. In a group rows are sorted by their
floating-point values, column after column, nested ones by their sum, and paired in this order.
What is left is paired in the same way without the clusters, so that it can be told what
differs; what a group has more on one side stays alone.

Whatever is found close is close: it is a pairing of all rows. Not every such pairing is
found: without a key, rows of one group (values closer together than the tolerance, or nested
ones) may be sorted differently on the two sides. A unique key has no such limit.
"""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from dsv.model.policy import Policy
from dsv.tables.compare.comparison import ColumnDifference, Unmatched
from dsv.tables.compare.floatkeys import Keys, clusters, floating, sort_key
from dsv.tables.compare.rowhash import Words, refined, row_hashes
from dsv.tables.compare.sides import Shared, Side
from dsv.tables.compare.tally import Lone, Tally, shown_rows
from dsv.tables.compare.unmatched import Surplus, among, hashed, row_at
from dsv.tables.digest.blocks import BLOCK_ROWS
from dsv.tables.digest.table_id import threads
from dsv.tables.values.layout import Ints
from dsv.tables.values.types import Shape

HELD_BYTES = 192 << 20
"""Bytes of unmatched rows that are held of each side; without a key, of floating-point columns only."""

SLACK = 1e-6
"""What is close where the policy has no tolerance, and it is only told what differs."""


@dataclass(frozen=True, slots=True)
class Paired:
    """What became of rows that have no equal on the other side.

    Attributes:
        columns: Columns with cells that differ between paired rows.
        rows: How many pairs differ by more than the tolerance.
        compared: How many pairs there are.
        accepted: How many cells of pairs differ by no more than the tolerance.
        error: The largest difference among those accepted.
        unmatched: Rows that stayed alone, and both rows of pairs that differ.
    """

    columns: tuple[ColumnDifference, ...]
    rows: int
    compared: int
    accepted: int
    error: float
    unmatched: Unmatched


class _Held(NamedTuple):
    """The n rows of one side that have no equal, in the order of the table.

    A place is where a row stands among these n; its number is where it stands in the table.

    Attributes:
        values: Their values, n rows, of the columns that are compared.
        numbers: For each, its number in the table: shape (n,), ascending.
        groups: For each, the hash of what must be the same: shape (n,).
        keys: For each column with floating-point values, what rows are sorted by: shape
            (columns with such values, n).
    """

    values: pa.Table
    numbers: Ints
    groups: Words
    keys: Keys

    def take(self, places: Ints) -> list[pa.Array]:
        """Return the values of the rows at `places`, shape (k,), column by column: k values each."""
        return [column.combine_chunks() for column in self.values.take(pa.array(places)).columns]


def pair(
    before: Side,
    after: Side,
    shared: Sequence[Shared],
    policy: Policy,
    wanted: Collection[int] | None,
    left: Surplus,
) -> Paired | None:
    """Pair the rows that have no equal and compare them; None if they are too large to hold.

    Args:
        before: The table before.
        after: The table after.
        shared: The columns that are compared.
        policy: Its tolerance and key count.
        wanted: Blocks to look at, None for all.
        left: The rows that have no equal.

    Raises:
        NoTable: A table is damaged.
    """
    key = [i for name in policy.key for i, column in enumerate(shared) if column.name == name]
    kept = [i for i, column in enumerate(shared) if key or floating(column.node)]
    hashes = np.sort(np.concatenate((left.before, left.after)))
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda side: _hold(side, shared, key, kept, wanted, hashes), (before, after))
    if one is None or other is None:
        return None
    loose = [column.node.shape is Shape.FLOAT for column in shared if floating(column.node)]
    pairs = _pairs(one, other, [] if key else loose, policy.tolerance or SLACK)
    columns = [shared[i] for i in kept]
    tally = Tally(columns, policy.tolerance, lambda i: int(one.numbers[pairs[0][i]]))
    differ = np.zeros(len(pairs[0]), np.bool_)
    with ThreadPoolExecutor(threads()) as pool:
        for start in range(0, len(differ), BLOCK_ROWS) if columns else ():
            part = slice(start, start + BLOCK_ROWS)
            values = one.take(pairs[0][part]), other.take(pairs[1][part])
            differ[part] = tally.update(pool, columns, start, *values)
    rows = int(differ.sum())
    lone = (
        _first(before, wanted, one, pairs[0][~differ]),
        _first(after, wanted, other, pairs[1][~differ]),
    )
    return Paired(
        columns=tally.columns(),
        rows=rows,
        compared=len(differ),
        accepted=tally.accepted,
        error=tally.error,
        unmatched=Unmatched(
            len(one.numbers) - len(differ) + rows,
            len(other.numbers) - len(differ) + rows,
            *shown_rows(shared, *lone),
        ),
    )


def _hold(
    side: Side,
    shared: Sequence[Shared],
    key: Sequence[int],
    kept: Sequence[int],
    wanted: Collection[int] | None,
    hashes: Words,
) -> _Held | None:
    """Return the rows of one side whose hash is one of `hashes`; None if they are too large.

    Args:
        side: The side.
        shared: The columns that are hashed.
        key: Places in `shared` of the columns that must be the same; none: all, except for floats.
        kept: Places in `shared` of the columns to hold.
        wanted: Blocks to look at, None for all.
        hashes: First hashes (lane 0) of rows, sorted; shape (hashes,).
    """
    nodes = [column.node for column in shared]
    schema = pa.schema([side.table.schema.field(side.columns[i]) for i in kept])
    batches, numbers = [], [np.empty(0, np.int64)]
    groups, sorts = [np.empty(0, np.uint64)], [np.empty((sum(map(floating, nodes)), 0))]
    size = 0
    for span, lanes in hashed(side, shared, wanted):
        places = np.flatnonzero(among(lanes[0], hashes))
        if not len(places):
            continue
        batch = span.batch if len(places) == span.batch.num_rows else span.batch.take(pa.array(places))
        held = batch.select(list(kept))
        size += held.nbytes
        if size > HELD_BYTES:
            return None
        batches.append(held)
        numbers.append(span.start + places)
        chosen = key or range(len(nodes))
        columns, kinds = [batch.column(i) for i in chosen], [nodes[i] for i in chosen]
        groups.append(row_hashes(columns, kinds, len(places), floats=bool(key))[0])
        keys = [sort_key(batch.column(i), node) for i, node in enumerate(nodes) if floating(node)]
        sorts.append(np.array(keys).reshape(len(keys), len(places)))
    values = pa.Table.from_batches(batches, batches[0].schema if batches else schema).combine_chunks()
    return _Held(values, np.concatenate(numbers), np.concatenate(groups), np.concatenate(sorts, axis=1))


def _pairs(one: _Held, other: _Held, loose: Sequence[bool], tolerance: float) -> tuple[Ints, Ints]:
    """Return the places of paired rows, in the order of the side `one`.

    Two arrays of one length: row `[0][i]` of `one` is paired with row `[1][i]` of `other`.

    Rows before have the keys [2.0, 1.0, 5.0] and the groups [7, 7, 8], those after [1.1, 5.0, 9.0]
    and [7, 8, 7]. With the tolerance 0.1, 1.0 goes with 1.1 and 5.0 with 5.0, each in one cluster
    and group; 2.0 and 9.0 are left, and paired because they are of one group: ([0, 1, 2], [2, 0, 1]).

    Args:
        one: The rows before.
        other: The rows after.
        loose: For each of the keys whether rows that are close have close keys; none if the
            groups need no help.
        tolerance: What is close.
    """
    rows, others = np.arange(len(one.numbers)), np.arange(len(other.numbers))
    found: list[tuple[Ints, Ints]] = []
    if any(loose):
        groups, other_groups = one.groups, other.groups
        for place in np.flatnonzero(loose):
            cluster, other_cluster = clusters(one.keys[place], other.keys[place], tolerance)
            groups, other_groups = refined(groups, cluster), refined(other_groups, other_cluster)
        found.append(_matched(one, other, groups, other_groups, rows, others))
        rows, others = np.setdiff1d(rows, found[0][0]), np.setdiff1d(others, found[0][1])
    found.append(_matched(one, other, one.groups, other.groups, rows, others))
    before, after = (np.concatenate(side) for side in zip(*found, strict=True))
    order = np.argsort(before)
    return before[order], after[order]


def _matched(
    one: _Held, other: _Held, groups: Words, other_groups: Words, rows: Ints, others: Ints
) -> tuple[Ints, Ints]:
    """Pair, among some rows of both sides, those of one group in the order of their keys.

    Rows before of the groups [7, 7, 8] with the keys [2.0, 1.0, 5.0], and rows after of the groups
    [7, 8, 7] with the keys [1.1, 5.0, 9.0], all of them looked at, give ([1, 0, 2], [0, 2, 1]):
    in group 7 the smaller key goes with the smaller, in group 8 there is one row each.

    Args:
        one: The rows before.
        other: The rows after.
        groups: For each row of `one` its group: shape (rows of `one`,).
        other_groups: The same of `other`.
        rows: Places of the rows of `one` to look at.
        others: The same of `other`.

    Returns:
        Places in `one` and, pair by pair, in `other`; in no order that means anything. What a
        group has more on one side is left out.
    """
    rows = rows[np.lexsort((*one.keys[::-1, rows], groups[rows]))]
    others = others[np.lexsort((*other.keys[::-1, others], other_groups[others]))]
    here, firsts, counts = np.unique(groups[rows], return_index=True, return_counts=True)
    there, other_firsts, other_counts = np.unique(other_groups[others], return_index=True, return_counts=True)
    _, left, right = np.intersect1d(here, there, assume_unique=True, return_indices=True)
    sizes = np.minimum(counts[left], other_counts[right])
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return (
        rows[np.repeat(firsts[left], sizes) + within],
        others[np.repeat(other_firsts[right], sizes) + within],
    )


def _first(side: Side, wanted: Collection[int] | None, held: _Held, matched: Ints) -> Lone | None:
    """Return the first row in the table that is not among the matched ones; None if there is none.

    Args:
        side: The side.
        wanted: Blocks to look at, None for all.
        held: Its rows.
        matched: Places in `held` of those that count as matched.
    """
    alone = np.ones(len(held.numbers), np.bool_)
    alone[matched] = False
    return row_at(side, wanted, int(held.numbers[alone].min())) if alone.any() else None
