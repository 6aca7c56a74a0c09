"""What changed between two versions of a table, from facts alone."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dsv.tables.digest.blocks import BLOCK_ROWS
from dsv.tables.facts.table_facts import Facts

ADDED = "added"
REMOVED = "removed"
MODIFIED = "modified"
RETYPED = "retyped"
MOVED = "moved"

_Place = tuple[str, int]
"""A column's name, and how many columns before it have the same name."""


class ColumnChange(NamedTuple):
    """What became of one column.

    Attributes:
        name: Its name.
        change: `ADDED`, `REMOVED`, `RETYPED`, `MODIFIED` (other values), or `MOVED` (same
            values in another place among the columns that both versions have).
        blocks: Of a modified column, how many blocks of 65,536 rows differ; None if unknown.
    """

    name: str
    change: str
    blocks: int | None = None


@dataclass(frozen=True, slots=True)
class TableChange:
    """What changed between two versions of a table.

    Attributes:
        rows_before: Rows of the older version.
        rows_after: Rows of the newer version.
        columns: The columns that changed: in the order of the newer version, then those removed.
        same_rows: Leading rows that are surely equal in all columns of both versions
            (whole blocks, or all rows); None if unknown.
    """

    rows_before: int
    rows_after: int
    columns: tuple[ColumnChange, ...]
    same_rows: int | None

    @property
    def end_only(self) -> bool:
        """Whether rows were appended, or cut off at the end, and nothing else is known to have changed."""
        return (
            self.rows_before != self.rows_after
            and self.same_rows == min(self.rows_before, self.rows_after)
            and all(column.change == MODIFIED for column in self.columns)
        )


def compare(before: Facts, after: Facts) -> TableChange:
    """Return what changed from `before` to `after`."""
    old, new = _places(before), _places(after)
    elsewhere = moved([place for place in old if place in new], [place for place in new if place in old])
    found: list[ColumnChange] = []
    leading: list[int | None] = []
    for place, i in new.items():
        if place not in old:
            found.append(ColumnChange(place[0], ADDED))
            continue
        one, other = before.columns[old[place]], after.columns[i]
        if one.type != other.type:
            found.append(ColumnChange(other.name, RETYPED))
            continue
        same, differing = _blocks(before, old[place], after, i)
        leading.append(same)
        if one.id != other.id:
            found.append(ColumnChange(other.name, MODIFIED, differing))
        elif place in elsewhere:
            found.append(ColumnChange(other.name, MOVED))
    found += [ColumnChange(place[0], REMOVED) for place in old if place not in new]
    return TableChange(before.rows, after.rows, tuple(found), _least(leading))


def _places(facts: Facts) -> dict[_Place, int]:
    seen: Counter[str] = Counter()
    places: dict[_Place, int] = {}
    for i, column in enumerate(facts.columns):
        places[column.name, seen[column.name]] = i
        seen[column.name] += 1
    return places


def moved(old: Sequence[_Place], new: Sequence[_Place]) -> set[_Place]:
    """Return the columns to take out so that the order of the others is as before.

    What stays is a longest increasing subsequence, by patience sorting.
    """
    rank: Mapping[_Place, int] = {place: i for i, place in enumerate(old)}
    tails: list[_Place] = []
    previous: dict[_Place, _Place | None] = {}
    for place in new:
        low, high = 0, len(tails)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if rank[tails[middle]] < rank[place] else (low, middle)
        previous[place] = tails[low - 1] if low else None
        tails[low : low + 1] = [place]
    return set(new) - set(_chain(tails[-1] if tails else None, previous))


def _chain(last: _Place | None, previous: Mapping[_Place, _Place | None]) -> Iterator[_Place]:
    while last is not None:
        yield last
        last = previous[last]


def _blocks(before: Facts, old: int, after: Facts, new: int) -> tuple[int | None, int | None]:
    """Return how many leading rows are surely equal, and how many blocks differ."""
    if before.columns[old].id == after.columns[new].id:
        return before.rows, 0
    if before.details is None or after.details is None:
        return None, None
    one = [block.digest for block in before.details.blocks[old]]
    other = [block.digest for block in after.details.blocks[new]]
    equal = [first == second for first, second in zip(one, other, strict=False)]
    leading = equal.index(False) if False in equal else len(equal)
    rows = min(leading * BLOCK_ROWS, before.rows, after.rows)
    return rows, equal.count(False) + abs(len(one) - len(other))


def _least(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return min(known) if known and len(known) == len(counts) else None
