"""One dataset that was verified: the one value that the terminal, JSON, JUnit and GitHub are made from."""

from collections.abc import Iterable
from dataclasses import dataclass

from dsv.model.verdict import VerdictStatus
from dsv.runs.rebuild.cause import Cause
from dsv.runs.rebuild.evidence import Evidence, Failure, explained
from dsv.runs.stale.stale_reasons import Reasons


@dataclass(frozen=True, slots=True)
class Checked:
    """One dataset that was verified.

    Attributes:
        path: The dataset.
        status: What was found.
        policy: The policy that it was measured by, as `Policy.text` shows it.
        evidence: Why the status is what it is; None where it needs no reason.
        seconds: How long it took.
        accepted: Whether the policy accepts a status that is not good by itself.
        stale: Why the dataset is stale at the revision, whatever its replay gave; None if it is not, or nobody looked.
        replayed: What its replay gave, where the status is what its record says; else None.
    """

    path: str
    status: VerdictStatus
    policy: str
    evidence: Evidence | None = None
    seconds: float = 0.0
    accepted: bool = False
    stale: Reasons | None = None
    replayed: VerdictStatus | None = None

    @property
    def good(self) -> bool:
        """Whether it lets `verify` succeed."""
        return self.status.good or self.accepted

    @property
    def causes(self) -> tuple[Cause, ...]:
        """What may be why it failed or is another, the likeliest first."""
        if isinstance(self.evidence, Failure):
            return self.evidence.causes
        found = explained(self.evidence)
        return () if found is None else found.causes


def all_good(checks: Iterable[Checked]) -> bool:
    """Return whether every dataset is at least what its policy demands."""
    return all(check.good for check in checks)


def counted(checks: Iterable[Checked]) -> dict[VerdictStatus, int]:
    """Return how many datasets have each status, in the order of `VerdictStatus`; none that nobody has."""
    found = [check.status for check in checks]
    return {status: found.count(status) for status in VerdictStatus if status in found}
