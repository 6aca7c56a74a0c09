"""What was merged: lines for a terminal, and a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.render import moved, telling
from dsv.render.shape import Maybe
from dsv.render.style import Style, counted
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.merge import MergeResult

SHAPE = {
    "kind": "nothing|fast-forward|merge",
    "head": "id: the commit that HEAD names now",
    "datasets": ["path: of a dataset that HEAD had otherwise before"],
    "moved": Maybe(moved.SHAPE),
}


def document(result: "MergeResult") -> dict[str, object]:
    """Return the JSON document."""
    return {
        "kind": result.kind,
        "head": result.commit,
        "datasets": list(result.datasets),
        "moved": None if result.moved is None else moved.record(result.moved),
    }


def lines(result: "MergeResult", style: Style, *, solved: bool = False) -> Iterator[Telling]:
    """Yield what is said; `solved`: whether the two sides of a conflict in dsv.lock were merged."""
    if result.moved is None:
        yield telling.report("nothing to merge: HEAD has it all already")
    else:
        yield from moved.lines(result.moved, style)
        at = style.commit(result.commit)
        yield telling.report(f"{result.kind} to {at}, {counted(len(result.datasets), 'dataset')} changed")
    if solved:
        yield telling.note("the conflict in dsv.lock is solved: it names that commit")
        yield telling.hint("git add dsv.lock, then git commit")
