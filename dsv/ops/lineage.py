"""Trace where data came from, and what was made of it."""

from dataclasses import dataclass

from dsv.errors import NotFound
from dsv.lineage import indexing, walk
from dsv.lineage.graph import Graph, NodeId, Version, version_id, version_of
from dsv.lineage.graph_memory import GraphMemory, using
from dsv.lineage.graph_records import Records
from dsv.progress import SILENT, Progress
from dsv.records import dataset_names
from dsv.records.dataset_names import DatasetName
from dsv.store.repository import Datasets, Repository
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Lineage:
    """A part of the lineage graph, and what is worth knowing of it.

    Attributes:
        graph: The graph; its `starts` are what was asked about.
        down: Whether it leads to what was derived, instead of to where data came from.
        current: Those of its versions that are staged, or in HEAD where nothing is staged there.
    """

    graph: Graph
    down: bool
    current: frozenset[NodeId]


def lineage(
    workspace: Workspace,
    place: DatasetName | None = None,
    *,
    down: bool = False,
    depth: int | None = None,
    progress: Progress = SILENT,
) -> Lineage:
    """Return what led to datasets, or with `down` all that was ever derived from them.

    Without a revision, what is staged is taken, else what HEAD has; for `down` every version
    that any branch, tag or remote-tracking branch ever had, and what is staged.

    Args:
        workspace: The workspace.
        place: A dataset, or a folder of datasets; None for all of HEAD.
        down: Which way to go.
        depth: How many runs to go at most.
        progress: Counts the commits that are read.

    Raises:
        NotFound: No such revision or dataset.
    """
    now = _now(workspace.repo)

    def ask(ledger: GraphMemory) -> Graph:
        records = Records(workspace.repo, ledger)
        if down:
            graph = _down(workspace.repo, place, ledger, records, depth, progress)
        else:
            known = {path: version_of(path, one.checkpoint) for path, one in now.items()}
            graph = walk.up(
                _named(_datasets(workspace.repo, place), place), records, known=known, depth=depth
            )
        records.describe(graph)
        return graph

    graph = using(workspace.dot / "cache", ask)
    here = {version_id(one.id, path) for path, one in now.items()}
    return Lineage(graph, down, frozenset(here & graph.versions.keys()))


def _down(
    repo: Repository,
    place: DatasetName | None,
    ledger: GraphMemory,
    records: Records,
    depth: int | None,
    progress: Progress,
) -> Graph:
    refs = repo.refs()
    gaps = dict(indexing.catch_up(repo, refs, ledger, records, progress))

    def ask() -> Graph:
        every = place is not None and place.revision is None
        starts = _ever(ledger, place.path) if every and place else _named(_datasets(repo, place), place)
        return walk.down(starts, records, ledger, depth=depth)

    staged = refs.mine.staged
    if staged is None or (refs.head in gaps) or staged == repo.snapshot_of(refs.head):
        graph = ask()
    else:
        with ledger.changes(keep=False):
            indexing.add_staged(repo, refs, ledger, records)
            graph = ask()
    graph.gaps.update(gaps)
    return graph


def _now(repo: Repository) -> Datasets:
    """Return what is staged; it is what HEAD has except for what was changed since."""
    return dataset_names.datasets_at(repo, None)


def _datasets(repo: Repository, place: DatasetName | None) -> Datasets:
    head = repo.refs().head
    if place is None:
        return {} if head is None else dataset_names.datasets_at(repo, "HEAD")
    if place.revision is not None:
        return dataset_names.datasets_at(repo, place.revision)
    found = _now(repo)
    known = any(path == place.path or path.startswith(f"{place.path}/") for path in found)
    return found if known or head is None or place.path == "." else dataset_names.datasets_at(repo, "HEAD")


def _named(datasets: Datasets, place: DatasetName | None) -> list[Version]:
    paths = list(datasets)
    if place is not None:
        paths = dataset_names.select(datasets, [place.path], place.revision or "HEAD")
    return [version_of(path, datasets[path].checkpoint) for path in paths]


def _ever(ledger: GraphMemory, path: str) -> list[Version]:
    """Return all versions that ever were at `path` or, if it is a folder of datasets, below it."""
    found = [*ledger.versions_at(path)]
    if not found:
        below = indexing.paths_below(ledger, path)
        found = [version for one in below for version in ledger.versions_at(one)]
    if not found:
        raise NotFound(f"no dataset {path} in any commit", hint="dsv ls")
    return found
