"""The history of commits: lines for a terminal, and a JSON document."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dsv.render import commits, telling
from dsv.render.history_graph import Lanes
from dsv.render.style import Style, printable
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.log import LogEntry

SHAPE = {
    "commits": [
        {
            **commits.SHAPE,
            "changes": [{"path": "path: of one of `datasets`", "change": "added|modified|removed"}],
            "names": ["text: a branch, `tag: NAME`, or `HEAD`"],
        }
    ]
}
_SHOWN = 20


def document(entries: "Iterable[LogEntry]") -> dict[str, object]:
    """Return the JSON document."""
    return {"commits": [_record(entry) for entry in entries]}


def lines(
    entries: "Iterable[LogEntry]", style: Style, *, graph: bool = False, oneline: bool = False
) -> Iterator[Telling]:
    """Yield what is said, commit by commit as they come.

    Args:
        entries: The commits.
        style: Colours.
        graph: Whether it is drawn how they follow each other.
        oneline: Whether each gets one line.
    """
    lanes = Lanes() if graph else None
    some = False
    for entry in entries:
        some = True
        told = _lines(entry, style, oneline=oneline)
        if lanes is not None:
            told = lanes.beside(entry.id, entry.commit.parents, told)
        yield from map(telling.line, told)
    if not some:
        yield telling.note("no commits yet")
        yield telling.hint("dsv commit -m MESSAGE")


def _record(entry: "LogEntry") -> dict[str, object]:
    return {
        **commits.record(entry.id, entry.commit, list(entry.changes)),
        "changes": [{"path": path, "change": change} for path, change in entry.changes.items()],
        "names": list(entry.names),
    }


def _lines(entry: "LogEntry", style: Style, *, oneline: bool) -> list[str]:
    if oneline:
        names = commits.shown_names(entry.names, style)
        return [f"{style.commit(entry.id)}{names} {commits.title(entry.commit)}"]
    lines = commits.lines(entry.id, entry.commit, entry.names, style)
    shown = list(entry.changes.items())[:_SHOWN]
    lines += [f"    {style.change(change, f'{change:<8}')}  {printable(path)}" for path, change in shown]
    if len(entry.changes) > _SHOWN:
        lines.append(style.faint(f"    and {len(entry.changes) - _SHOWN} more"))
    return [*lines, ""] if entry.changes else lines
