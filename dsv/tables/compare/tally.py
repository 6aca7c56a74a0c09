"""Counting the cells that differ between rows that were put side by side."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from dsv.errors import Refused
from dsv.tables.compare.cells import FAR, SAME, Distances, distances
from dsv.tables.compare.comparison import Cell, ColumnDifference, LoneRow
from dsv.tables.compare.sides import Shared
from dsv.tables.digest.blocks import BLOCK_ROWS
from dsv.tables.formats.preview import NULL, WIDTH, cell, escape
from dsv.tables.values import json_text
from dsv.tables.values.layout import Bools, Bytes
from dsv.tables.values.types import Node, Shape

_CELLS = 6
"""Columns of an example row that are shown."""

_BEFORE_CHANGE = 12
"""Characters that are shown before the place where two long texts part."""


class Tally:
    """What differs so far.

    Args:
        shared: The columns that will be compared.
        tolerance: How far floating-point values may differ.
        number: Returns the row of the table before that a row stands for, by its number
            among those put side by side.
    """

    def __init__(
        self, shared: Sequence[Shared], tolerance: float, number: Callable[[int], int] | None = None
    ) -> None:
        self._columns = {column: _Column(column, tolerance) for column in shared}
        self._number = number
        # By block which of its rows differ: a bit a row, highest first; shape (BLOCK_ROWS // 8,).
        self._rows: dict[int, Bytes] = {}

    def update(
        self,
        pool: ThreadPoolExecutor,
        shared: Sequence[Shared],
        start: int,
        before: Sequence[pa.Array],
        after: Sequence[pa.Array],
    ) -> Bools:
        """Compare n rows, none of them across the end of a block; return which differ.

        Args:
            pool: Where columns are compared side by side.
            shared: The columns that are compared.
            start: The number of the first row.
            before: The values of each column, n each, in any encoding.
            after: As many values on the other side.

        Returns:
            Shape (n,): True where a cell of the row differs by more than the tolerance; of no
            columns shape (0,).
        """
        columns = [self._columns[column] for column in shared]
        differ = np.zeros(len(before[0]) if before else 0, np.bool_)
        for found in pool.map(_Column.update, columns, [start] * len(columns), before, after):
            if found is not None:
                differ |= found
        if differ.any():
            self._mark(start, differ)
        return differ

    def columns(self) -> tuple[ColumnDifference, ...]:
        """Return the columns with cells that differ by more than the tolerance."""
        found = [column.finish(self._number) for column in self._columns.values()]
        return tuple(column for column in found if column is not None)

    @property
    def rows(self) -> int:
        """How many rows have cells that differ by more than the tolerance."""
        return sum(int(np.unpackbits(packed).sum()) for packed in self._rows.values())

    @property
    def accepted(self) -> int:
        """How many cells differ by no more than the tolerance."""
        return sum(column.accepted for column in self._columns.values())

    @property
    def error(self) -> float:
        """The largest difference among those accepted."""
        return max((column.error for column in self._columns.values()), default=0.0)

    def _mark(self, start: int, differ: Bools) -> None:
        """Note that rows differ; they stay so when other columns of them are compared later.

        Args:
            start: The number of the first row.
            differ: Which differ, from that row on; within one block.
        """
        block, within = divmod(start, BLOCK_ROWS)
        marks = np.zeros(BLOCK_ROWS, np.bool_)
        marks[within : within + len(differ)] = differ
        packed = np.packbits(marks)
        self._rows[block] = packed | self._rows[block] if block in self._rows else packed


class _Column:
    """What differs in one column."""

    def __init__(self, shared: Shared, tolerance: float) -> None:
        self._shared = shared
        self._tolerance = tolerance
        self._cells = 0
        self._worst = 0.0
        self._first: tuple[int, str, str] | None = None
        self.accepted = 0
        self.error = 0.0

    def update(self, start: int, before: pa.Array, after: pa.Array) -> Bools | None:
        """Return which rows differ by more than the tolerance, None if no row does.

        Args:
            start: The number of the first row.
            before: Values of n rows.
            after: As many on the other side.

        Returns:
            Shape (n,) or None.
        """
        apart = distances(before, after, self._shared.node, self._tolerance)
        if apart is None:
            return None
        differ = apart > self._tolerance if self._tolerance else apart > SAME
        self._accept(apart[~differ])
        places = np.flatnonzero(differ)
        if not len(places):
            return None
        self._cells += len(places)
        self._worst = max(self._worst, float(apart[places].max()))
        if self._first is None or start < self._first[0]:
            place = int(places[0])
            texts = shown_apart(before.slice(place, 1), after.slice(place, 1), self._shared.node)
            self._first = (start + place, *texts)
        return differ

    def finish(self, number: Callable[[int], int] | None) -> ColumnDifference | None:
        """Return what differs, None if nothing does."""
        if self._first is None:
            return None
        row, before, after = self._first
        name = escape(self._shared.name)
        return ColumnDifference(
            name=name,
            type=self._shared.node.text,
            cells=self._cells,
            first=Cell(name, number(row) if number else row, before, after),
            error=self._worst if self._worst < FAR else None,
        )

    def _accept(self, apart: Distances) -> None:
        """Count accepted cells by their distances, shape (k,); those that are `SAME` do not count."""
        accepted = apart[apart > SAME]
        if len(accepted):
            self.accepted += len(accepted)
            self.error = max(self.error, float(accepted.max()))


def shown_apart(before: pa.Array, after: pa.Array, node: Node) -> tuple[str, str]:
    """Return two single values of one type that differ as short texts that differ, safe to show.

    Args:
        before: An array of one value.
        after: Another one.
        node: Their type.
    """
    if node.shape is Shape.FLOAT:
        return _digits(before), _digits(after)
    if not any(part.shape is Shape.FLOAT for part in node.walk()):
        texts = _shown(before), _shown(after)
        if texts[0] != texts[1]:
            return texts
    whole = _whole(before), _whole(after)
    if whole[0] == whole[1]:  # a type without text that tells them apart
        return f"{_shown(before)} (before)", f"{_shown(after)} (after)"
    parting = next(
        (i for i, (one, other) in enumerate(zip(*whole, strict=False)) if one != other),
        min(map(len, whole)),
    )
    start = max(0, parting - _BEFORE_CHANGE)
    return _window(whole[0], start), _window(whole[1], start)


class Lone(NamedTuple):
    """A row that only one side has: its number, and for each column compared an array of its one value."""

    number: int
    values: Sequence[pa.Array]


def shown_rows(
    shared: Sequence[Shared], before: Lone | None, after: Lone | None
) -> tuple[LoneRow | None, LoneRow | None]:
    """Return two rows that differ as they are shown: their first columns, and one that they differ in.

    Floats have all of their digits. Where the first columns show the same, the last of them gives way.
    """
    one, other = _cells(shared, before), _cells(shared, after)
    if before is not None and after is not None and one == other:
        place = next((i for i in range(len(shared)) if _differ(shared[i], before, after, i)), None)
        if place is not None:
            texts = shown_apart(before.values[place], after.values[place], shared[place].node)
            name, keep = escape(shared[place].name), min(place, _CELLS - 1)
            one, other = (*one[:keep], (name, texts[0])), (*other[:keep], (name, texts[1]))
    return (
        None if before is None else LoneRow(before.number, one),
        None if after is None else LoneRow(after.number, other),
    )


def _cells(shared: Sequence[Shared], row: Lone | None) -> tuple[tuple[str, str], ...]:
    if row is None:
        return ()
    pairs = list(zip(shared, row.values, strict=True))[:_CELLS]
    return tuple(
        (escape(column.name), _digits(value) if column.node.shape is Shape.FLOAT else _shown(value))
        for column, value in pairs
    )


def _differ(column: Shared, before: Lone, after: Lone, place: int) -> bool:
    return distances(before.values[place], after.values[place], column.node) is not None


def _shown(value: pa.Array) -> str:
    """Return an array of one value as it is shown in a cell."""
    return cell(json_text.plain(value)[0])


def _digits(value: pa.Array) -> str:
    """Return a float with all of its digits."""
    number = json_text.plain(value)[0].as_py()
    return NULL if number is None else repr(float(number))


def _whole(value: pa.Array) -> str:
    """Return an array of one value as text without a limit."""
    try:
        return str(json_text.literals(value)[0])
    except (Refused, pa.ArrowException):
        return str(value[0])


def _window(text: str, start: int) -> str:
    cut = text[start : start + WIDTH - 2]
    return ("…" if start else "") + escape(cut) + ("…" if start + len(cut) < len(text) else "")
