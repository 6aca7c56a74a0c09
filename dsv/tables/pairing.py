"""Pairing the rows of two tables where their order does not count and no equal row is left.

Rows are grouped by what must be the same: the policy's key, or else everything but the
floating-point values (of these only whether they are finite). In a group rows are sorted by
their floating-point values, column after column, nested ones by their sum, and paired in this
order; what a group has more on one side stays alone.

Whatever is found close is close: it is a pairing of all rows. Not every such pairing
is found: without a key, rows that are equal but for several floating-point columns may be sorted
differently on the two sides when the first of these columns ties within the tolerance. A
unique key has no such limit.
"""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dsv.model.policy import Policy
from dsv.tables.blocks import BLOCK_ROWS
from dsv.tables.cells import items
from dsv.tables.comparison import ColumnDifference, Row, Unmatched
from dsv.tables.digest import threads
from dsv.tables.layout import Ints, fixed, gather, pieces, validity
from dsv.tables.rowhash import Words, row_hashes
from dsv.tables.sides import Shared, Side
from dsv.tables.tally import Tally
from dsv.tables.types import Node, Shape
from dsv.tables.unmatched import Surplus, among, hashed, row_at

HELD_BYTES = 192 << 20
"""Bytes of unmatched rows that are held of each side; without a key, of floating-point columns only."""

Keys = npt.NDArray[np.float64]


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
    """The rows of one side that have no equal, in the order in which they are paired.

    Attributes:
        values: Their values as they came, of the columns that are compared.
        order: Where each row is in `values`.
        numbers: For each, its number in the table.
        groups: For each, the hash of what must be the same, in ascending order.
    """

    values: pa.Table
    order: Ints
    numbers: Ints
    groups: Words

    def take(self, places: Ints) -> list[pa.Array]:
        """Return the values of some rows, column by column."""
        values = self.values.take(pa.array(self.order[places]))
        return [column.combine_chunks() for column in values.columns]


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
    kept = [i for i, column in enumerate(shared) if key or _floating(column.node)]
    hashes = np.sort(np.concatenate((left.before, left.after)))
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda side: _hold(side, shared, key, kept, wanted, hashes), (before, after))
    if one is None or other is None:
        return None
    pairs = _pairs(one.groups, other.groups)
    columns = [shared[i] for i in kept]
    tally = Tally(columns, policy.tolerance, lambda i: int(one.numbers[pairs[0][i]]))
    differ = np.zeros(len(pairs[0]), np.bool_)
    with ThreadPoolExecutor(threads()) as pool:
        for start in range(0, len(differ), BLOCK_ROWS) if columns else ():
            part = slice(start, start + BLOCK_ROWS)
            values = one.take(pairs[0][part]), other.take(pairs[1][part])
            differ[part] = tally.update(pool, columns, start, *values)
    rows = int(differ.sum())
    return Paired(
        columns=tally.columns(),
        rows=rows,
        compared=len(differ),
        accepted=tally.accepted,
        error=tally.error,
        unmatched=Unmatched(
            len(one.numbers) - len(differ) + rows,
            len(other.numbers) - len(differ) + rows,
            _first(before, shared, wanted, one, pairs[0][~differ]),
            _first(after, shared, wanted, other, pairs[1][~differ]),
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
        key: Places in `shared` of the columns that must be the same; none: all, but for floats.
        kept: Places in `shared` of the columns to hold.
        wanted: Blocks to look at, None for all.
        hashes: Sorted.
    """
    nodes = [column.node for column in shared]
    schema = pa.schema([side.table.schema.field(side.columns[i]) for i in kept])
    batches, numbers = [], [np.empty(0, np.int64)]
    groups, sorts = [np.empty(0, np.uint64)], [np.empty((_float_count(nodes), 0))]
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
        keys = [_sort_key(batch.column(i), node) for i, node in enumerate(nodes) if _floating(node)]
        sorts.append(np.array(keys).reshape(len(keys), len(places)))
    group, keys = np.concatenate(groups), np.concatenate(sorts, axis=1)
    order = np.lexsort((*keys[::-1], group))
    values = pa.Table.from_batches(batches, batches[0].schema if batches else schema).combine_chunks()
    return _Held(values, order, np.concatenate(numbers)[order], group[order])


def _pairs(before: Words, after: Words) -> tuple[Ints, Ints]:
    """Return the places of paired rows, given the groups of all rows, sorted."""
    one, firsts, counts = np.unique(before, return_index=True, return_counts=True)
    other, other_firsts, other_counts = np.unique(after, return_index=True, return_counts=True)
    _, here, there = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    sizes = np.minimum(counts[here], other_counts[there])
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.repeat(firsts[here], sizes) + within, np.repeat(other_firsts[there], sizes) + within


def _first(
    side: Side, shared: Sequence[Shared], wanted: Collection[int] | None, held: _Held, matched: Ints
) -> Row | None:
    """Return the first row in the table that is not among the matched ones."""
    alone = np.ones(len(held.numbers), np.bool_)
    alone[matched] = False
    return row_at(side, shared, wanted, int(held.numbers[alone].min())) if alone.any() else None


def _floating(node: Node) -> bool:
    return any(part.shape is Shape.FLOAT for part in node.walk())


def _float_count(nodes: Sequence[Node]) -> int:
    return sum(_floating(node) for node in nodes)


def _sort_key(array: pa.Array, node: Node) -> Keys:
    """Return for each value the sum of its finite floating-point values."""
    parts = [_plain_key(part, node) for part in pieces(array)]
    return np.concatenate(parts) if parts else np.zeros(0)


def _plain_key(array: pa.Array, node: Node) -> Keys:
    found = np.zeros(len(array))
    if node.shape is Shape.FLOAT:
        found = fixed(array, f"<f{node.width}").astype("<f8")
        found[~np.isfinite(found)] = 0
    elif node.shape is Shape.STRUCT:
        for place, child in enumerate(node.children):
            if _floating(child):
                found += _sort_key(array.field(place), child)
    elif node.children:
        found = _list_key(array, node)
    valid = validity(array)
    if valid is not None:
        found[~valid] = 0
    return found


def _list_key(array: pa.Array, node: Node) -> Keys:
    children, starts, lengths = items(array, node)
    valid = validity(array)
    lengths = lengths if valid is None else np.where(valid, lengths, 0)
    found = np.zeros(len(array))
    used = np.flatnonzero(lengths)
    firsts = (np.cumsum(lengths) - lengths)[used]
    for child, kind in zip(children, node.children, strict=True):
        if _floating(kind) and len(used):
            values = np.concatenate([_sort_key(part, kind) for part in gather(child, starts, lengths)])
            found[used] += np.add.reduceat(values, firsts)
    return found
