"""What `verify` says of each dataset, in one word."""

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


_GOOD = frozenset(
    {
        VerdictStatus.IDENTICAL,
        VerdictStatus.EQUAL,
        VerdictStatus.CLOSE,
        VerdictStatus.RECORDED,
        VerdictStatus.SOURCE,
    }
)
