"""What a difference between two tables looks like, as a value that is read without any table."""

from enum import StrEnum
from typing import NamedTuple


class Suggested(StrEnum):
    """What a difference looks like."""

    ORDER = "order"  # the same rows in another order
    ROUNDING = "rounding"  # floating-point values differ, and little
    TIMES = "times"  # only times differ
    RANDOM = "random"  # every value of a column differs


class Suggestion(NamedTuple):
    """What the difference between two tables looks like.

    Attributes:
        kind: What it looks like.
        columns: The names of the columns that say so, escaped; none for `ORDER` and `ROUNDING`.
        tolerance: For `ROUNDING`, one that would accept it; else 0.
    """

    kind: Suggested
    columns: tuple[str, ...] = ()
    tolerance: float = 0.0
