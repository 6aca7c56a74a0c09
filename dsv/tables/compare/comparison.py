"""What a comparison of two tables found, as frozen facts; `dsv.render.comparison_words` puts them into words."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from dsv.tables.facts.table_changes import ColumnChange


class Verdict(StrEnum):
    """Whether two tables are the same."""

    EQUAL = "equal"
    CLOSE = "close"
    DIFFERENT = "different"


class Cell(NamedTuple):
    """A cell that differs.

    Attributes:
        column: The column's name, escaped.
        row: Its row, the first is 0; where order does not count, the row before.
        before: The value before, one short line that is safe to show.
        after: The value after; never the same text as `before`.
    """

    column: str
    row: int
    before: str
    after: str


class LoneRow(NamedTuple):
    """A row that only one side has: its number from 0, and names and values of its first columns."""

    number: int
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ColumnDifference:
    """What differs in one column between the rows that were put side by side.

    Attributes:
        name: The column's name, escaped.
        type: Its type descriptor.
        cells: How many cells differ by more than the tolerance.
        first: The first of them.
        error: The largest `|a-b| / max(1, |a|, |b|)` where only floating-point values
            differ, in all its cells that differ; None where something else does.
    """

    name: str
    type: str
    cells: int
    first: Cell
    error: float | None


@dataclass(frozen=True, slots=True)
class Unmatched:
    """What is left when each row has been paired with one that equals it on the other side.

    Attributes:
        before: How many rows only the table before has (a row that it has twice and the
            other once counts once); None where the tables are too large to count.
        after: The same of the table after.
        row_before: A row that the table before has more often; the first one that was looked at.
        row_after: A row that the table after has more often.
    """

    before: int | None
    after: int | None
    row_before: LoneRow | None = None
    row_after: LoneRow | None = None

    @property
    def none(self) -> bool:
        """Whether both tables have the same rows, each as often."""
        return self.before == 0 and self.after == 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two tables have in common, and what not.

    Attributes:
        verdict: `EQUAL`: same names, types, values and order. `CLOSE`: the same as far as
            the policy asks. `DIFFERENT`: anything else.
        rows_before: Rows of the table before.
        rows_after: Rows of the table after.
        schema: Columns that came, went, changed type or place; never those left out.
        columns: Columns with cells that differ, in the order of the table before.
        rows: How many rows that were put side by side differ by more than the tolerance.
        compared: How many rows were put side by side.
        accepted: How many cells differ by no more than the tolerance.
        error: The largest difference among those accepted.
        unmatched: What is left when the order of rows does not count; None if not looked at.
        ignored: Columns that were left out, that at least one side has.
    """

    verdict: Verdict
    rows_before: int
    rows_after: int
    schema: tuple[ColumnChange, ...] = ()
    columns: tuple[ColumnDifference, ...] = ()
    rows: int = 0
    compared: int = 0
    accepted: int = 0
    error: float = 0.0
    unmatched: Unmatched | None = None
    ignored: tuple[str, ...] = ()

    @property
    def cells(self) -> int:
        """How many cells differ by more than the tolerance, among rows put side by side."""
        return sum(column.cells for column in self.columns)

    @property
    def first(self) -> Cell | None:
        """The first cell that differs: of the first such row the first such column."""
        return min((column.first for column in self.columns), key=lambda cell: cell.row, default=None)

    @property
    def reordered(self) -> bool:
        """Whether both have the same rows and only their order differs."""
        return not self.schema and self.unmatched is not None and self.unmatched.none and self.rows > 0
