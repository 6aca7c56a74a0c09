"""Working copies and stored bytes that were given up: lines for a terminal, and a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.render import moved, telling
from dsv.render.style import Style, size
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.drop import DropResult

SHAPE = {
    "paths": ["path: of a dataset"],
    "size": "int: bytes of what was removed or given up",
    "stored": "flag: whether stored bytes were given up; else working copies were removed",
}


def document(result: "DropResult") -> dict[str, object]:
    """Return the JSON document."""
    return {"paths": list(result.paths), "size": result.size, "stored": result.stored}


def lines(result: "DropResult", style: Style) -> Iterator[Telling]:
    """Yield what is said."""
    yield from moved.paths(style.removed("dropped "), result.paths)
    if result.stored:
        yield telling.hint("dsv gc frees the space")
    elif result.paths:
        yield telling.report(f"{size(result.size)} freed")
