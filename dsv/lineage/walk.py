"""Walking the lineage graph: up to where data came from, down to what was made of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dsv.ids import ObjectId
from dsv.lineage.graph import (
    COPY,
    INPUT,
    ORIGIN,
    OUTPUT,
    Edge,
    Graph,
    NodeId,
    Origin,
    RunNode,
    SourceNode,
    Version,
)
from dsv.lineage.graph_memory import GraphMemory, mark, plain_mark
from dsv.lineage.graph_records import Records


def up(
    starts: Sequence[Version],
    records: Records,
    *,
    known: Mapping[str, Version] | None = None,
    depth: int | None = None,
) -> Graph:
    """Return all that leads to `starts`.

    Args:
        starts: Versions of datasets.
        records: Reads runs and sources.
        known: Datasets by path: data that was in git when it was read may be one of them now.
        depth: How many runs to go back at most; sources beyond the last are still told.
    """
    graph = _begin(starts)
    waiting: dict[NodeId, list[NodeId]] = {}
    for one in graph.versions.values():
        waiting.setdefault(one.origin, []).append(one.node)
    steps = 0
    while waiting:
        fresh = records.read(oid for oid in waiting if oid not in graph.origins)
        runs = [oid for oid, origin in fresh.items() if isinstance(origin, RunNode)]
        if depth is not None and steps >= depth:
            for oid in runs:
                graph.cut.update(waiting[oid])
                del fresh[oid], waiting[oid]
            runs = []
        graph.origins.update(fresh)
        for oid, heads in waiting.items():
            _reach(graph, records, oid, heads)
        waiting = _before(graph, records, fresh, known or {})
        steps += bool(runs)
    return graph


def down(
    starts: Sequence[Version], records: Records, ledger: GraphMemory, *, depth: int | None = None
) -> Graph:
    """Return all that was derived from `starts`, as far as the index of the ledger knows.

    Args:
        starts: Versions of datasets.
        records: Reads runs and sources.
        ledger: Knows what was made from what.
        depth: How many runs to go at most.
    """
    graph = _begin(starts)
    frontier = list(graph.versions.values())
    done: set[NodeId] = set()
    steps = 0
    while frontier:
        frontier += _copies(graph, frontier, records, ledger)
        fresh = _users(graph, frontier, ledger, done, cut=steps == depth)
        done.update(fresh)
        frontier = list(_edits(graph, frontier, records, ledger))
        graph.origins.update(records.read(fresh))
        for run, outputs in records.outputs(fresh).items():
            for one in outputs:
                graph.edges[run, one.node, OUTPUT] = None
                if one.node not in graph.versions:
                    graph.versions[one.node] = one
                    frontier.append(one)
        steps += bool(fresh)
    graph.gaps.update(records.gaps)
    return graph


def _begin(starts: Sequence[Version]) -> Graph:
    return Graph(tuple(one.node for one in starts), {one.node: one for one in starts})


def _edge(origin: Origin, version: NodeId) -> Edge:
    return origin.id, version, OUTPUT if isinstance(origin, RunNode) else ORIGIN


def _reach(graph: Graph, records: Records, oid: NodeId, heads: Iterable[NodeId]) -> None:
    """Add the edges from an origin to what came from it, or what keeps it from being read."""
    origin = graph.origins.get(oid)
    if origin is None:
        graph.gaps[ObjectId(oid)] = records.gaps[ObjectId(oid)]
        return
    for head in heads:
        version = graph.versions.get(head)
        if version is None:
            graph.edges[oid, head, ORIGIN] = None
            continue
        graph.edges[_edge(origin, head)] = None
        if isinstance(origin, RunNode) and version.content in origin.tables:
            graph.versions[head] = version._replace(table=origin.tables[version.content])


def _before(
    graph: Graph, records: Records, origins: dict[NodeId, Origin], known: Mapping[str, Version]
) -> dict[NodeId, list[NodeId]]:
    """Add what origins go back to; return by their own origins what is new."""
    further: dict[NodeId, list[NodeId]] = {}
    for origin in origins.values():
        if isinstance(origin, SourceNode):
            for before in origin.before:
                further.setdefault(before, []).append(origin.id)
    runs = (oid for oid, origin in origins.items() if isinstance(origin, RunNode))
    for oid, inputs in records.inputs(runs).items():
        for version in inputs:
            graph.edges[version.node, oid, INPUT] = None
            if version.node not in graph.versions:
                graph.versions[version.node] = version
                further.setdefault(version.origin, []).append(version.node)
    for run in origins.values():
        for one in run.given() if isinstance(run, RunNode) else ():
            same = known.get(one.path)
            if same is None or same.content != one.content:
                graph.given[one.node] = one
                graph.edges[one.node, run.id, INPUT] = None
                continue
            graph.edges[same.node, run.id, INPUT] = None
            if same.node not in graph.versions:
                graph.versions[same.node] = same
                further.setdefault(same.origin, []).append(same.node)
    return further


def _copies(
    graph: Graph, frontier: Iterable[Version], records: Records, ledger: GraphMemory
) -> list[Version]:
    """Add the versions that are the same data as one of `frontier` under another name; return those."""
    found: list[Version] = []
    fresh = list(frontier)
    while fresh:
        mine: dict[ObjectId, Version] = {}
        for one in fresh:
            if one.size:  # all that is empty is alike
                mine.setdefault(one.content, one)
        fresh = []
        others = [one for one in ledger.versions_with(mine) if one.node not in graph.versions]
        sources = records.read({one.origin for one in others})
        for other in others:
            one, source = mine[other.content], sources.get(other.origin)
            if other.path == one.path or other.node in graph.versions:
                continue
            if other.origin == one.origin or (isinstance(source, SourceNode) and source.raw):
                graph.versions[other.node] = other
                graph.edges[one.node, other.node, COPY] = None
                fresh.append(other)
        found += fresh
    return found


def _users(
    graph: Graph, frontier: Iterable[Version], ledger: GraphMemory, done: set[NodeId], *, cut: bool
) -> list[NodeId]:
    """Add the edges from versions to the runs that read them; return the runs that are not `done`.

    With `cut`, those are left out, and what they read is marked.
    """
    by_mark: dict[int, list[Version]] = {}
    for one in frontier:
        by_mark.setdefault(mark(one.content, one.origin), []).append(one)
        by_mark.setdefault(plain_mark(one.content), []).append(one)
    fresh: dict[NodeId, None] = {}
    for key, run, path in ledger.users(by_mark):
        same = by_mark[key]
        if len(same) > 1 or same[0].path != path:
            # The same data at another path: renamed; or, of equal outputs of one run, another.
            same = [one for one in same if one.path == path] or same
        known = run in done
        for one in same:
            if cut and not known:
                graph.cut.add(one.node)
            else:
                graph.edges[one.node, run, INPUT] = None
        if not known and not cut:
            fresh[run] = None
    return list(fresh)


def _edits(
    graph: Graph, frontier: Iterable[Version], records: Records, ledger: GraphMemory
) -> Iterator[Version]:
    """Add sources whose data was made from `frontier` by hand or by a merge; yield what came of them."""
    by_origin: dict[ObjectId, list[Version]] = {}
    for one in frontier:
        by_origin.setdefault(one.origin, []).append(one)
    sources = [one for one in records.read(ledger.derived(by_origin)).values() if isinstance(one, SourceNode)]
    parents = records.read(before for source in sources for before in source.before)
    written = records.outputs(oid for oid, origin in parents.items() if isinstance(origin, RunNode))
    mine: dict[NodeId, SourceNode] = {}
    for source in sources:
        for before in source.before:
            for one in by_origin.get(before, ()):
                if before not in parents or not _may_lead(one, written.get(before), source):
                    continue
                # The way from the version to the source leads through its own origin.
                mine[source.id] = source
                graph.origins.setdefault(before, parents[before])
                graph.edges[_edge(parents[before], one.node)] = None
                graph.edges[before, source.id, ORIGIN] = None
    graph.origins.update(mine)
    for version in ledger.versions_from(map(ObjectId, mine)):
        if version.origin in mine:
            graph.edges[version.origin, version.node, ORIGIN] = None
            if version.node not in graph.versions:
                graph.versions[version.node] = version
                yield version


def _may_lead(version: Version, written: Sequence[Version] | None, source: SourceNode) -> bool:
    """Whether a source may go back to `version`: to other outputs of the same run it does not."""
    return written is None or version.path == source.path or all(one.path != source.path for one in written)
