"""Whether two tables are the same under a policy, and if not, what differs and where.

Row by row unless the policy says that order does not count: then rows are told by their
hashes (`dsv.tables.compare.unmatched`), and what is left is paired (`dsv.tables.compare.pairing`). Where order counts, a key
pairs what differs, so that one row more does not make all behind it differ. Nothing is
held but a few batches, one bit for each row that differs, and for rows that have no
counterpart what those modules say.
"""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from dsv.errors import NotFound, Refused
from dsv.model.policy import UNORDERED, Policy
from dsv.tables.compare.comparison import Comparison, Unmatched, Verdict
from dsv.tables.compare.pairing import Paired, pair
from dsv.tables.compare.sides import Columns, Shared, Side, groups_of, share, side_by_side, unlike_blocks
from dsv.tables.compare.tally import Tally
from dsv.tables.compare.unmatched import Surplus, described, sums, surplus
from dsv.tables.digest.table_id import threads
from dsv.tables.facts.table_facts import Facts
from dsv.tables.formats.reader import TableReader

Blocks = Collection[int] | None


class _Rows(NamedTuple):
    """Rows of the table before and of the table after."""

    before: int
    after: int


class _Task(NamedTuple):
    """What is compared, and how."""

    before: TableReader
    after: TableReader
    columns: Columns
    policy: Policy
    facts: tuple[Facts, Facts] | None
    explain: bool

    def sides(self) -> tuple[Side, Side]:
        """Return both tables with the columns that are compared, in the order of `columns.shared`."""
        shared = self.columns.shared
        return (
            Side(self.before, tuple(column.before for column in shared)),
            Side(self.after, tuple(column.after for column in shared)),
        )

    def unlike(self) -> Blocks:
        """Return the blocks that differ in any column, None if that is not known."""
        if self.facts is None or not self.columns.shared:
            return None
        found = unlike_blocks(self.columns.shared, *self.facts)
        if found is None:
            return None
        return frozenset().union(*found.values())


def compare(
    before: TableReader,
    after: TableReader,
    policy: Policy,
    facts: tuple[Facts, Facts] | None = None,
    *,
    explain: bool = True,
) -> Comparison:
    """Return whether two tables are the same under `policy`, and what differs.

    A policy that asks for the bytes is taken for one that asks for the table: whether the
    bytes are the same is known before tables are compared. Where columns are left out, or
    values differ within the tolerance, or only the order differs and may, the verdict is
    `CLOSE`. With different schemas it is `DIFFERENT`, and the columns of one name and type are compared.

    Args:
        before: The table as it was recorded.
        after: The table as it came out now.
        policy: What has to be the same.
        facts: Facts of both. They spare the reading of what they say is equal, so they must have been computed
            from verified bytes; with the digests of blocks, single blocks are spared too.
        explain: Whether to find out more of tables that are different: whether the same
            rows are there in another order, which rows only one side has.

    Raises:
        NoTable: A table is damaged, or has a column of a type that dsv does not compare.
        Refused: Order does not count, a tolerance is given, and more rows than can be held in
            memory have no exact counterpart.
        NotFound: The key of the policy names a column that neither side has.
    """
    if facts is not None and facts[0].table == facts[1].table:
        return Comparison(Verdict.EQUAL, facts[0].rows, facts[1].rows, compared=facts[0].rows)
    for name in policy.key:
        if name not in before.schema.names and name not in after.schema.names:
            raise NotFound(f"the key of the policy names a column {name!r} that there is not")
    columns = share(before, after, policy.ignore_columns)
    task = _Task(before, after, columns, policy, facts, explain)
    return _unordered(task) if policy.kind == UNORDERED else _row_by_row(task)


def _row_by_row(task: _Task) -> Comparison:
    tally = Tally(task.columns.shared, task.policy.tolerance)
    rows = _scan(task, tally)
    found, differing = tally.columns(), tally.rows
    same = not found and rows.before == rows.after and not task.columns.changes
    unmatched, paired = None, None
    if task.explain and (differing > 1 or rows.before != rows.after):
        sets = _multisets(task)
        unmatched = sets.unmatched
        if task.policy.key and not same:
            paired = _paired(task, sets)
    return Comparison(
        verdict=_verdict(task, same=same, plain=not tally.accepted),
        rows_before=rows.before,
        rows_after=rows.after,
        schema=task.columns.changes,
        columns=found if paired is None else paired.columns,
        rows=differing if paired is None else paired.rows,
        compared=min(rows) if paired is None else paired.compared,
        accepted=tally.accepted,
        error=tally.error,
        unmatched=unmatched,
        ignored=task.columns.ignored,
    )


