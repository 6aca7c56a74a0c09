"""The lineage graph as a tree of lines for the terminal."""

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from dsv.cli import lineage_words as words
from dsv.cli.style import Style, counted, printable
from dsv.graph.parts import Key, NodeId, Root, Step
from dsv.ids import short

if TYPE_CHECKING:
    from dsv.ops.lineage import Lineage

LEVELS = 24
"""A branch that is deeper goes on as a tree of its own below, for lines to stay short."""

_LISTED = 20


class _Strokes(NamedTuple):
    branch: str
    last: str
    bar: str


_UNICODE = _Strokes("├─ ", "└─ ", "│  ")
_ASCII = _Strokes("|- ", "`- ", "|  ")


class Tree:
    """Draws a lineage: the versions that were asked about, and below each what it goes back to, or what came of it.

    What several branches share is drawn once, and referred to elsewhere.

    Args:
        found: What to draw.
        style: Colours.
        strokes: Whether line-drawing characters can be shown.
    """

    def __init__(self, found: "Lineage", style: Style, *, strokes: bool) -> None:
        self._found = found
        self._graph = found.graph
        self._style = style
        self._strokes = _UNICODE if strokes else _ASCII
        self._shown: set[NodeId] = set()
        self._later: deque[NodeId] = deque()
        self._after: dict[NodeId, list[NodeId]] = {}
        self._before: dict[NodeId, list[NodeId]] = {}
        for edge in self._graph.edges:
            self._after.setdefault(edge.tail, []).append(edge.head)
            self._before.setdefault(edge.head, []).append(edge.tail)

    def lines(self) -> Iterator[str]:
        """Yield the lines, without a summary."""
        barren = []
        for start in self._tops():
            if self._found.down and not self._children(start):
                barren.append(start)
                continue
            yield from self._branch(start)
            while self._later:
                yield ""
                yield from self._branch(self._later.popleft())
        if len(barren) > _LISTED:
            yield f"nothing was derived from {counted(len(barren), 'more version')}"
            return
        for start in barren:
            assert isinstance(start, Key)
            text = words.version_text(self._found, start, self._style)
            yield f"{text}  {self._style.faint('nothing was derived from it')}"

    def _tops(self) -> list[Key]:
        """Return the starts that no other start leads to."""
        if self._found.down:
            reached = {edge.head for edge in self._graph.edges if edge.tail in self._before}
        else:
            reached = {edge.tail for edge in self._graph.edges}
        return [start for start in self._graph.starts if start not in reached] or list(self._graph.starts)

    def _branch(self, top: NodeId) -> Iterator[str]:
        strokes = self._strokes
        stack: list[tuple[NodeId, str, str, int]] = [(top, "", "", 0)]
        while stack:
            node, left, stroke, level = stack.pop()
            children = self._children(node)
            repeated = bool(children) and node in self._shown
            below = bool(children) and not repeated and level >= LEVELS
            note = ""
            if repeated:
                note = self._style.faint(f"  (shown {'below' if node in self._later else 'above'})")
            elif below:
                note = self._style.faint("  (goes on below)")
                self._later.append(node)
            yield left + stroke + self._text(node, whole=not repeated) + note
            self._shown.add(node)
            if repeated or below:
                continue
            left += {"": "", strokes.last: "   "}.get(stroke, strokes.bar)
            for number, child in enumerate(reversed(children)):
                stack.append((child, left, strokes.branch if number else strokes.last, level + 1))

    def _children(self, node: NodeId) -> list[NodeId]:
        if self._found.down:
            return self._derived(node)
        before = self._before.get(node, [])
        if isinstance(node, Key) and len(before) == 1 and self._is_raw(before[0]):
            return []  # told on the same line
        return before

    def _derived(self, node: NodeId) -> list[NodeId]:
        found = list(self._after.get(node, ()))
        if not isinstance(node, Key):
            return [one for one in found if isinstance(one, Key)]
        # What was edited goes back to an origin; its data was that of the version.
        edits = (one for one in self._after.get(node.origin, ()) if not isinstance(one, Key))
        return [*found, *edits]

    def _text(self, node: NodeId, *, whole: bool) -> str:
        style = self._style
        more = style.faint("  ...") if node in self._graph.cut else ""
        if isinstance(node, Key):
            return words.version_text(self._found, node, style) + self._source_of(node) + more
        origin = self._graph.origins.get(node)
        if isinstance(origin, Root):
            return words.source_text(origin, style) + more
        if isinstance(origin, Step):
            if not whole:
                return words.again_text(origin, style)
            return words.run_text(origin, self._graph.how.get(node), style) + more
        return words.missing_text(node, style)

    def _source_of(self, key: Key) -> str:
        if self._found.down:
            return ""
        origin = self._graph.origins.get(key.origin)
        if isinstance(origin, Root) and origin.raw:
            return "  " + words.source_text(origin, self._style, beside=key.path)
        if key.origin in self._graph.gaps:
            return "  " + words.missing_text(key.origin, self._style)
        return ""

    def _is_raw(self, node: NodeId) -> bool:
        origin = None if isinstance(node, Key) else self._graph.origins.get(node)
        return isinstance(origin, Root) and origin.raw


def summary(found: "Lineage", style: Style) -> Iterator[str]:
    """Yield the lines that end a tree: the raw sources, or what was derived."""
    yield from _derived_summary(found, style) if found.down else _source_summary(found, style)


def _source_summary(found: "Lineage", style: Style) -> Iterator[str]:
    graph = found.graph
    raw = sorted({words.place_of(one) for one in graph.sources if one.raw})
    if raw:
        yield f"from {counted(len(raw), 'raw source')}:"
        yield from (f"  {place}" for place in raw)
    edited = sorted({printable(one.path) for one in graph.sources if one.edited is not None})
    if edited:
        yield f"edited by hand on the way: {', '.join(edited)}"
    fed = {edge.head for edge in graph.edges}
    alone = [run for run in graph.runs if run.id not in fed]
    if alone:
        names = ", ".join(
            f"{printable(run.name or run.argv[0])} {style.id(short(run.id))}" for run in alone[:_LISTED]
        )
        yield f"made from no dataset by {counted(len(alone), 'run')}: {names}"
    if graph.cut:
        yield style.faint(f"ended by --depth at {counted(len(graph.cut), 'version')}, marked ...")


def _derived_summary(found: "Lineage", style: Style) -> Iterator[str]:
    graph = found.graph
    starts = set(graph.starts)
    derived = [key for key in graph.versions if key not in starts]
    paths = {key.path for key in derived}
    current = sorted({key.path for key in derived if key in found.current})
    if not derived:
        yield "nothing was derived"
        return
    versions = counted(len(derived), "version")
    yield f"derived: {versions} of {counted(len(paths), 'dataset')}, in {counted(len(graph.runs), 'run')}"
    if current:
        yield "of them current:"
        yield from (f"  {printable(path)}" for path in current)
    else:
        yield "none of them is current"
    if graph.cut:
        yield style.faint(f"ended by --depth at {counted(len(graph.cut), 'version')}, marked ...")
