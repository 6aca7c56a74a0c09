"""What `add` staged: lines for a terminal, and a JSON document."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from dsv.render import telling
from dsv.render.style import Style, counted, printable, size
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.add import Added, AddResult

SHAPE = {
    "staged": [
        {
            "path": "path: of the dataset",
            "change": "added|modified",
            "content": "id: its content",
            "size": "int: bytes",
            "files": "int: how many files it has",
        }
    ],
    "unchanged": ["path: named, and staged like this already"],
    "vanished": ["path: of a tracked dataset that is gone"],
    "untracked": ["path: in a named folder, and not tracked"],
    "notes": ["text: further notes"],
}


def document(result: "AddResult") -> dict[str, object]:
    """Return the JSON document."""
    return {
        "staged": [_record(added) for added in result.staged],
        "unchanged": list(result.unchanged),
        "vanished": list(result.vanished),
        "untracked": list(result.untracked),
        "notes": list(result.notes),
    }


def lines(result: "AddResult", style: Style, typed: Callable[[str], str]) -> Iterator[Telling]:
    """Yield what is said; `typed` gives a path as the user types it."""
    yield from map(telling.note, result.notes)
    for added in result.staged:
        found = added.dataset.checkpoint
        many = f", {counted(found.files, 'file')}" if found.is_dir else ""
        word = style.change(added.change, f"{added.change:<8}")
        yield telling.report(f"{word}  {printable(added.path)} ({size(found.size)}{many})")
    for path in result.unchanged:
        yield telling.report(f"unchanged {printable(path)}")
    for path in result.vanished:
        yield telling.warning(f"{printable(path)} is gone")
        yield telling.hint(f"dsv rm {typed(path)} stops tracking it, dsv restore brings it back")
    for path in result.untracked:
        yield telling.report(f"untracked {printable(path)}")
    if not (result.staged or result.unchanged or result.vanished):
        yield telling.note("nothing changed")
        if result.untracked:
            yield telling.hint(f"dsv add {typed(result.untracked[0])}")


def _record(added: "Added") -> dict[str, object]:
    found = added.dataset.checkpoint
    return {
        "path": added.path,
        "change": added.change,
        "content": found.content,
        "size": found.size,
        "files": found.files,
    }
