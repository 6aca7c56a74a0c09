"""What was pulled: lines for a terminal, and a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.ids import short
from dsv.render import moved, setbacks, telling, traffic
from dsv.render.style import Style, counted
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.pull import PullResult

SHAPE = {
    "remote": "text: where from",
    "branch": "text?: the branch that HEAD is on; null if detached",
    "before": "id?: the commit of HEAD before",
    "head": "id?: the commit of HEAD now",
    **moved.SHAPE,
    "absent": ["path: of a dataset that is not here by choice"],
    "setback": setbacks.SHAPE,
    "traffic": traffic.SHAPE,
}


def document(result: "PullResult") -> dict[str, object]:
    """Return the JSON document."""
    return {
        "remote": result.remote,
        "branch": result.branch,
        "before": result.before,
        "head": result.commit,
        **moved.record(result.moved),
        "absent": list(result.absent),
        "setback": result.setback,
        "traffic": traffic.record(result.traffic),
    }


def lines(result: "PullResult", style: Style) -> Iterator[Telling]:
    """Yield what is said."""
    found = result.moved
    yield from setbacks.lines(result.remote, setback=result.setback)
    if found is not None:
        yield from moved.lines(found, style)
    if result.commit is not None and result.commit != result.before:
        was = f"{style.id(short(result.before))} -> " if result.before else ""
        yield telling.report(f"{style.name(result.branch or 'HEAD')}  {was}{style.id(short(result.commit))}")
    elif found is None or not (found.written or found.removed):
        yield telling.report("nothing to bring")
    yield telling.report(f"pulled {traffic.received(result.traffic)}")
    if result.absent:
        yield telling.report(f"{counted(len(result.absent), 'dataset')} absent")
        yield telling.hint("dsv pull . brings the data of all of them, dsv pull PATH of one")
