"""What the tour came to: lines for a terminal, and a JSON document."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from dsv.render import telling
from dsv.render.style import Style, counted, printable, size
from dsv.render.telling import Rows, Telling

SHAPE = {
    "folder": "text: where the workspace is, absolute",
    "commands": ["text: a command that was run there; none with `--files`"],
    "versions": "int: how many versions of datasets it holds",
    "copies": "int: bytes of a copy of each version",
    "files": "int: bytes of their files, equal ones counted once",
    "store": "int: bytes of the store",
    "restored": "int: how many files of the old version came back to the byte; all of them",
}


class Toured(NamedTuple):
    """A tour that was taken; the fields are those of the JSON document, see `SHAPE`."""

    folder: str
    commands: Sequence[str] = ()
    versions: int = 0
    copies: int = 0
    files: int = 0
    store: int = 0
    restored: int = 0


def document(found: Toured) -> dict[str, object]:
    """Return the JSON document."""
    return {**found._asdict(), "commands": list(found.commands)}


def made(names: Sequence[str]) -> Iterator[Telling]:
    """Yield that files were made, and nothing was run."""
    yield telling.report(f"made {', '.join(names)}")


def step(typed: str, why: str, style: Style) -> Iterator[Telling]:
    """Yield a command before it is run, as the user would type it."""
    if why:
        yield telling.line(style.faint(f"\n# {why}"))
    yield telling.line(f"{style.faint('$')} {style.strong(typed)}")


def sizes(found: Toured, style: Style) -> Iterator[Telling]:
    """Yield what all versions take."""
    yield telling.line(style.faint(f"\n# What {counted(found.versions, 'version')} of datasets take."))
    share = [f"{100 * part / found.copies:.0f}%" for part in (found.copies, found.files, found.store)]
    yield Rows(
        [
            ("a copy of each version", size(found.copies), share[0]),
            ("every file once, as DVC and Git LFS keep them", size(found.files), share[1]),
            ("the dsv store", size(found.store), share[2]),
        ],
        (1, 2),
    )


def end(
    restored: int, folder: str, following: Mapping[str, str], activation: str, style: Style
) -> Iterator[Telling]:
    """Yield what was proved, and what to try.

    Args:
        restored: How many files came back.
        folder: The workspace, as it was typed.
        following: Commands to try, each with what it does.
        activation: The script that puts `dsv` on PATH; "" if it is there.
        style: Colours.
    """
    yield telling.line()
    yield telling.line(
        style.added(f"All {restored} files of the tagged version came back to the byte, and every")
    )
    yield telling.line(style.added("dataset was made again from the raw data, with the same table ids."))
    yield telling.line("\nThe workspace is yours. Try next:\n")
    if activation:
        yield telling.line(f"  . {printable(activation)}")
    yield telling.line(f"  cd {printable(folder)}")
    yield Rows([(line, f"# {does}") for line, does in following.items()], indent="  ")
