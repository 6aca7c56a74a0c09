"""The lineage graph for programs that draw: Mermaid and Graphviz.

Names come from anybody. In Mermaid everything but letters, digits and a few harmless marks is
written as an entity code; in DOT quotes, backslashes and ampersands are escaped. Control
characters are made visible first, as everywhere.
"""

import re
from collections.abc import Iterator
from shlex import join
from typing import TYPE_CHECKING

from dsv.ids import short
from dsv.lineage.graph import NodeId, RunNode, SourceNode
from dsv.render.style import counted, printable, size

if TYPE_CHECKING:
    from dsv.ops.lineage import Lineage

_LONGEST = 60
_HARMLESS = re.compile(r"[^\w ./,:=+-]")
_KINDS = {"version": ("[", "]"), "run": ("([", "])"), "source": ("[(", ")]")}
_SHAPES = {"version": "box", "run": "ellipse", "source": "cylinder"}


def mermaid(found: "Lineage") -> Iterator[str]:
    """Yield the lines of a Mermaid flowchart."""
    yield "flowchart LR"
    names = _names(found)
    for node, name in names.items():
        kind, label = _label(found, node)
        start, end = _KINDS[kind]
        text = "<br/>".join(_HARMLESS.sub(lambda mark: f"#{ord(mark[0])};", line) for line in label)
        yield f'  {name}{start}"{text}"{end}'
    for tail, head, _ in found.graph.edges:
        yield f"  {names[tail]} --> {names[head]}"


def dot(found: "Lineage") -> Iterator[str]:
    """Yield the lines of a Graphviz digraph."""
    yield "digraph lineage {"
    yield "  rankdir=LR;"
    yield '  node [fontname="sans-serif"];'
    names = _names(found)
    for node, name in names.items():
        kind, label = _label(found, node)
        text = "\\n".join(_quoted(line) for line in label)
        bold = ', style="bold"' if node in found.graph.starts else ""
        yield f'  {name} [shape={_SHAPES[kind]}, label="{text}"{bold}];'
    for tail, head, _ in found.graph.edges:
        yield f"  {names[tail]} -> {names[head]};"
    yield "}"


def _names(found: "Lineage") -> dict[NodeId, str]:
    graph = found.graph
    named: dict[NodeId, None] = dict.fromkeys((*graph.versions, *graph.given, *graph.origins))
    for tail, head, _ in graph.edges:
        named.update({tail: None, head: None})
    return {node: f"n{number}" for number, node in enumerate(named)}


def _label(found: "Lineage", node: NodeId) -> tuple[str, list[str]]:
    graph = found.graph
    one = graph.versions.get(node)
    if one is not None:
        rows = "" if one.rows is None else f"{counted(one.rows, 'row')}, "
        return "version", [_cut(one.path), f"{short(one.content)}, {rows}{size(one.size)}"]
    given = graph.given.get(node)
    if given is not None:
        return "source", [given.where, _cut(given.path), short(given.content)]
    origin = graph.origins.get(node)
    if isinstance(origin, RunNode):
        params = ", ".join(f"{name}={value}" for name, value in origin.params.items())
        lines = [_cut(f"run {origin.name}" if origin.name else "run"), _cut(join(origin.argv))]
        how = graph.how.get(node)
        commit = f", git {how.commit[:8]}" if how and how.commit else ""
        claimed = ", claimed" if how and how.claimed else ""
        return "run", [*lines, *([_cut(params)] if params else []), f"{short(node)}{commit}{claimed}"]
    if isinstance(origin, SourceNode):
        what = "edited by hand" if origin.edited else "merged" if origin.merged else "source"
        return "source", [what, _cut(origin.url or origin.path), short(node)]
    return "source", ["record cannot be read", short(node)]


def _cut(text: str) -> str:
    safe = printable(text)
    return safe if len(safe) <= _LONGEST else f"{safe[: _LONGEST - 3]}..."


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return escaped.replace("&", "&amp;")  # Graphviz reads entities in labels
