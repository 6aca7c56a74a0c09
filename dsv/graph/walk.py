"""Walking the lineage graph: up to where data came from, down to what was made of it."""

from collections.abc import Iterable, Sequence

from dsv.graph.ledger import Ledger, mark
from dsv.graph.parts import INPUT, ORIGIN, OUTPUT, Edge, Graph, Key, NodeId, Root, Step, Version
from dsv.graph.records import Records
from dsv.ids import ObjectId


def up(starts: Sequence[Version], records: Records, *, depth: int | None = None) -> Graph:
    """Return all that leads to `starts`.

    Args:
        starts: Versions of datasets.
        records: Reads runs and sources.
        depth: How many runs to go back at most; sources beyond the last are still told.
    """
    graph = Graph(tuple(one.key for one in starts), {one.key: one for one in starts})
    waiting: dict[ObjectId, list[NodeId]] = {}
    for one in graph.versions.values():
        waiting.setdefault(one.origin, []).append(one.key)
    steps = 0
    while waiting:
        found = records.read(oid for oid in waiting if oid not in graph.origins)
        further: dict[ObjectId, list[NodeId]] = {}
        for oid, heads in waiting.items():
            origin = graph.origins.get(oid) or found.get(oid)
            if origin is None:
                graph.gaps[oid] = records.gaps[oid]
                continue
            if isinstance(origin, Step) and oid not in graph.origins and depth is not None and steps >= depth:
                graph.cut.update(heads)
                continue
            for head in heads:
                graph.edges[_edge_from(origin, head)] = None
                _know_output(graph, origin, head)
            if oid not in graph.origins:
                graph.origins[oid] = origin
                _before(graph, origin, further)
        if any(isinstance(found.get(oid), Step) for oid in waiting):
            steps += 1
        waiting = further
    return graph


def down(starts: Sequence[Version], records: Records, ledger: Ledger, *, depth: int | None = None) -> Graph:
    """Return all that was derived from `starts`, as far as the index of the ledger knows.

    Args:
        starts: Versions of datasets.
        records: Reads runs and sources.
        ledger: Knows what was made from what.
        depth: How many runs to go at most.
    """
    graph = Graph(tuple(one.key for one in starts), {one.key: one for one in starts})
    frontier = list(graph.versions.values())
    steps = 0
    while frontier:
        by_mark: dict[int, list[Version]] = {}
        for one in frontier:
            by_mark.setdefault(mark(one.content, one.origin), []).append(one)
        runs = records.read(ledger.users(by_mark))
        reached = list(_edits(graph, frontier, records, ledger))
        if steps == depth:
            _cut(graph, runs.values(), by_mark)
            frontier = reached
            continue
        for run in runs.values():
            if isinstance(run, Step) and _feed(graph, run, by_mark):
                reached += _give(graph, run)
        frontier = reached
        steps += 1
    graph.gaps.update(records.gaps)
    return graph


def _edge_from(origin: Step | Root, head: NodeId) -> Edge:
    role = OUTPUT if isinstance(origin, Step) and isinstance(head, Key) else ORIGIN
    return Edge(origin.id, head, role)


def _know_output(graph: Graph, origin: Step | Root, head: NodeId) -> None:
    """Give a version the table id that the run which wrote it recorded."""
    if isinstance(origin, Step) and isinstance(head, Key):
        output = origin.output_like(graph.versions[head])
        if output is not None:
            graph.versions[head] = graph.versions[head]._replace(table=output.table)


def _before(graph: Graph, origin: Step | Root, further: dict[ObjectId, list[NodeId]]) -> None:
    """Add what an origin goes back to; `further` gets the origins of that."""
    if isinstance(origin, Root):
        for one in origin.before:
            further.setdefault(one, []).append(origin.id)
        return
    for version in origin.inputs:
        key = version.key
        graph.edges[Edge(key, origin.id, INPUT)] = None
        if key not in graph.versions:
            graph.versions[key] = version
            further.setdefault(version.origin, []).append(key)


def _feed(graph: Graph, run: Step, by_mark: dict[int, list[Version]]) -> bool:
    """Add the edges from versions of the graph to a run; whether there are any."""
    fed = False
    for one in run.inputs:
        if one.key in graph.versions:
            tails = [one.key]
        else:
            # The same data at another path: renamed, or copied by the run that wrote it.
            near = by_mark.get(mark(one.content, one.origin), ())
            tails = [v.key for v in near if (v.content, v.origin) == (one.content, one.origin)]
        for tail in tails:
            graph.edges[Edge(tail, run.id, INPUT)] = None
            fed = True
    return fed


def _give(graph: Graph, run: Step) -> list[Version]:
    """Add a run and its outputs; return those that are new."""
    if run.id in graph.origins:
        return []
    graph.origins[run.id] = run
    fresh = []
    for one in run.outputs:
        graph.edges[Edge(run.id, one.key, OUTPUT)] = None
        if one.key not in graph.versions:
            graph.versions[one.key] = one
            fresh.append(one)
    return fresh


def _edits(graph: Graph, frontier: Iterable[Version], records: Records, ledger: Ledger) -> Iterable[Version]:
    """Add sources whose data was made from `frontier` by hand or by a merge; yield what came of them."""
    by_origin: dict[ObjectId, list[Version]] = {}
    for one in frontier:
        by_origin.setdefault(one.origin, []).append(one)
    sources = [one for one in records.read(ledger.derived(by_origin)).values() if isinstance(one, Root)]
    parents = records.read(before for source in sources for before in source.before)
    mine: dict[ObjectId, Root] = {}
    for source in sources:
        for before in source.before:
            made_from = [
                one for one in by_origin.get(before, ()) if _may_lead(one, parents.get(before), source)
            ]
            for one in made_from:
                # The way from the version to the source leads through its own origin.
                mine[source.id] = source
                graph.origins.setdefault(before, parents[before])
                graph.edges[_edge_from(parents[before], one.key)] = None
                graph.edges[Edge(before, source.id, ORIGIN)] = None
    graph.origins.update(mine)
    for body in ledger.versions_from(mine):
        version = Version._make(body)
        if version.origin in mine:
            graph.edges[Edge(version.origin, version.key, ORIGIN)] = None
            if version.key not in graph.versions:
                graph.versions[version.key] = version
                yield version


def _may_lead(version: Version, origin: Step | Root | None, source: Root) -> bool:
    """Whether a source may go back to `version`: to other outputs of the same run it does not."""
    if origin is None:
        return False
    if isinstance(origin, Root) or version.path == source.path:
        return True
    return all(one.path != source.path for one in origin.outputs)


def _cut(graph: Graph, runs: Iterable[Step | Root], by_mark: dict[int, list[Version]]) -> None:
    for run in runs:
        if isinstance(run, Step) and run.id not in graph.origins:
            for one in run.inputs:
                near = by_mark.get(mark(one.content, one.origin), ())
                graph.cut.update(v.key for v in near if (v.content, v.origin) == (one.content, one.origin))
