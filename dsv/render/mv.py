"""Datasets that were renamed: lines for a terminal, and a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.render import telling
from dsv.render.style import Style, printable
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.mv import MvResult

SHAPE = {
    "renamed": [{"from": "path: the name that a dataset had", "to": "path: the name that it has now"}],
    "notes": ["text: what is worth knowing besides"],
}


def document(result: "MvResult") -> dict[str, object]:
    """Return the JSON document."""
    renamed = [{"from": one, "to": other} for one, other in result.renamed.items()]
    return {"renamed": renamed, "notes": list(result.notes)}


def lines(result: "MvResult", style: Style) -> Iterator[Telling]:
    """Yield what is said."""
    for one, other in result.renamed.items():
        yield telling.report(f"{style.changed('renamed')}  {printable(one)} -> {printable(other)}")
    for note in result.notes:
        yield telling.note(printable(note))
    yield telling.hint("dsv commit records it, dsv undo takes it back")
