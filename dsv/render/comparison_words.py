"""A comparison of tables in words: one line that says what differs, lines that say more, and likely causes."""

from collections.abc import Iterator, Sequence

from dsv.model.policy import UNORDERED, Policy
from dsv.tables.compare.comparison import Cell, Comparison, LoneRow, Verdict
from dsv.tables.compare.suggest import suggestion, whole_columns
from dsv.tables.compare.suggestion import Suggested, Suggestion
from dsv.tables.facts.table_changes import ADDED, MOVED, REMOVED, RETYPED, ColumnChange
from dsv.tables.formats.preview import WIDTH, escape
from dsv.tables.values.metadata import SaidOtherwise as MetadataDifference

_NAMED = 5
"""Columns that are named; more are counted."""

_SCHEMA = {ADDED: "new", REMOVED: "missing", RETYPED: "of another type", MOVED: "in another place"}


def reason(found: Comparison, policy: Policy) -> str:
    """Return in one line why the verdict is what it is; "" if the tables are equal."""
    if found.verdict is Verdict.EQUAL:
        return ""
    if found.verdict is Verdict.CLOSE:
        return "; ".join(_accepted(found, policy))
    if found.schema:
        return "other columns: " + _schema(found.schema)
    if found.reordered:
        return "same rows in another order"
    if found.rows_before != found.rows_after:
        return f"{found.rows_before:,} rows before, {found.rows_after:,} after"
    if found.first is not None:
        cells, rows = _count(found.cells, "cell"), _count(found.rows, "row")
        return f"{cells} in {rows} {_verb(found.cells)}, first {_cell(found.first)}"
    if found.unmatched is not None and found.unmatched.before is not None:
        return f"{_count(found.unmatched.before, 'row')} of {found.rows_before:,} without a counterpart"
    return "other rows"


def details(found: Comparison, policy: Policy, *, guess: bool = True) -> tuple[str, ...]:
    """Return what differs, line by line, and last what may have caused it; nothing if nothing differs.

    Args:
        found: What differs.
        policy: What was asked for.
        guess: Whether to guess at causes that only the code can tell.
    """
    if found.verdict is not Verdict.DIFFERENT:
        return ()
    rows = f"rows: {found.rows_before:,} before, {found.rows_after:,} after"
    first = () if found.first is None else (f"first difference: {_cell(found.first)}",)
    return (
        rows,
        *_columns(found),
        *first,
        *_more(found, guess=guess),
        *causes(found, policy, guess=guess),
    )


def details_beside_reason(found: Comparison) -> tuple[str, ...]:
    """Return what differs, line by line, without what `reason` says already, and without any cause."""
    if found.verdict is not Verdict.DIFFERENT:
        return ()
    plain = not found.schema and not found.reordered
    counted = plain and found.rows_before != found.rows_after
    rows = () if counted else (f"rows: {found.rows_before:,} before, {found.rows_after:,} after",)
    told = found.first is None or (plain and not counted)
    first = () if told or found.first is None else (f"first difference: {_cell(found.first)}",)
    return (*rows, *_columns(found), *first, *_more(found, guess=False))


def causes(found: Comparison, policy: Policy, *, guess: bool = True) -> tuple[str, ...]:
    """Return what may have caused the difference, and which policy would accept it; `guess` as in `details`."""
    one = suggestion(found, policy, guess=guess)
    return () if one is None else (suggested(one),)


def suggested(one: Suggestion) -> str:
    """Return in a clause what a difference looks like, and which policy would accept it."""
    match one.kind:
        case Suggested.ORDER:
            return 'row order differs: threads, or unsorted input; policy = "unordered" accepts it'
        case Suggested.ROUNDING:
            return (
                "only floating-point values differ, and little: sums taken in another order?; "
                f"tolerance = {one.tolerance:g} accepts it"
            )
        case Suggested.TIMES:
            return f"only times differ ({_listed(one.columns)}): the clock?; ignore_columns leaves them out"
        case Suggested.RANDOM:
            names = _listed(one.columns)
            return f"every value of {names} differs: a random number without a seed, or a clock?"


def metadata(found: MetadataDifference) -> str:
    """Return which piece of metadata differs, and how: `features.label.names[0]: "neg" before, "pos" after`."""
    before, after = (None if text is None else _piece(text) for text in (found.before, found.after))
    place = escape(found.place)
    if before == after and before is not None:
        return f"{place} differs"
    if before is None:
        return f"{place} is new: {after}"
    return (
        f"{place} is missing: it was {before}"
        if after is None
        else f"{place}: {before} before, {after} after"
    )


def _columns(found: Comparison) -> Iterator[str]:
    if found.schema:
        yield f"columns: {_schema(found.schema)}"


def _more(found: Comparison, *, guess: bool) -> Iterator[str]:
    if found.first is not None:
        yield (
            f"{_count(found.cells, 'cell')} in {_count(found.rows, 'row')} of {found.compared:,} {_verb(found.cells)}: "
            + _listed([f"{column.name} ({column.cells:,})" for column in found.columns])
        )
    yield from _left_over(found)
    if found.ignored:
        yield f"not compared: {_listed([escape(name) for name in found.ignored])}"
    whole = whole_columns(found)
    if whole and not guess:
        yield f"every value of {_listed([column.name for column in whole])} differs"


def _accepted(found: Comparison, policy: Policy) -> Iterator[str]:
    if policy.kind == UNORDERED:
        yield "same rows in any order"
    if found.accepted:
        count = _count(found.accepted, "cell")
        yield f"{count} {_verb(found.accepted)} by at most {found.error:.2g} (tolerance {policy.tolerance:g})"
    if found.ignored:
        yield f"without {_listed([escape(name) for name in found.ignored])}"


def _left_over(found: Comparison) -> Iterator[str]:
    left = found.unmatched
    if left is None or found.reordered:
        return
    if left.before is None or left.after is None:
        yield "too many rows to count those without a counterpart"
    elif left.none:
        yield "in the columns that both have, the rows are the same"
    else:
        yield f"whatever the order: {left.before:,} rows only before, {left.after:,} only after"
        yield from (
            _row(row, side) for row, side in ((left.row_before, "before"), (left.row_after, "after")) if row
        )


def _row(row: LoneRow, side: str) -> str:
    cells = ", ".join(f"{name}={value}" for name, value in row.cells)
    return f"only {side}, row {row.number:,}: {cells}"


def _piece(text: str) -> str:
    return escape(text if len(text) <= WIDTH else f"{text[:WIDTH]}…")


def _cell(cell: Cell) -> str:
    return f"{cell.column}, row {cell.row:,}: {cell.before} before, {cell.after} after"


def _schema(changes: Sequence[ColumnChange]) -> str:
    parts = []
    for change, words in _SCHEMA.items():
        names = [escape(column.name) for column in changes if column.change == change]
        if names:
            parts.append(f"{_listed(names)} {words}")
    return "; ".join(parts)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _verb(number: int) -> str:
    return "differs" if number == 1 else "differ"
