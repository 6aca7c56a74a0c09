"""What `verify` says of one dataset, in words: the same for the terminal, JSON, JUnit and GitHub."""

from dsv.model.verdict import VerdictStatus
from dsv.render import evidence_words, stale_words
from dsv.runs.rebuild.checked_dataset import Checked


def reason(check: Checked) -> str:
    """Return in one short line why the status is what it is; "" where it needs no reason."""
    return evidence_words.reason(check.evidence)


def details(check: Checked) -> tuple[str, ...]:
    """Return more lines, from the most to the least telling."""
    return evidence_words.details(check.evidence)


def stale(check: Checked) -> str:
    """Return why the dataset is stale at the revision; "" if it is not."""
    return "" if check.stale is None else stale_words.text(check.stale)


def says(check: Checked) -> str:
    """Return the reason, and that the dataset is stale where its status is another; "" if there is neither."""
    why = "" if check.status is VerdictStatus.STALE else stale(check)
    return "; ".join(filter(None, (reason(check), why and f"stale: {why}")))


def because(check: Checked) -> str:
    """Return what it says with the likely cause and a possible one, for where nobody reads the details."""
    return "; ".join(filter(None, (says(check), *evidence_words.likely(check.evidence))))
