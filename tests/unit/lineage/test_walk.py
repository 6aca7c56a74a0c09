"""Up to raw sources, and down to all that was derived."""

from collections.abc import Iterable

import pytest

from dsv.lineage.graph import Graph
from dsv.ops.branch import create, delete
from dsv.ops.checkout import checkout
from dsv.ops.lineage import Lineage, lineage
from dsv.ops.merge import merge
from dsv.ops.restore import unstage
from dsv.records.dataset_names import DatasetName
from tests.unit.run_fixtures import weave
from tests.unit.workspace_fixtures import Workshop


@pytest.fixture
def diamond(shop: Workshop) -> Workshop:
    """raw -> clean -> (left, right) -> joined; joined also reads other.csv."""
    shop.commit({"raw.csv": "r1", "other.csv": "o1"}, "raw.csv", "other.csv")
    weave(shop.workspace, ["raw.csv"], {"clean.csv": "c1"}, name="clean")
    weave(shop.workspace, ["clean.csv"], {"left.csv": "l1"}, name="left")
    weave(shop.workspace, ["clean.csv"], {"right.csv": "r1r"}, name="right")
    weave(shop.workspace, ["left.csv", "right.csv", "other.csv"], {"joined.csv": "j1"}, name="join")
    shop.commit({})
    return shop


def edges(graph: Graph) -> set[tuple[str, str, str]]:
    """Return the edges by names: a path, a run's label, `source PATH`."""

    def name(node: str) -> str:
        if node in graph.versions:
            return graph.versions[node].path
        origin = graph.origins[node]
        return getattr(origin, "name", None) or f"source {origin.path}"  # type: ignore[union-attr]

    return {(name(tail), name(head), role) for tail, head, role in graph.edges}


def derived(found: Lineage) -> set[str]:
    return paths(found, set(found.graph.versions) - set(found.graph.starts))


def paths(found: Lineage, nodes: Iterable[str]) -> set[str]:
    return {found.graph.versions[node].path for node in nodes}


def ask(shop: Workshop, path: str | None, revision: str | None = None, **options: object) -> Lineage:
    place = None if path is None else DatasetName(path, revision)
    return lineage(shop.workspace, place, **options)  # type: ignore[arg-type]


def test_up_to_the_sources(diamond: Workshop) -> None:
    found = ask(diamond, "joined.csv")
    assert edges(found.graph) == {
        ("source raw.csv", "raw.csv", "origin"),
        ("raw.csv", "clean", "input"),
        ("clean", "clean.csv", "output"),
        ("clean.csv", "left", "input"),
        ("clean.csv", "right", "input"),
        ("left", "left.csv", "output"),
        ("right", "right.csv", "output"),
        ("left.csv", "join", "input"),
        ("right.csv", "join", "input"),
        ("source other.csv", "other.csv", "origin"),
        ("other.csv", "join", "input"),
        ("join", "joined.csv", "output"),
    }
    assert found.current == set(found.graph.versions)
    assert found.graph.gaps == {}


def test_a_second_look_says_the_same(diamond: Workshop) -> None:
    assert ask(diamond, "joined.csv") == ask(diamond, "joined.csv")
    assert ask(diamond, "raw.csv", down=True) == ask(diamond, "raw.csv", down=True)


def test_depth(diamond: Workshop) -> None:
    found = ask(diamond, "joined.csv", depth=1)
    assert {run.name for run in found.graph.runs} == {"join"}
    assert paths(found, found.graph.cut) == {"left.csv", "right.csv"}
    assert [source.path for source in found.graph.sources] == ["other.csv"]
    found = ask(diamond, "raw.csv", down=True, depth=2)
    assert derived(found) == {"clean.csv", "left.csv", "right.csv"}
    assert paths(found, found.graph.cut) == {"left.csv", "right.csv"}
    assert derived(ask(diamond, "raw.csv", down=True, depth=0)) == set()


def test_down(diamond: Workshop) -> None:
    found = ask(diamond, "clean.csv", down=True)
    assert edges(found.graph) == {
        ("clean.csv", "left", "input"),
        ("clean.csv", "right", "input"),
        ("left", "left.csv", "output"),
        ("right", "right.csv", "output"),
        ("left.csv", "join", "input"),
        ("right.csv", "join", "input"),
        ("join", "joined.csv", "output"),
    }
    assert derived(ask(diamond, "other.csv", down=True)) == {"joined.csv"}
    assert derived(ask(diamond, "joined.csv", down=True)) == set()


def test_all_of_head(diamond: Workshop) -> None:
    assert len(ask(diamond, None).graph.starts) == 6
    assert ask(diamond, None).graph.edges.keys() == ask(diamond, "joined.csv").graph.edges.keys()


def test_a_folder_stands_for_its_datasets(shop: Workshop) -> None:
    shop.commit({"raw/a.csv": "1", "raw/b.csv": "2", "c.csv": "3"}, "raw/a.csv", "raw/b.csv", "c.csv")
    weave(shop.workspace, ["raw/b.csv"], {"d.csv": "4"})
    found = ask(shop, "raw")
    assert paths(found, found.graph.starts) == {"raw/a.csv", "raw/b.csv"}
    assert derived(ask(shop, "raw", down=True)) == {"d.csv"}


