"""Where data came from, or what was made of it: a tree or a diagram for a terminal, and a JSON document."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dsv.errors import Corrupt
from dsv.ids import short
from dsv.render import lineage_words, telling
from dsv.render.style import Style
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.lineage import Lineage

SHAPE = lineage_words.SHAPE


def document(found: "Lineage") -> dict[str, object]:
    """Return the JSON document."""
    return lineage_words.document(found)


def lines(found: "Lineage", style: Style, *, strokes: bool) -> Iterator[Telling]:
    """Yield it as a tree; `strokes`: whether what draws it may be other than ASCII."""
    if not found.graph.starts:
        yield telling.note("no commits yet")
        yield telling.hint("dsv add PATH, then dsv commit -m MESSAGE")
        return
    from dsv.render import lineage_tree

    tree = [*lineage_tree.LineageTree(found, style, strokes=strokes).lines()]
    if tree:
        yield telling.fitted("\n".join(tree))
    yield telling.line()
    yield from _whole(lineage_tree.summary(found, style))


def diagram(found: "Lineage", form: str) -> Iterator[Telling]:
    """Yield it as a diagram, in the language `mermaid` or `dot`."""
    from dsv.render import diagrams

    yield from _whole(diagrams.dot(found) if form == "dot" else diagrams.mermaid(found))


def gaps(found: "Lineage") -> Iterator[Telling]:
    """Yield which records could not be read."""
    errors = found.graph.gaps
    for oid, error in errors.items():
        yield telling.warning(f"{short(oid)}: {error}")
    if errors:
        damaged = any(isinstance(error, Corrupt) for error in errors.values())
        yield telling.hint("dsv fsck" if damaged else "dsv fetch: parts of the lineage are not in this store")


def _whole(found: Iterable[str]) -> Iterator[Telling]:
    text = "\n".join(found)
    if text:
        yield telling.line(text)
