"""What `clone` made: lines for a terminal, and a JSON document."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dsv.ids import short
from dsv.render import telling
from dsv.render.style import Style, counted, printable, size
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ids import ObjectId

SHAPE = {
    "root": "text: the new workspace, absolute",
    "branch": "text?: the branch that HEAD is on",
    "head": "id?: its commit; null if there is none",
    "size": "int: bytes that were copied or fetched",
    "written": ["path: of a dataset that was checked out"],
}


class Cloned(NamedTuple):
    """A new workspace.

    Attributes:
        root: Where it is.
        branch: The branch that HEAD is on; None if it is detached.
        head: Its commit; None if there is none.
        size: Bytes that were copied or fetched.
        written: The datasets that were checked out.
    """

    root: Path
    branch: str | None
    head: "ObjectId | None"
    size: int
    written: tuple[str, ...]


def document(found: Cloned) -> dict[str, object]:
    """Return the JSON document."""
    return {
        "root": str(found.root),
        "branch": found.branch,
        "head": found.head,
        "size": found.size,
        "written": list(found.written),
    }


def lines(found: Cloned, style: Style) -> Iterator[Telling]:
    """Yield what is said."""
    yield telling.report(f"cloned {size(found.size)} to {printable(str(found.root))}")
    if found.head is not None:
        at = f"{style.name(found.branch or 'detached')}, {style.id(short(found.head))}"
        yield telling.report(f"on {at}, {counted(len(found.written), 'dataset')} checked out")
