"""Datasets that were put back or unstaged: lines for a terminal, and JSON documents."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dsv.render import moved
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.versions.switch.move import Moved

SHAPE = {**moved.SHAPE, "unstaged": ["path: of a dataset that is staged as in HEAD again"]}


def document(found: "Moved | None" = None, unstaged: Sequence[str] = ()) -> dict[str, object]:
    """Return the JSON document, of what moved or of what was unstaged."""
    return {**moved.record(found), "unstaged": list(unstaged)}


def lines_of_unstaged(unstaged: Sequence[str], named: Sequence[str]) -> Iterator[Telling]:
    """Yield what was unstaged of the datasets `named`."""
    yield from moved.paths("unstaged", unstaged)
    if not unstaged:
        yield from moved.paths("unchanged", named)
