"""Data that is no dataset, and data under several names, in the lineage graph."""

from dsv.lineage.graph import Graph
from dsv.ops.lineage import lineage
from dsv.ops.mv import mv
from dsv.records.dataset_names import DatasetName
from tests.unit.runs.stale.stale_fixtures import record
from tests.unit.workspace_fixtures import Workshop


def edges(graph: Graph) -> set[tuple[str, str, str]]:
    """Return the edges by names: a path, a run's label, `source PATH`, `outside PATH`, `in git PATH`."""

    def name(node: str) -> str:
        if node in graph.versions:
            return graph.versions[node].path
        if node in graph.given:
            return f"{graph.given[node].where} {graph.given[node].path}"
        origin = graph.origins[node]
        return getattr(origin, "name", None) or f"source {origin.path}"  # type: ignore[union-attr]

    return {(name(tail), name(head), role) for tail, head, role in graph.edges}


def ask(shop: Workshop, path: str, *, down: bool = False) -> set[tuple[str, str, str]]:
    found = edges(lineage(shop.workspace, DatasetName(path, None), down=down).graph)
    # What was remembered says the same.
    assert found == edges(lineage(shop.workspace, DatasetName(path, None), down=down).graph)
    return found


def test_data_outside_and_in_git(shop: Workshop) -> None:
    shop.write({"cities.txt": "Oslo\n", "a.py": "1", "out.csv": "1"})
    record(
        shop,
        [],
        ["out.csv"],
        ["cities.txt", "a.py"],
        in_git=["cities.txt"],
        outside={"/data/x.csv": b"abc"},
        name="make",
    )
    shop.commit({})
    found = lineage(shop.workspace, DatasetName("out.csv", None)).graph
    assert edges(found) == {
        ("outside /data/x.csv", "make", "input"),
        ("in git cities.txt", "make", "input"),
        ("make", "out.csv", "output"),
    }
    assert sorted((one.path, one.size) for one in found.given.values()) == [
        ("/data/x.csv", 3),
        ("cities.txt", None),
    ]


def test_data_in_git_that_became_a_dataset(shop: Workshop) -> None:
    shop.write({"cities.txt": "Oslo\n", "out.csv": "1"})
    record(shop, [], ["out.csv"], ["cities.txt"], in_git=["cities.txt"], name="make")
    shop.commit({}, "cities.txt")
    assert ask(shop, "out.csv") == {
        ("source cities.txt", "cities.txt", "origin"),
        ("cities.txt", "make", "input"),
        ("make", "out.csv", "output"),
    }
    assert ask(shop, "cities.txt", down=True) == {
        ("cities.txt", "make", "input"),
        ("make", "out.csv", "output"),
    }


def test_down_through_a_rename(shop: Workshop) -> None:
    shop.commit({"raw.csv": "1", "mid.csv": "2"}, "raw.csv")
    record(shop, ["raw.csv"], ["mid.csv"], name="first")
    shop.commit({})
    mv(shop.workspace, "mid.csv", "new.csv")
    shop.write({"end.csv": "3"})
    record(shop, ["new.csv"], ["end.csv"], name="second")
    shop.commit({})
    assert ask(shop, "raw.csv", down=True) == {
        ("raw.csv", "first", "input"),
        ("first", "mid.csv", "output"),
        ("mid.csv", "new.csv", "copy"),
        ("new.csv", "second", "input"),
        ("second", "end.csv", "output"),
    }


def test_down_through_a_copy(shop: Workshop) -> None:
    shop.commit({"raw.csv": "1", "empty.csv": "", "end.csv": "2"}, "raw.csv", "empty.csv")
    shop.commit({"copy.csv": "1", "other.csv": "", "same.csv": "1"}, "copy.csv", "other.csv")
    record(shop, ["copy.csv"], ["end.csv"], name="use")
    record(shop, ["other.csv"], ["same.csv"], name="accident")
    shop.commit({})
    assert ask(shop, "raw.csv", down=True) == {
        ("raw.csv", "copy.csv", "copy"),
        ("copy.csv", "use", "input"),
        ("use", "end.csv", "output"),
    }
    assert ask(shop, "empty.csv", down=True) == set()
