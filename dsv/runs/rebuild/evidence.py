"""Why a dataset has the status that `verify` gives it, as values; `dsv.render.evidence_words` puts them into words."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from dsv.ids import ObjectId
from dsv.model.verdict import VerdictStatus
from dsv.runs.rebuild.cause import Cause
from dsv.runs.rebuild.limits import Limit
from dsv.runs.stale.stale_reasons import Reasons

if TYPE_CHECKING:
    from dsv.model.policy import Policy
    from dsv.tables.compare.comparison import Comparison
    from dsv.tables.values.metadata import SaidOtherwise


class Remark(StrEnum):
    """What needs nothing besides to be told."""

    OTHER_BYTES = "other bytes"
    ONLY_AFTER = "only after"  # a table that only the rebuild has
    ONLY_BEFORE = "only before"  # a table that only the recorded data has
    NOT_WRITTEN = "not written"
    WRITTEN_ONCE = "written once"  # by one of two replays
    NOT_YET = "not yet"  # it waits for its turn
    METADATA_DIFFERS = "metadata differs"  # by its id: the recorded bytes are not here
    METADATA_PASSED_OVER = "metadata passed over"  # likewise, and the policy does not ask
    METADATA_UNKNOWN = "metadata unknown"  # nothing is recorded of it, and the bytes are not here
    MASKED = "masked"  # a secret in its command was not recorded
    IN_SESSION = "in session"  # it ran in a notebook, or the like
    DELETED = "deleted"  # from the workspace
    NOT_COMMITTED = "not committed"  # what the workspace holds


@dataclass(frozen=True, slots=True)
class Quoted:
    """What an error says, with more lines."""

    text: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lost:
    """The record that data came from is not here, or did not give it."""

    origin: ObjectId


@dataclass(frozen=True, slots=True)
class Edited:
    """Data was edited by hand after a run gave it."""

    run: ObjectId


@dataclass(frozen=True, slots=True)
class KindDiffers:
    """The same content is a file on one side and a folder on the other, or the like."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SizeDiffers:
    """Other bytes: how many, or how many files if it is a folder on both sides."""

    before: int
    after: int
    files: bool = False


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """What differs is no table, so that a policy for tables cannot be applied."""

    found: "KindDiffers | SizeDiffers"
    policy: str


@dataclass(frozen=True, slots=True)
class NoTableThere:
    """One side is no table; `recorded` tells which."""

    problem: str
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class OtherTable:
    """Another table, by its id alone: the recorded bytes are not here; its rows then are None if not known."""

    before: ObjectId
    after: ObjectId
    rows_before: int | None
    rows_after: int


@dataclass(frozen=True, slots=True)
class Untold:
    """Another table, and whether it is within its policy cannot be told: the recorded bytes are not here."""

    policy: str


@dataclass(frozen=True, slots=True)
class Compared:
    """What two tables have in common, and what not."""

    found: "Comparison"
    policy: "Policy"


@dataclass(frozen=True, slots=True)
class NotComparable:
    """Two tables that cannot be compared, and what the reader of one says."""

    problem: str


class TablePart(NamedTuple):
    """One table of a folder of several, and what is found of it."""

    name: str
    found: "Evidence | None"


@dataclass(frozen=True, slots=True)
class TablesDiffer:
    """Some of `count` tables of a folder differ; rows are those of all tables together."""

    parts: tuple[TablePart, ...]
    count: int
    rows_before: int
    rows_after: int


@dataclass(frozen=True, slots=True)
class OneTable:
    """One table of a folder of several could not be compared."""

    part: TablePart


@dataclass(frozen=True, slots=True)
class TablesAlike:
    """All tables are as their policy asks; `renamed` if their files have other names."""

    found: tuple["Evidence", ...]
    renamed: bool = False


@dataclass(frozen=True, slots=True)
class MetadataDiffers:
    """What is said beside the values differs.

    Attributes:
        differs: What does.
        ignored: Whether the policy accepts it.
        beside: What else is found of a table that is close; None if it is equal.
    """

    differs: "SaidOtherwise"
    ignored: bool
    beside: "Evidence | None" = None


@dataclass(frozen=True, slots=True)
class UnknownMetadata:
    """Metadata of which nobody knows whether it carries meaning, by name, and what else is found."""

    names: tuple[str, ...]
    beside: "Evidence | None" = None


@dataclass(frozen=True, slots=True)
class TwoReplays:
    """Two replays gave two results, which differ like this."""

    found: "Evidence | None"


@dataclass(frozen=True, slots=True)
class Failure:
    """A command failed.

    Attributes:
        causes: What may be why, the likeliest first; there is one at least.
        tail: The last lines of its output.
    """

    causes: tuple[Cause, ...]
    tail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TimedOut:
    """A command was ended after so long; with the last lines of its output."""

    limit: Limit
    tail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """What is wrong with an output, and what may be why.

    Attributes:
        found: What is wrong.
        causes: What may be why, the likeliest first.
        as_recorded: Whether nothing is known to be other than it was recorded.
        once: Whether a second replay would tell more.
    """

    found: "Evidence | None"
    causes: tuple[Cause, ...]
    as_recorded: bool
    once: bool


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """What a run gave that was replayed on inputs that are only like the recorded ones: it proves nothing.

    Attributes:
        inputs: The paths of these inputs, and what they are beside the recorded ones.
        status: What its output would be.
        found: Why.
    """

    inputs: tuple[tuple[str, VerdictStatus], ...]
    status: VerdictStatus
    found: "Evidence | None"


@dataclass(frozen=True, slots=True)
class NotRebuilt:
    """A run was not replayed, as what it is made from could not be.

    Attributes:
        root: The dataset that could not be.
        status: What that is.
        found: Why.
        own_input: Its own input that is missing; "" where chains are told from what they began with.
    """

    root: str
    status: VerdictStatus
    found: "Evidence | None"
    own_input: str = ""


Evidence = (
    Remark
    | Quoted
    | Lost
    | Edited
    | Reasons
    | KindDiffers
    | SizeDiffers
    | Unmeasured
    | NoTableThere
    | OtherTable
    | Untold
    | Compared
    | NotComparable
    | TablesDiffer
    | OneTable
    | TablesAlike
    | MetadataDiffers
    | UnknownMetadata
    | TwoReplays
    | Failure
    | TimedOut
    | Explained
    | MadeFrom
    | NotRebuilt
)


def explained(found: Evidence | None) -> Explained | None:
    """Return what names the likely causes, which may be of what a dataset is made from; None if nothing does."""
    if isinstance(found, Explained):
        return found
    if isinstance(found, MadeFrom) or (isinstance(found, NotRebuilt) and not found.own_input):
        return explained(found.found)
    return None
