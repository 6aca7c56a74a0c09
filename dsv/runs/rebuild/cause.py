"""What may have made a replay fail or give other data, as values; `dsv.render.cause_words` puts them into words."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:  # a check of hashes compares no tables and reads no code
    from dsv.runs.differences import Circumstance
    from dsv.runs.rebuild.code_traces import Trace
    from dsv.tables.compare.suggestion import Suggestion


class Weight(IntEnum):
    """How much is known. What is more certain is told first."""

    POSSIBLE = 0  # read out of source text; nobody saw it happen
    SUGGESTED = 1  # what the difference in the data looks like
    CHANGED = 2  # not as it was recorded, whether the command used it or not
    SAID = 3  # the command said so
    SEEN = 4  # it was seen to happen


class CauseKind(StrEnum):
    """What kind of cause. Of one weight the earlier ones are told first."""

    WITHHELD = "withheld"
    STATE = "state"
    MISSED = "missed"
    EMPTY = "empty"
    APPEARED = "appeared"
    OUTSIDE = "outside"
    ABSOLUTE = "absolute"
    UNRECORDED = "unrecorded"
    LISTING = "listing"
    MADE = "made"
    MODULE = "module"
    PROGRAM = "program"
    VARIABLE = "variable"
    UNSET = "unset"
    PACKAGE = "package"
    NETWORK = "network"
    DATA = "data"
    MEMORY = "memory"
    ENDED = "ended"
    CODE = "code"


_ORDER = {kind: place for place, kind in enumerate(CauseKind)}


class Manner(StrEnum):
    """How something was missed or used, where there is more than one way."""

    OPENED = "opened"  # and not only looked for
    READ_BEFORE = "read before"  # when it was recorded; nobody saw what happened now
    IN_WORKSPACE = "in workspace"  # and not recorded
    CHANGED = "changed"  # it is not here as it was recorded
    USED = "used"  # the command says so
    REFUSED = "refused"  # a replay does not allow it


class MoreNames(NamedTuple):
    """Names that a folder holds beside those that are known of it, sorted."""

    names: tuple[str, ...]


Detail: TypeAlias = "Manner | MoreNames | Suggestion | Circumstance | Trace"
"""What more is known of a cause: for some kinds how, for others the value that it stands for."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that may have been the cause.

    Attributes:
        kind: What kind of thing.
        subject: What it is about: a path, an address, the name of a package, an exit code; "" if `detail` says all.
        before: What there was when it was recorded; None if nothing, or it does not matter.
        after: What there is now; likewise.
        weight: How much is known.
        detail: What more is known; None if nothing.
    """

    kind: CauseKind
    subject: str
    before: str | None = None
    after: str | None = None
    weight: Weight = Weight.SEEN
    detail: "Detail | None" = None


def ranked(causes: Iterable[Cause]) -> list[Cause]:
    """Return causes, each once, the most certain first; those of one rank in the order in which they came."""
    return sorted(dict.fromkeys(causes), key=lambda one: (-one.weight, _ORDER[one.kind]))
