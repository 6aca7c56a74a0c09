"""Up and down are the same ways, in any history."""

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dsv.lineage.graph import ORIGIN, Graph, SourceNode, Version
from dsv.ops.lineage import lineage
from dsv.records.dataset_names import DatasetName
from tests.unit.run_fixtures import weave
from tests.unit.workspace_fixtures import Workshop

NAMES = ["a.csv", "b.csv", "c.csv", "d.csv"]
NAME = st.sampled_from(NAMES)
EVENT = st.one_of(
    st.tuples(st.just("run"), st.sets(NAME, max_size=2), st.sets(NAME, min_size=1, max_size=2)),
    st.tuples(st.just("edit"), st.sets(NAME, min_size=1, max_size=1), st.just(set[str]())),
)


def reached(shop: Workshop, start: str, revision: str) -> set[str]:
    """Return the versions that derive from a dataset at a revision, that one included."""
    return set(lineage(shop.workspace, DatasetName(start, revision), down=True).graph.versions)


def leads(graph: Graph, version: Version) -> bool:
    """Whether `version` is among what a graph goes up to: as data that was read, or that was edited by hand."""
    edited = {
        (tail, origin.path)
        for tail, head, role in graph.edges
        if role == ORIGIN and isinstance(origin := graph.origins.get(head), SourceNode)
    }
    return version.node in graph.versions or (version.origin, version.path) in edited


@settings(max_examples=6, deadline=None)
@example([("run", {"b.csv"}, {"a.csv"}), ("edit", {"a.csv"}, set())])
@given(st.lists(EVENT, min_size=1, max_size=5))
def test_up_and_down_agree(events: list[tuple[str, set[str], set[str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shop = Workshop(Path(folder) / "w")
        shop.commit({name: f"raw {name}" for name in NAMES}, *NAMES)
        for number, (kind, first, second) in enumerate(events):
            if kind == "run":
                weave(shop.workspace, sorted(first), {name: f"{name} {number}" for name in second})
                shop.commit({})
            elif kind == "edit":
                shop.commit({name: f"{name} by hand {number}" for name in first})
            reached(shop, "a.csv", "HEAD")  # so that the index grows by each commit
        ups = [lineage(shop.workspace, DatasetName(name, "HEAD")).graph for name in NAMES]
        for place in [(name, "HEAD~1") for name in NAMES]:
            (start,) = lineage(shop.workspace, DatasetName(*place), depth=0).graph.versions.values()
            below = reached(shop, *place)
            assert [leads(up, start) for up in ups] == [up.starts[0] in below for up in ups]
        grown = reached(shop, "a.csv", "HEAD~1")
        (shop.root / ".dsv" / "cache" / "lineage").unlink()
        assert reached(shop, "a.csv", "HEAD~1") == grown
