"""What a rebuild came to: lines for a terminal, and a JSON document."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dsv.ids import short
from dsv.model.verdict import VerdictStatus
from dsv.render import replays, telling
from dsv.render.statuses import MEANINGS
from dsv.render.style import Style, counted, printable
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.rebuild import RebuildResult

SHAPE = {
    "ok": "flag: whether the result is as its policy asks, and where it was wanted",
    "path": "path: of the dataset",
    "status": "|".join(VerdictStatus),
    "policy": "text: what had to be the same",
    "reason": "text: why the status is what it is; empty if it needs no reason",
    "details": ["text: more about it"],
    "run": "id: the run that gave it",
    "runs": "int: how many runs were replayed",
    "place": "text?: where the result is; null if there is none",
    "written": "flag: whether it is where it was wanted, and not in .dsv/tmp",
    **replays.SHAPE,
}


def document(
    found: "RebuildResult", *, network: bool = False, allowed: Sequence[str] = ()
) -> dict[str, object]:
    """Return the JSON document; `network` and `allowed` as `replays.record`."""
    from dsv.render import verdict_words

    check = found.check
    return {
        "ok": found.ok,
        "path": check.path,
        "status": check.status,
        "policy": check.policy,
        "reason": verdict_words.because(check),
        "details": list(verdict_words.details(check)),
        "run": found.run,
        "runs": found.runs,
        "place": None if found.place is None else str(found.place),
        "written": found.written,
        **replays.record(found, network=network, allowed=allowed),
    }


def lines(found: "RebuildResult", style: Style, *, whole: bool = False) -> Iterator[Telling]:
    """Yield what is said; `whole`: also of what is good."""
    from dsv.render import verdict_words

    check = found.check
    yield from replays.surroundings(found, whole=whole)
    paint = style.added if check.good else style.removed
    why = verdict_words.reason(check)
    reason = f"  {printable(why)}" if why else ""
    yield telling.line(f"{paint(check.status)}  {printable(check.path)}{reason}")
    if not check.good or whole:
        for detail in verdict_words.details(check):
            yield telling.line(f"    {style.faint(printable(detail))}")
    if found.replaced:
        yield telling.report(f"written   {printable(check.path)}")
        yield telling.hint(f"dsv restore {check.path} (brings back the version that was there)")
    if found.kept_out is not None:
        why = MEANINGS[found.kept_out] if isinstance(found.kept_out, VerdictStatus) else found.kept_out.text
        yield telling.note(f"{check.path} was not written: {why}")
    if found.place is not None and not found.written:
        yield telling.note(f"the result is in {found.place}")
    isolation = f", isolation: {found.isolation}" if found.isolation else ""
    yield telling.report(
        f"run {style.id(short(found.run))}, {counted(found.runs, 'run')} replayed{isolation}"
    )
