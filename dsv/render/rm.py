"""Datasets that are not tracked any more: lines for a terminal, and a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.render import moved, telling
from dsv.render.style import Style
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.rm import RmResult

SHAPE = {
    "paths": ["path: of a dataset that is not tracked any more"],
    "removed": ["path: of one whose working copy was deleted"],
}


def document(result: "RmResult") -> dict[str, object]:
    """Return the JSON document."""
    return {"paths": list(result.paths), "removed": list(result.removed)}


def lines(result: "RmResult", style: Style) -> Iterator[Telling]:
    """Yield what is said."""
    yield from moved.paths(style.removed("untracked"), result.paths)
    if result.paths:
        yield telling.hint("dsv commit records it, dsv undo takes it back")
