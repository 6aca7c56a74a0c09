"""What came from a remote: lines for a terminal, and a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.ids import short
from dsv.render import setbacks, telling, traffic
from dsv.render.style import Style, counted
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.fetch import FetchResult

SHAPE = {
    "remote": "text: where from",
    "branches": [
        {
            "name": "text: a branch of the remote that is new or moved, as `REMOTE/BRANCH` here",
            "before": "id?: what it was when last seen",
            "after": "id: what it is",
        }
    ],
    "gone": ["text: a branch that the remote has no more"],
    "tags": ["text: a tag that is new here"],
    "kept": ["text: a tag that is another commit here than there; it stays"],
    "objects": "int: how many records came",
    "setback": setbacks.SHAPE,
    "traffic": traffic.SHAPE,
}


def document(result: "FetchResult") -> dict[str, object]:
    """Return the JSON document."""
    found = result.fetched
    return {
        "remote": result.remote,
        "branches": [
            {"name": name, "before": before, "after": after}
            for name, (before, after) in sorted(found.branches.items())
        ],
        "gone": list(found.gone),
        "tags": list(found.tags),
        "kept": list(found.kept),
        "objects": found.objects,
        "setback": result.setback,
        "traffic": traffic.record(result.traffic),
    }


def lines(result: "FetchResult", style: Style) -> Iterator[Telling]:
    """Yield what is said."""
    found = result.fetched
    yield from setbacks.lines(result.remote, setback=result.setback)
    for name, (before, after) in sorted(found.branches.items()):
        was = f"{style.id(short(before))} -> " if before else "new "
        yield telling.report(f"{style.name(f'{result.remote}/{name}')}  {was}{style.id(short(after))}")
    for name in found.gone:
        yield telling.report(f"{style.name(f'{result.remote}/{name}')}  gone")
    for name in found.tags:
        yield telling.report(f"tag {style.name(name)}  new")
    for name in found.kept:
        yield telling.warning(f"tag {name} is another commit on {result.remote}; yours stays")
    yield telling.report(f"fetched {counted(found.objects, 'record')}, {traffic.received(result.traffic)}")
