"""What `verify` says of each dataset."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class VerdictStatus(StrEnum):
    """What became of one dataset. Append-only: scripts and CI rely on the words.

    A status is already measured by the policy: data that is the same table in other bytes is
    `DIFFERENT` where the policy asks for the bytes.
    """

    IDENTICAL = "identical"
    EQUAL = "equal"
    EQUAL_BUT_FOR_METADATA = "equal but for metadata"
    CLOSE = "close"
    RECORDED = "recorded"
    SOURCE = "source"
    DIFFERENT = "different"
    NONDETERMINISTIC = "nondeterministic"
    STALE = "stale"
    UNRECORDED = "unrecorded"
    FAILED = "failed"

    @property
    def good(self) -> bool:
        """Whether it lets `verify` succeed by itself; a policy can accept more (`Checked.good`)."""
        return self in _GOOD

    @property
    def meaning(self) -> str:
        """What it means, in a few words."""
        return _MEANINGS[self]


_GOOD = frozenset(
    {
        VerdictStatus.IDENTICAL,
        VerdictStatus.EQUAL,
        VerdictStatus.CLOSE,
        VerdictStatus.RECORDED,
        VerdictStatus.SOURCE,
    }
)

_MEANINGS = {
    VerdictStatus.IDENTICAL: "the same bytes",
    VerdictStatus.EQUAL: "the same table",
    VerdictStatus.EQUAL_BUT_FOR_METADATA: "the same table, and other metadata that carries meaning",
    VerdictStatus.CLOSE: "the same within its policy",
    VerdictStatus.RECORDED: "its record is complete and current",
    VerdictStatus.SOURCE: "raw data: nothing to verify",
    VerdictStatus.DIFFERENT: "the rebuild gave other data",
    VerdictStatus.NONDETERMINISTIC: "two rebuilds gave two results",
    VerdictStatus.STALE: "inputs, code or parameters have changed since",
    VerdictStatus.UNRECORDED: "no run that could be repeated made it",
    VerdictStatus.FAILED: "it could not be rebuilt",
}


LIKELY = "likely cause: "
"""What a detail starts with that names the likely cause."""

POSSIBLY = "possibly: "
"""What a detail starts with that names what nobody saw, and that is only read out of the code."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One dataset that was verified.

    Attributes:
        path: The dataset.
        status: What was found.
        policy: The policy that it was measured by, as `Policy.text` shows it.
        reason: One short line that says why the status is what it is; "" where it needs no reason.
        seconds: How long it took.
        details: More lines, from the most to the least telling; one that starts with `LIKELY` names the
            likely cause.
        accepted: Whether the policy accepts a status that is not good by itself.
        stale: Why the dataset is stale at the revision, whatever its replay gave; "" if it is not, or nobody looked.
        replayed: What its replay gave, where the status is what its record says; else None.
    """

    path: str
    status: VerdictStatus
    policy: str
    reason: str = ""
    seconds: float = 0.0
    details: tuple[str, ...] = ()
    accepted: bool = False
    stale: str = ""
    replayed: VerdictStatus | None = None

    @property
    def good(self) -> bool:
        """Whether it lets `verify` succeed."""
        return self.status.good or self.accepted

    @property
    def says(self) -> str:
        """The reason, and that the dataset is stale where its status is another; "" if there is neither."""
        also = f"stale: {self.stale}" if self.stale and self.status is not VerdictStatus.STALE else ""
        return "; ".join(filter(None, (self.reason, also)))

    @property
    def because(self) -> str:
        """What it says with the likely cause and a possible one, for where nobody reads the details."""
        causes = (
            next((line for line in self.details if line.startswith(sign)), "") for sign in (LIKELY, POSSIBLY)
        )
        return "; ".join(filter(None, (self.says, *causes)))


def all_good(checks: Iterable[Checked]) -> bool:
    """Return whether every dataset is at least what its policy demands."""
    return all(check.good for check in checks)


def counted(checks: Iterable[Checked]) -> dict[VerdictStatus, int]:
    """Return how many datasets have each status, in the order of `VerdictStatus`; none that nobody has."""
    found = [check.status for check in checks]
    return {status: found.count(status) for status in VerdictStatus if status in found}
