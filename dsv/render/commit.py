"""What `commit` recorded: lines for a terminal, and a JSON document."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from dsv.ids import short
from dsv.render import commits, telling
from dsv.render.origin_words import briefly
from dsv.render.style import Style, counted, printable
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.commit import CommitResult, Committed

SHAPE = {
    "commit": commits.SHAPE,
    "branch": "text: the branch that it is on",
    "datasets": [
        {
            "path": "path: of the dataset",
            "change": "added|modified|removed",
            "content": "id?: its content; null if removed",
            "rows": "int?: rows of its table, where they are known without reading it",
            "origin": "id?: of the source or run record; null if removed",
        }
    ],
    "notes": ["text: further notes"],
}


def document(result: "CommitResult") -> dict[str, object]:
    """Return the JSON document."""
    return {
        "commit": commits.record(result.id, result.commit, [one.path for one in result.datasets]),
        "branch": result.branch,
        "datasets": [_record(one) for one in result.datasets],
        "notes": list(result.notes),
    }


def lines(result: "CommitResult", style: Style) -> Iterator[Telling]:
    """Yield what is said."""
    yield from map(telling.note, result.notes)
    at = f"{style.name(result.branch)} {style.commit(result.id)}"
    yield telling.report(f"{at} {commits.title(result.commit)}")
    for one in result.datasets:
        yield telling.report(f"  {_line(one, style)}")


def for_git(typed: Callable[[str], str]) -> Iterator[Telling]:
    """Yield, of a first commit, what belongs in git; `typed` gives a path as the user types it."""
    names = " ".join(map(typed, ("dsv.toml", "dsv.lock", ".gitignore")))
    yield telling.hint(f"git add {names}: they belong in git, the data does not")


def _record(one: "Committed") -> dict[str, object]:
    found = one.dataset.checkpoint if one.dataset else None
    return {
        "path": one.path,
        "change": one.change,
        "content": found.content if found else None,
        "rows": one.rows,
        "origin": found.origin if found else None,
    }


def _line(one: "Committed", style: Style) -> str:
    text = f"{style.change(one.change, f'{one.change:<8}')}  {printable(one.path)}"
    if one.dataset is None:
        return text
    if one.rows is not None:
        text += f"  {counted(one.rows, 'row')}"
    elif one.dataset.checkpoint.is_dir:
        text += f"  {counted(one.dataset.checkpoint.files, 'file')}"
    origin = ""
    if one.origin is not None:
        origin = f"  {briefly(one.origin)}"
    return f"{text}  {style.id(short(one.dataset.checkpoint.content))}{style.faint(origin)}"