def test_any_version_of_any_branch(diamond: Workshop) -> None:
    diamond.commit({"raw.csv": "r2"})
    weave(diamond.workspace, ["raw.csv"], {"second.csv": "s"}, name="second")
    diamond.commit({})
    assert "second.csv" in derived(ask(diamond, "raw.csv", down=True))
    assert derived(ask(diamond, "raw.csv", "HEAD", down=True)) == {"second.csv"}
    create(diamond.workspace, "branches", "side", "HEAD~2")
    checkout(diamond.workspace, "side")
    weave(diamond.workspace, ["raw.csv"], {"aside.csv": "a"}, name="aside")
    diamond.commit({})
    checkout(diamond.workspace, "main")
    found = ask(diamond, "raw.csv", down=True)
    assert derived(found) == {"clean.csv", "left.csv", "right.csv", "joined.csv", "second.csv", "aside.csv"}
    assert "aside.csv" not in paths(found, found.current)


def test_what_is_reached_no_more_is_forgotten(diamond: Workshop) -> None:
    create(diamond.workspace, "branches", "side", "HEAD")
    checkout(diamond.workspace, "side")
    weave(diamond.workspace, ["raw.csv"], {"aside.csv": "a"}, name="aside")
    diamond.commit({})
    checkout(diamond.workspace, "main")
    assert "aside.csv" in derived(ask(diamond, "raw.csv", down=True))
    delete(diamond.workspace, "branches", "side", force=True)
    assert "aside.csv" not in derived(ask(diamond, "raw.csv", down=True))


def test_what_is_staged_counts_until_it_is_unstaged(diamond: Workshop) -> None:
    assert "new.csv" not in derived(ask(diamond, "raw.csv", down=True))
    weave(diamond.workspace, ["raw.csv"], {"new.csv": "n"})
    assert "new.csv" in derived(ask(diamond, "raw.csv", down=True))
    unstage(diamond.workspace, ["new.csv"])
    assert "new.csv" not in derived(ask(diamond, "raw.csv", down=True))


def test_data_edited_by_hand(diamond: Workshop) -> None:
    diamond.commit({"left.csv": "edited"})
    weave(diamond.workspace, ["left.csv"], {"late.csv": "x"}, name="late")
    found = edges(ask(diamond, "late.csv").graph)
    assert {
        ("left", "source left.csv", "origin"),
        ("source left.csv", "left.csv", "origin"),
        ("left.csv", "late", "input"),
    } <= found
    assert "late.csv" in derived(ask(diamond, "raw.csv", down=True))
    assert "late.csv" not in derived(ask(diamond, "right.csv", down=True))


def test_only_the_output_that_was_edited(shop: Workshop) -> None:
    shop.commit({"raw.csv": "r"}, "raw.csv")
    weave(shop.workspace, ["raw.csv"], {"one.csv": "1", "two.csv": "2"})
    shop.commit({"one.csv": "edited"})
    assert derived(ask(shop, "one.csv", down=True)) == set()  # all of its versions are where it starts
    assert len(ask(shop, "one.csv", down=True).graph.starts) == 2
    assert derived(ask(shop, "one.csv", "HEAD~0", down=True)) == set()
    assert derived(ask(shop, "two.csv", down=True)) == set()
    assert derived(ask(shop, "raw.csv", down=True)) == {"one.csv", "two.csv"}


def test_merged_folders(shop: Workshop) -> None:
    shop.commit({"d/a": "1", "d/b": "2"}, "d")
    create(shop.workspace, "branches", "side", "HEAD")
    shop.commit({"d/a": "main"})
    checkout(shop.workspace, "side")
    shop.commit({"d/b": "side"})
    merge(shop.workspace, "main", author="ada")
    found = ask(shop, "d")
    assert any(source.merged for source in found.graph.sources)
    assert ("source d", "source d", "origin") in edges(found.graph)
    found = ask(shop, "d", "HEAD~1", down=True)
    assert found.graph.versions.keys() >= ask(shop, "d").graph.versions.keys()


def test_a_rename_keeps_its_way(shop: Workshop) -> None:
    shop.commit({"raw.csv": "r"}, "raw.csv")
    weave(shop.workspace, ["raw.csv"], {"old.csv": "x"}, name="make")
    shop.commit({})
    shop.commit({"old.csv": None, "new.csv": "x"}, "new.csv")
    weave(shop.workspace, ["new.csv"], {"end.csv": "e"}, name="use")
    shop.commit({})
    assert ("make", "new.csv", "output") in edges(ask(shop, "end.csv").graph)
    assert "end.csv" in derived(ask(shop, "raw.csv", down=True))
    assert derived(ask(shop, "old.csv", down=True)) == {"end.csv", "new.csv"}


def test_an_update_in_place(shop: Workshop) -> None:
    shop.commit({"log.csv": "0"}, "log.csv")
    for number in range(1, 4):
        weave(shop.workspace, ["log.csv"], {"log.csv": f"{number}"}, params={"n": f"{number}"})
        shop.commit({})
    found = ask(shop, "log.csv")
    assert len(found.graph.versions) == 4
    assert len(found.graph.runs) == 3
    assert len(ask(shop, "log.csv", "HEAD~3", down=True).graph.versions) == 4


def test_identical_outputs_are_told_apart(shop: Workshop) -> None:
    shop.commit({"raw.csv": "r"}, "raw.csv")
    weave(shop.workspace, ["raw.csv"], {"one.csv": "same", "two.csv": "same"}, name="make")
    weave(shop.workspace, ["two.csv"], {"end.csv": "e"}, name="use")
    found = edges(ask(shop, "raw.csv", down=True).graph)
    assert ("two.csv", "use", "input") in found
    assert ("one.csv", "use", "input") not in found


def test_a_lost_ledger_is_made_anew(diamond: Workshop) -> None:
    first = ask(diamond, "raw.csv", down=True)
    file = diamond.root / ".dsv" / "cache" / "lineage"
    for damage in (b"", b"no database at all" * 500):
        file.write_bytes(damage)
        assert ask(diamond, "raw.csv", down=True) == first
    file.unlink()
    assert ask(diamond, "raw.csv", down=True) == first
