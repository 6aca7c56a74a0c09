"""What `verify` found: lines for a terminal, and a JSON document."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dsv.model.verdict import VerdictStatus
from dsv.render import replays, telling
from dsv.render.style import Style, printable
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.verify import Verified
    from dsv.runs.rebuild.checked_dataset import Checked

SHAPE = {
    "ok": "flag: whether every dataset is at least what its policy demands",
    "level": "hashes|last|raw",
    "commit": "id: whose datasets were verified",
    **replays.SHAPE,
    "datasets": [
        {
            "path": "path: of the dataset",
            "status": "|".join(VerdictStatus),
            "good": "flag: whether it is at least what its policy demands",
            "policy": "text: what had to be the same",
            "reason": "text: why the status is what it is; empty if it needs no reason",
            "seconds": "number: how long its run took",
            "details": ["text: more about it, the most telling first"],
            "stale": "text: why it is stale at that commit, whatever its replay gave; empty if it is not",
            "replayed": "text?: what its replay gave, where the status is what its record says",
        }
    ],
}


def document(found: "Verified", *, network: bool = False, allowed: Sequence[str] = ()) -> dict[str, object]:
    """Return the JSON document; `network` and `allowed` as `replays.record`."""
    return {
        "ok": found.ok,
        "level": found.level,
        "commit": found.commit,
        **replays.record(found, network=network, allowed=allowed),
        "datasets": [_record(check) for check in found.checks],
    }


def lines(found: "Verified", style: Style, *, whole: bool = False) -> Iterator[Telling]:
    """Yield what is said; `whole`: also of what is good."""
    from dsv.runs.rebuild.checked_dataset import counted

    yield from replays.surroundings(found, whole=whole)
    yield from _checks(found, style, whole=whole)
    counts = ", ".join(f"{number:,} {status}" for status, number in counted(found.checks).items())
    isolation = f", isolation: {found.isolation}" if found.isolation else ""
    yield telling.report(f"{counts or 'nothing to verify'} (level {found.level}{isolation})")
    if any(check.status is VerdictStatus.STALE for check in found.checks):
        yield telling.hint("dsv rerun")


def _checks(found: "Verified", style: Style, *, whole: bool) -> Iterator[Telling]:
    from dsv.render import verdict_words

    wide = max(
        (len(word) for check in found.checks for word in (check.status, check.replayed or "")), default=0
    )
    for check in found.checks:
        if check.replayed is not None:
            yield telling.line(f"{style.faint(check.replayed.ljust(wide))}  {printable(check.path)}")
        word = check.status.ljust(wide)
        paint = style.removed if not check.good else style.faint if _is_quiet(check) else style.added
        says = verdict_words.says(check)
        reason = f"  {printable(says)}" if says else ""
        yield telling.line(f"{paint(word)}  {printable(check.path)}{reason}")
        if not check.good or whole:
            for detail in verdict_words.details(check):
                yield telling.line(f"{'':{wide}}    {style.faint(printable(detail))}")


def _is_quiet(check: "Checked") -> bool:
    return check.status in (VerdictStatus.SOURCE, VerdictStatus.RECORDED)


def _record(check: "Checked") -> dict[str, object]:
    from dsv.render import verdict_words

    return {
        "path": check.path,
        "status": check.status,
        "good": check.good,
        "policy": check.policy,
        "reason": verdict_words.because(check),
        "seconds": round(check.seconds, 3),
        "details": list(verdict_words.details(check)),
        "stale": verdict_words.stale(check),
        "replayed": check.replayed,
    }
