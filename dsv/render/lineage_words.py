"""How nodes of the lineage graph are told: in words beside each other, and in JSON."""

from shlex import join
from typing import TYPE_CHECKING

from dsv.ids import short
from dsv.lineage.graph import OUTSIDE, FileNode, NodeId, RunNode, SourceNode, Version
from dsv.model.attempt import EVENTS
from dsv.model.node import DIR
from dsv.render.origin_words import eye_of
from dsv.render.shape import Shape
from dsv.render.style import Style, counted, printable, size
from dsv.render.when import iso

if TYPE_CHECKING:
    from dsv.lineage.graph import How
    from dsv.ops.lineage import Lineage

_LONGEST = 40

SHAPE: dict[str, Shape] = {
    "nodes": [
        {
            "id": "text: names it in this document; of a run or source the id of its record",
            "kind": "checkpoint|run|source|file",
            "path?": "text: where a checkpoint or file is (absolute if outside), or a source was first added",
            "where?": "text: of a file that is no dataset: `outside` of the workspace, or `in git`",
            "checkpoint?": "id: of the checkpoint",
            "content?": "id: its content",
            "table?": "id?: its table id, if it is known to be a table",
            "rows?": "int?: of the table, where they are known",
            "size?": "int?: bytes of a checkpoint or file, where they are known",
            "current?": "flag: whether it is the version that is staged, or in HEAD",
            "start?": "flag: whether it was asked about",
            "name?": "text?: label of a run",
            "argv?": ["text: a word of the command of a run"],
            "cwd?": "text: the folder it ran in, relative to the workspace; empty for that itself",
            "params?": {"*": "text: a parameter of a run"},
            "code?": "id: of the list of the code files that a run read",
            "commit?": "text?: git commit of the code of a run, where known",
            "dirty?": "int?: how many paths had uncommitted changes then, where known",
            "capture?": "text?: how the record of a run was made: captured, declared, partly, claimed, verified",
            "witness?": "text?: which eye saw a run: calls, files, events; declared if none did; null where not known",
            "claimed?": "flag: whether nobody has seen the run happen",
            "incomplete?": ["text: something that the capture of a run could have missed"],
            "time?": "time?: when a run started, or when a source was last changed at its URL, where known",
            "url?": "text?: where a source was imported from; null if somebody put it there",
            "etag?": "text?: what the server called that version",
            "edited?": "flag: whether a source is data that was edited by hand",
            "merged?": "flag: whether a source is folders that were merged file by file",
            "more": "flag: whether `--depth` ended the graph here",
        }
    ],
    "edges": [
        {
            "from": "text: id of the node that the data came from",
            "to": "text: id of the node that it went to",
            "role": "input|output|origin|copy",
        }
    ],
    "missing": [{"id": "id: of a record that cannot be read", "reason": "text: why"}],
}


def document(found: "Lineage") -> dict[str, object]:
    """Return the JSON document of a lineage."""
    graph = found.graph
    starts = set(graph.starts)
    nodes: list[dict[str, object]] = []
    for node, version in graph.versions.items():
        nodes.append(
            {
                **_version_record(version),
                "current": node in found.current,
                "start": node in starts,
                "more": node in graph.cut,
            }
        )
    nodes += [{**_given_record(one), "more": False} for one in graph.given.values()]
    for oid, origin in graph.origins.items():
        record = (
            _run_record(origin, graph.how.get(oid)) if isinstance(origin, RunNode) else _source_record(origin)
        )
        nodes.append({**record, "more": oid in graph.cut})
    edges = [{"from": tail, "to": head, "role": role} for tail, head, role in graph.edges]
    missing = [{"id": oid, "reason": str(error)} for oid, error in graph.gaps.items()]
    return {"nodes": nodes, "edges": edges, "missing": missing}


def _version_record(one: Version) -> dict[str, object]:
    return {
        "id": one.node,
        "kind": "checkpoint",
        "path": one.path,
        "checkpoint": one.id,
        "content": one.content,
        "table": one.table,
        "rows": one.rows,
        "size": one.size,
    }