def _scan(task: _Task, tally: Tally) -> _Rows:
    """Compare all rows in order; return how many there are."""
    shared: list[Shared] = list(task.columns.shared)
    wanted: Blocks = None
    known = _known_rows(task)
    if task.facts is not None:
        shared = [
            column
            for column in shared
            if task.facts[0].columns[column.before].id != task.facts[1].columns[column.after].id
        ]
        found = unlike_blocks(shared, *task.facts)
        if found is not None:
            wanted = frozenset().union(*found.values())
        if not shared:
            return _Rows(task.facts[0].rows, task.facts[1].rows)
    if not shared and known is not None:
        return known
    rows = _Rows(0, 0)
    with ThreadPoolExecutor(threads()) as pool:
        for group in groups_of(task.before, task.after, shared) if shared else [[]]:
            rows = _scan_group(task, pool, tally, group, wanted, known)
    return known or rows


def _scan_group(
    task: _Task,
    pool: ThreadPoolExecutor,
    tally: Tally,
    group: list[Shared],
    wanted: Blocks,
    known: _Rows | None,
) -> _Rows:
    """Compare some columns of all rows in order; return how many rows of each side were seen.

    Args:
        task: What is compared.
        pool: Where columns are compared side by side.
        tally: What differs so far.
        group: The columns, which can be read at once.
        wanted: Blocks to look at, None for all.
        known: How many rows there are, if facts or files say so: then rows of one side alone are not read.
    """
    one = Side(task.before, tuple(column.before for column in group))
    other = Side(task.after, tuple(column.after for column in group))
    old = new = 0
    for start, before, after in side_by_side(one, other, wanted):
        if before is not None and after is not None:
            tally.update(pool, group, start, before.columns, after.columns)
        elif known is not None:
            break
        old = old if before is None else start + before.num_rows
        new = new if after is None else start + after.num_rows
    return _Rows(old, new)


def _unordered(task: _Task) -> Comparison:
    found = _multisets(task)
    rows, unmatched, tolerance = found.rows, found.unmatched, task.policy.tolerance
    paired: Paired | None = None
    if not unmatched.none and (task.explain or tolerance):
        paired = _paired(task, found)
        if paired is None and tolerance:
            raise Refused(
                "too many rows have no exact counterpart to compare them unordered with a tolerance",
                hint='sort the output, and use policy = "table" with the tolerance',
            )
    if paired is not None and tolerance:
        unmatched = paired.unmatched
    same = unmatched.none and not task.columns.changes
    return Comparison(
        verdict=_verdict(task, same=same, plain=found.in_order),
        rows_before=rows.before,
        rows_after=rows.after,
        schema=task.columns.changes,
        columns=() if paired is None else paired.columns,
        rows=0 if paired is None else paired.rows,
        compared=0 if paired is None else paired.compared,
        accepted=0 if paired is None else paired.accepted,
        error=0.0 if paired is None else paired.error,
        unmatched=unmatched,
        ignored=task.columns.ignored,
    )


def _paired(task: _Task, found: "_Multisets") -> Paired | None:
    """Pair the rows that have no equal; None if there are none, or too many to tell or to hold."""
    if found.left is None:
        return None
    before, after = task.sides()
    return pair(before, after, task.columns.shared, task.policy, task.unlike(), found.left)


class _Multisets(NamedTuple):
    """Both tables as multisets of rows.

    Attributes:
        rows: How many rows there are.
        in_order: Whether they are the same rows in the same order.
        unmatched: What is left over.
        left: The rows that are left over; None if there are none, or too many rows to tell.
    """

    rows: _Rows
    in_order: bool
    unmatched: Unmatched
    left: Surplus | None


def _multisets(task: _Task) -> _Multisets:
    """Return both tables as multisets: equal sums mean the same rows, in one order or in another."""
    shared, wanted = task.columns.shared, task.unlike()
    before, after = task.sides()
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda side: sums(side, shared, wanted), (before, after))
    rows = _Rows(one.rows, other.rows)
    if task.facts is not None:
        rows = _Rows(task.facts[0].rows, task.facts[1].rows)
    if one.rows == other.rows and one.unordered == other.unordered:
        return _Multisets(rows, one.ordered == other.ordered, Unmatched(0, 0), None)
    left = surplus(before, after, shared, wanted, (one, other))
    return _Multisets(rows, False, described(before, after, shared, wanted, left), left)


def _verdict(task: _Task, *, same: bool, plain: bool) -> Verdict:
    if not same:
        return Verdict.DIFFERENT
    return Verdict.EQUAL if plain and not task.columns.ignored else Verdict.CLOSE


def _known_rows(task: _Task) -> _Rows | None:
    if task.facts is not None:
        return _Rows(task.facts[0].rows, task.facts[1].rows)
    before, after = task.before.rows, task.after.rows
    return None if before is None or after is None else _Rows(before, after)
