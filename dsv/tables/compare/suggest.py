"""What the kind of difference between two tables suggests as its cause, as a value."""

import math

from dsv.model.policy import UNORDERED, Policy
from dsv.tables.compare.comparison import ColumnDifference, Comparison, Verdict
from dsv.tables.compare.suggestion import Suggested, Suggestion

_TIMES = ("timestamp", "date", "time[")

SUMMATION = 1e-4
"""Floating-point differences up to this are likely rounding: sums taken in another order."""


def suggestion(found: Comparison, policy: Policy, *, guess: bool = True) -> Suggestion | None:
    """Return what the difference looks like; None if it looks like nothing in particular.

    Args:
        found: What differs.
        policy: What was asked for.
        guess: Whether to guess at causes that only the code can tell.
    """
    if found.verdict is not Verdict.DIFFERENT or found.schema:
        return None
    if found.reordered:
        return Suggestion(Suggested.ORDER)
    if found.rows_before == found.rows_after or policy.kind == UNORDERED:
        tolerance = tolerance_for(found)
        if tolerance is not None and _all_paired(found, policy):
            return Suggestion(Suggested.ROUNDING, tolerance=tolerance)
    times = [column for column in found.columns if column.type.startswith(_TIMES)]
    if times and len(times) == len(found.columns):
        return Suggestion(Suggested.TIMES, tuple(column.name for column in times))
    whole = whole_columns(found)
    if whole and guess:
        return Suggestion(Suggested.RANDOM, tuple(column.name for column in whole))
    return None


def tolerance_for(found: Comparison) -> float | None:
    """Return a tolerance that would accept all cells that differ, None if none that is small would.

    It is a power of ten of at most `SUMMATION`.
    """
    errors = [column.error for column in found.columns]
    if not errors or any(error is None for error in errors):
        return None
    worst = max(error for error in errors if error is not None)
    if worst > SUMMATION:
        return None
    return 10.0 ** math.ceil(math.log10(max(worst, 1e-15)))


def whole_columns(found: Comparison) -> list[ColumnDifference]:
    """Return the columns in which every value differs."""
    if found.rows_before != found.rows_after:
        return []
    return [column for column in found.columns if column.cells == found.compared > 1]


def _all_paired(found: Comparison, policy: Policy) -> bool:
    """Return whether the cells that differ are all that differs."""
    if policy.kind != UNORDERED:
        return True
    left = found.unmatched
    return left is not None and left.before == left.after and (left.before or 0) <= found.compared