def _given_record(one: FileNode) -> dict[str, object]:
    return {
        "id": one.node,
        "kind": "file",
        "path": one.path,
        "content": one.content,
        "size": one.size,
        "where": one.where,
    }


def _run_record(run: RunNode, how: "How | None") -> dict[str, object]:
    return {
        "id": run.id,
        "kind": "run",
        "name": run.name,
        "argv": list(run.argv),
        "cwd": run.cwd,
        "params": dict(run.params),
        "code": run.code,
        "commit": how and how.commit,
        "dirty": how and how.dirty,
        "capture": how and how.capture,
        "witness": how and eye_of(how.capture, how.witness),
        "claimed": how is not None and how.claimed,
        "incomplete": list(how.blind_spots) if how else [],
        "time": how and iso(how.started, 0),
    }


def _source_record(source: SourceNode) -> dict[str, object]:
    return {
        "id": source.id,
        "kind": "source",
        "path": source.path,
        "url": source.url,
        "etag": source.etag,
        "time": None if source.modified is None else iso(source.modified, 0),
        "edited": source.edited is not None,
        "merged": bool(source.merged),
    }


def version_text(found: "Lineage", node: NodeId, style: Style) -> str:
    """Return a version on one line: path, short id of its content, rows and size."""
    one = found.graph.versions[node]
    name, many = printable(one.path), ""
    if one.kind == DIR:
        name, many = f"{name}/", f", {counted(one.files, 'file')}"
    rows = "" if one.rows is None else f"{counted(one.rows, 'row')}, "
    older = "" if node in found.current else style.faint("  (not current)")
    return f"{style.strong(name)}  {style.id(short(one.content))}  {rows}{size(one.size)}{many}{older}"


def run_text(run: RunNode, how: "How | None", style: Style) -> str:
    """Return a run on one line: label, short id, command, parameters, code and how it is known."""
    label = f"run {style.name(run.name)}" if run.name else "run"
    told = [f"{name}={_short(value)}" for name, value in run.params.items()]
    if how is None:
        told.append("nobody knows how it happened")
    else:
        if how.commit is not None:
            told.append(f"git {how.commit[:8]}" + (f" +{how.dirty} uncommitted" if how.dirty else ""))
        seen = " by events" if how.witness == EVENTS else ""
        told.append(how.capture + seen + (", incomplete" if how.blind_spots else ""))
    details = style.faint(f"  ({printable('; '.join(told))})")
    return f"{label}  {style.id(short(run.id))}  {printable(join(run.argv))}{details}"


def given_text(one: FileNode, style: Style) -> str:
    """Return a file that is no dataset on one line: where it is, short id of its content, size."""
    many = "" if one.size is None else f"  {size(one.size)}"
    where = "outside " if one.where == OUTSIDE else ""
    after = "" if one.where == OUTSIDE else f"  {one.where}"
    return f"{where}{style.strong(printable(one.path))}  {style.id(short(one.content))}{many}{after}"


def again_text(run: RunNode, style: Style) -> str:
    """Return a run that was told in whole elsewhere."""
    return (
        f"run {style.name(run.name)}  {style.id(short(run.id))}"
        if run.name
        else f"run {style.id(short(run.id))}"
    )


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 3]}..."


def source_text(source: SourceNode, style: Style, *, beside: str | None = None) -> str:
    """Return a source on one line: where the data came from, unless that is `beside` it, and short id."""
    oid = style.id(short(source.id))
    if source.edited is not None:
        return f"edited by hand  {oid}"
    if source.merged:
        return f"merged from {len(source.merged)} versions  {oid}"
    place = "" if source.url is None and source.path == beside else f" {place_of(source)}"
    return f"source{place}  {oid}"


def place_of(source: SourceNode) -> str:
    """Return where a source came from: its URL, else the path under which it was added."""
    return printable(source.url or source.path)


def given_place(one: FileNode) -> str:
    """Return where a file that is no dataset came from."""
    return (
        f"outside {printable(one.path)}" if one.where == OUTSIDE else f"{printable(one.path)} ({one.where})"
    )


def missing_text(oid: NodeId, style: Style) -> str:
    """Return what stands for an origin whose record cannot be read."""
    return style.removed(f"origin {short(oid)}: its record cannot be read")
