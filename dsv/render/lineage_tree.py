"""The lineage graph as a tree of lines for the terminal."""

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from dsv.ids import short
from dsv.lineage.graph import NodeId, RunNode, SourceNode
from dsv.render import lineage_words as words
from dsv.render.style import Style, counted, printable

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


class LineageTree:
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
        self._waiting: set[NodeId] = set()
        self._after: dict[NodeId, list[NodeId]] = {}
        self._before: dict[NodeId, list[NodeId]] = {}
        for tail, head, _ in self._graph.edges:
            self._after.setdefault(tail, []).append(head)
            self._before.setdefault(head, []).append(tail)

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
                top = self._later.popleft()
                self._waiting.discard(top)
                yield from self._branch(top)
        if len(barren) > _LISTED:
            yield f"nothing was derived from {counted(len(barren), 'more version')}"
            return
        for start in barren:
            text = words.version_text(self._found, start, self._style)
            yield f"{text}  {self._style.faint('nothing was derived from it')}"

    def _tops(self) -> list[NodeId]:
        """Return the starts that no other start leads to."""
        if self._found.down:
            reached = {head for tail, head, _ in self._graph.edges if tail in self._before}
        else:
            reached = {tail for tail, _, _ in self._graph.edges}
        return [start for start in self._graph.starts if start not in reached] or list(self._graph.starts)

    def _branch(self, top: NodeId) -> Iterator[str]:
        branch, last, bar = self._strokes
        stack: list[tuple[NodeId, str, str, int]] = [(top, "", "", 0)]
        while stack:
            node, left, below, level = stack.pop()
            children = self._children(node)
            if not children:
                yield left + self._text(node)
            elif node in self._shown or node in self._waiting:
                where = "below" if node in self._waiting else "above"
                yield left + self._text(node, whole=False) + self._style.faint(f"  (shown {where})")
            elif level >= LEVELS:
                self._later.append(node)
                self._waiting.add(node)
                yield left + self._text(node) + self._style.faint("  (goes on below)")
            else:
                self._shown.add(node)
                yield left + self._text(node)
                stack.append((children[-1], below + last, below + "   ", level + 1))
                if len(children) > 1:
                    here, further = below + branch, below + bar
                    stack += [(child, here, further, level + 1) for child in children[-2::-1]]

    def _children(self, node: NodeId) -> list[NodeId]:
        if self._found.down:
            return self._derived(node)
        before = self._before.get(node, [])
        if node in self._graph.versions and len(before) == 1 and self._is_raw(before[0]):
            return []  # told on the same line
        return before

    def _derived(self, node: NodeId) -> list[NodeId]:
        versions = self._graph.versions
        found = self._after.get(node, [])
        version = versions.get(node)
        if version is None:
            return [one for one in found if one in versions]
        # What was edited goes back to an origin; its data was that of the version.
        edits = [one for one in self._after.get(version.origin, ()) if one not in versions]
        return found + edits if edits else found

    def _text(self, node: NodeId, *, whole: bool = True) -> str:
        style = self._style
        more = style.faint("  ...") if node in self._graph.cut else ""
        if node in self._graph.versions:
            same = style.faint("  (the same data)") if self._is_copy(node) else ""
            return words.version_text(self._found, node, style) + same + self._source_of(node) + more
        if node in self._graph.given:
            return words.given_text(self._graph.given[node], style)
        origin = self._graph.origins.get(node)
        if isinstance(origin, SourceNode):
            return words.source_text(origin, style) + more
        if isinstance(origin, RunNode):
            if not whole:
                return words.again_text(origin, style)
            return words.run_text(origin, self._graph.how.get(node), style) + more
        return words.missing_text(node, style)

    def _is_copy(self, node: NodeId) -> bool:
        return any(one in self._graph.versions for one in self._before.get(node, ()))

    def _source_of(self, node: NodeId) -> str:
        if self._found.down:
            return ""
        version = self._graph.versions[node]
        origin = self._graph.origins.get(version.origin)
        if isinstance(origin, SourceNode) and origin.raw:
            return "  " + words.source_text(origin, self._style, beside=version.path)
        if version.origin in self._graph.gaps:
            return "  " + words.missing_text(version.origin, self._style)
        return ""

    def _is_raw(self, node: NodeId) -> bool:
        origin = self._graph.origins.get(node)
        return isinstance(origin, SourceNode) and origin.raw


def summary(found: "Lineage", style: Style) -> Iterator[str]:
    """Yield the lines that end a tree: the raw sources, or what was derived."""
    yield from _derived_summary(found, style) if found.down else _source_summary(found, style)


def _source_summary(found: "Lineage", style: Style) -> Iterator[str]:
    graph = found.graph
    raw = sorted(
        {words.place_of(one) for one in graph.sources if one.raw}
        | {*map(words.given_place, graph.given.values())}
    )
    if raw:
        yield f"from {counted(len(raw), 'raw source')}:"
        yield from (f"  {place}" for place in raw)
    edited = sorted({printable(one.path) for one in graph.sources if one.edited is not None})
    if edited:
        yield f"edited by hand on the way: {', '.join(edited)}"
    fed = {head for _, head, _ in graph.edges}
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
    derived = [one for node, one in graph.versions.items() if node not in starts]
    paths = {one.path for one in derived}
    current = sorted({one.path for one in derived if one.node in found.current})
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
