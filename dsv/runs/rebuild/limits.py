"""How a run happened, and how long its replay may take."""

from enum import StrEnum
from typing import NamedTuple

from dsv.errors import DsvError
from dsv.ids import ObjectId
from dsv.model.attempt import Attempt
from dsv.records import origins
from dsv.store.repository import Repository

_FACTOR = 10
_LEAST = 60.0


class LimitOf(StrEnum):
    """Where a limit comes from."""

    NOTHING = "nothing"  # it is not known how long the run took
    USER = "user"
    LEAST = "least"  # more than ten times what was recorded
    RECORD = "record"  # ten times what was recorded


class Limit(NamedTuple):
    """When a command is ended.

    Attributes:
        seconds: After so many; None: never.
        of: Where that comes from.
    """

    seconds: float | None
    of: LimitOf


def attempt_of(repo: Repository, run: ObjectId) -> Attempt | None:
    """Return how `run` happened; None if that is not known here."""
    try:
        return origins.attempt(repo, repo.refs(), run)
    except DsvError:
        return None


def limit_of(attempt: Attempt | None, given: float | None = None) -> Limit:
    """Return how long a replay may take: ten times what was recorded, and at least a minute.

    Where it is not known how long the run took, there is no limit.

    Args:
        attempt: How the run happened; None if that is not known.
        given: What the user says, in seconds; it counts instead.
    """
    if given is not None:
        return Limit(given, LimitOf.USER)
    if attempt is None or attempt.claimed:
        return Limit(None, LimitOf.NOTHING)
    seconds = attempt.milliseconds / 1000 * _FACTOR
    if seconds <= _LEAST:
        return Limit(_LEAST, LimitOf.LEAST)
    return Limit(seconds, LimitOf.RECORD)
