"""Settings, and what the user trusts or allows: lines for a terminal, and JSON documents."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dsv.ids import short
from dsv.render import telling
from dsv.render.style import Style, counted, printable
from dsv.render.telling import Rows, Telling

if TYPE_CHECKING:
    from dsv.ops.config import Setting
    from dsv.runs.rebuild.consent import NewCommand

SHAPE = {
    "settings": [
        {
            "key": "text: dotted name",
            "value": "any: a text, true or false, an integer, or a list of texts",
            "where": "dsv.toml|.dsv/config: the file that says so",
        }
    ],
    "allowed?": ["path: that is recorded though it looks as if it held a secret"],
    "trusted?": [{"run": "id: that was not trusted before", "command": "text: what it runs"}],
}


def document(found: "Sequence[Setting]") -> dict[str, object]:
    """Return the JSON document of settings."""
    return {"settings": [{"key": one.key, "value": one.value, "where": one.where} for one in found]}


def value(found: "Setting") -> Iterator[Telling]:
    """Yield the bare value of a setting."""
    yield from (telling.line(printable(text)) for text in _texts(found))


def lines(found: "Sequence[Setting]") -> Iterator[Telling]:
    """Yield settings with where they are said."""
    yield Rows([(one.key, " ".join(_texts(one)), one.where) for one in found])


def document_of_trust(found: "Sequence[NewCommand]" = ()) -> dict[str, object]:
    """Return the JSON document of commands that are trusted now."""
    return {"settings": [], "trusted": [{"run": one.run, "command": one.text} for one in found]}


def lines_of_trust(found: "Sequence[NewCommand]", style: Style) -> Iterator[Telling]:
    """Yield the commands that are trusted now."""
    for one in found:
        yield telling.line(f"trusted  {style.id(short(one.run))}  {printable(one.text)}")
        for file in one.changed:
            yield telling.line(f"         with {printable(file.path)} as it is now")
    if not found:
        yield telling.note("nothing was recorded here that you do not trust")


def trusted(what: str, values: Sequence[str]) -> Iterator[Telling]:
    """Yield the servers or variables, as `what` says, that are trusted now."""
    for one in values:
        yield telling.report(f"trusted  {what}  {printable(one)}")


def document_of_allowed(found: Sequence[str]) -> dict[str, object]:
    """Return the JSON document of files that are recorded though they look as if they held a secret."""
    return {"settings": [], "allowed": list(found)}


def lines_of_allowed(found: Sequence[str]) -> Iterator[Telling]:
    """Yield these files."""
    yield from (telling.line(printable(path)) for path in found)


def allowed(count: int, *, recorded: bool) -> Iterator[Telling]:
    """Yield that so many files will be recorded, or not any more."""
    done = "will be recorded" if recorded else "will be withheld if they seem to hold secrets"
    yield telling.note(
        f"{counted(count, 'path')} {done}: this is said in .dsv/config, for this workspace only"
    )


def _texts(setting: "Setting") -> list[str]:
    value = setting.value
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return list(value) if isinstance(value, tuple) else [str(value)]
