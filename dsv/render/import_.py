"""What was imported: lines for a terminal, and a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.ids import short
from dsv.render import telling
from dsv.render.style import Style, counted, printable, size
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.import_ import Imported

SHAPE = {
    "path": "path: of the dataset",
    "change": "added|modified|unchanged",
    "url": "text: where it is from, as it is recorded",
    "content": "id: its content",
    "size": "int: bytes",
    "files": "int: how many files it has",
    "etag": "text?: what the server calls this version",
    "modified": "int?: when it was last changed there, in seconds since 1970",
    "resumed": "int: bytes of it that an interrupted import had brought",
    "notes": ["text: further notes"],
}


def document(done: "Imported") -> dict[str, object]:
    """Return the JSON document."""
    found, fetched = done.dataset.checkpoint, done.fetched
    return {
        "path": done.path,
        "change": done.change,
        "url": fetched.url,
        "content": found.content,
        "size": found.size,
        "files": found.files,
        "etag": fetched.etag,
        "modified": fetched.modified,
        "resumed": done.resumed,
        "notes": list(done.notes),
    }


def address(*, whole: bool) -> Iterator[Telling]:
    """Yield that a part of a URL was left out, unless it is recorded as a `whole`: beside a document, too."""
    if not whole:
        yield telling.note("the secret part of its URL is not recorded: --update will need the URL again")


def lines(done: "Imported", style: Style) -> Iterator[Telling]:
    """Yield what is said."""
    found = done.dataset.checkpoint
    yield from map(telling.warning, done.notes)
    if done.resumed:
        yield telling.note(f"{size(done.resumed)} of it had come before")
    many = f", {counted(found.files, 'file')}" if found.is_dir else ""
    word = style.change(done.change, f"{done.change:<9}")
    told = f"{word} {printable(done.path)}  {style.id(short(found.content))} ({size(found.size)}{many})"
    yield telling.report(f"{told} from {printable(done.fetched.url)}")
