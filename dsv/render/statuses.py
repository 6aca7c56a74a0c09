"""What the statuses of `verify` mean."""

from dsv.model.verdict import VerdictStatus

MEANINGS = {
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
"""What each status means, in a few words."""
