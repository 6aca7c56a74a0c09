"""What `branch` and `tag` list, made or deleted: lines for a terminal, and a JSON document."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dsv.render import telling
from dsv.render.style import Style, printable
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.branch import Family, NamedRef

WORDS = {"branches": "branch", "tags": "tag"}


def shape(family: "Family") -> dict[str, object]:
    """Return what the JSON document holds."""
    word = WORDS[family]
    one: dict[str, object] = {
        "name": f"text: of the {word}",
        "commit": "id?: that it names; null for a branch without commits",
    }
    if family == "branches":
        one["current"] = "flag: whether HEAD is on it"
    return {family: [one]}


def document(family: "Family", refs: "Sequence[NamedRef]") -> dict[str, object]:
    """Return the JSON document."""
    return {family: [_record(family, ref) for ref in refs]}


def lines(family: "Family", refs: "Sequence[NamedRef]", style: Style) -> Iterator[Telling]:
    """Yield a line for each."""
    wide = max((len(printable(ref.name)) for ref in refs), default=0)
    for ref in refs:
        mark = "* " if ref.current else "  "
        gap = " " * (wide - len(printable(ref.name)))
        commit = style.commit(ref.commit) if ref.commit else "no commits yet"
        name = style.added(printable(ref.name)) if ref.current else printable(ref.name)
        yield telling.line(f"{mark if family == 'branches' else ''}{name}{gap}  {commit}")


def done(family: "Family", ref: "NamedRef", what: str, style: Style) -> Iterator[Telling]:
    """Yield that one was `made` or `deleted`, as `what` says."""
    at = f" at {style.commit(ref.commit)}" if ref.commit else ""
    yield telling.report(f"{what} {WORDS[family]} {style.name(ref.name)}{at}")


def _record(family: "Family", ref: "NamedRef") -> dict[str, object]:
    record: dict[str, object] = {"name": ref.name, "commit": ref.commit}
    if family == "branches":
        record["current"] = ref.current
    return record
