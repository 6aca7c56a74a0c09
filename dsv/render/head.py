"""The first rows of a table: a grid for a terminal, and a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.render import telling
from dsv.render.telling import Grid, Telling

if TYPE_CHECKING:
    from dsv.tables.formats.preview import Preview

SHAPE = {
    "names": ["text: of a column"],
    "types": ["text: of a column"],
    "rows": [
        ["any: a number or null in columns of numbers; else the cell as it is shown, cut, and `·` for null"]
    ],
    "total": "int?: rows of the table; null where only reading all of it can tell",
    "more": "flag: whether there are rows after these",
}
_NUMBERS = ("int", "uint", "float", "decimal")


def document(found: "Preview") -> dict[str, object]:
    """Return the JSON document."""
    return {
        "names": list(found.names),
        "types": list(found.types),
        "rows": [list(row) for row in found.values],
        "total": found.total,
        "more": found.more,
    }


def lines(found: "Preview") -> Iterator[Telling]:
    """Yield what is said."""
    right = [number for number, kind in enumerate(found.types) if kind.startswith(_NUMBERS)]
    yield Grid(found.names, found.rows, right)
    if found.more and found.total is not None:
        yield telling.note(f"{found.total - len(found.rows):,} more rows")
