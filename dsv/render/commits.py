"""How a commit is told, in text and in JSON, wherever one is shown."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dsv.render.shape import Shape
from dsv.render.style import Style, printable
from dsv.render.when import iso, readable

if TYPE_CHECKING:
    from dsv.ids import ObjectId
    from dsv.model.commit import Commit

SHAPE: dict[str, Shape] = {
    "id": "id: of the commit",
    "parents": ["id: of a commit that it follows"],
    "author": "text: who made it",
    "time": "time: when, with the author's offset",
    "message": "text: what the author says of it",
    "datasets": ["path: of a dataset that differs from the first parent"],
}


def record(oid: "ObjectId", commit: "Commit", datasets: Sequence[str]) -> dict[str, object]:
    """Return a commit for JSON."""
    return {
        "id": oid,
        "parents": list(commit.parents),
        "author": commit.author,
        "time": iso(commit.seconds, commit.offset),
        "message": commit.message,
        "datasets": list(datasets),
    }


def title(commit: "Commit") -> str:
    """Return the first line of the message."""
    return printable(commit.message.partition("\n")[0])


def lines(oid: "ObjectId", commit: "Commit", names: Sequence[str], style: Style) -> list[str]:
    """Return what a commit says, except for its datasets."""
    told = [style.commit(oid, "commit ") + shown_names(names, style)]
    if len(commit.parents) > 1:
        told.append(f"merge:  {' '.join(map(style.commit_digits, commit.parents))}")
    told += [f"author: {printable(commit.author)}", f"date:   {readable(commit.seconds, commit.offset)}", ""]
    told += [f"    {printable(line)}".rstrip() for line in commit.message.split("\n")]
    return [*told, ""]


def shown_names(names: Sequence[str], style: Style) -> str:
    """Return branches and tags as they stand after an id."""
    return f" ({', '.join(style.name(name) for name in names)})" if names else ""
