"""An operation that was taken back: lines for a terminal, and a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.render import moved, telling
from dsv.render.style import Style, printable
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.undo import UndoResult

SHAPE = {
    "undone": {"number": "int: of the operation", "what": "text: the command that was taken back"},
    **moved.SHAPE,
}


def document(result: "UndoResult") -> dict[str, object]:
    """Return the JSON document."""
    undone = {"number": result.entry.number, "what": result.entry.what}
    return {"undone": undone, **moved.record(result.moved)}


def lines(result: "UndoResult", style: Style) -> Iterator[Telling]:
    """Yield what is said."""
    yield telling.report(f"took back: {printable(result.entry.what)}")
    yield from moved.lines(result.moved, style)
