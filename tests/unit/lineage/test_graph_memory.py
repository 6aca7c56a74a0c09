"""What is remembered of lineage can be lost, damaged or locked, and no answer changes."""

import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from dsv.ids import ObjectId
from dsv.lineage import graph_memory
from dsv.lineage.graph_memory import GraphMemory, number
from dsv.ops.lineage import lineage
from dsv.records.dataset_names import DatasetName
from tests.unit.run_fixtures import weave
from tests.unit.workspace_fixtures import Workshop

ONE, TWO = ObjectId("1" * 64), ObjectId("e" * 64)


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """raw.csv -> made.csv, asked about once."""
    shop = Workshop(tmp_path / "w")
    shop.commit({"raw.csv": "r"}, "raw.csv")
    weave(shop.workspace, ["raw.csv"], {"made.csv": "m"})
    shop.commit({})
    assert derived(shop) == {"made.csv"}
    return shop


def derived(shop: Workshop) -> set[str]:
    found = lineage(shop.workspace, DatasetName("raw.csv", None), down=True).graph
    assert len(lineage(shop.workspace, DatasetName("made.csv", None)).graph.versions) == 2
    return {one.path for node, one in found.versions.items() if node not in found.starts}


def test_copies(tmp_path: Path) -> None:
    book = GraphMemory(tmp_path / "l")
    book.keep_copies("a", [(number(ONE), [ONE, "é"]), (number(TWO), [TWO])])
    assert sorted(book.copies("a", [number(ONE), number(TWO), 5])) == [[ONE, "é"], [TWO]]
    assert list(book.copies("b", [number(ONE)])) == []
    book.close()


def test_changes_that_are_not_kept(tmp_path: Path) -> None:
    book = GraphMemory(tmp_path / "l")
    with book.changes():
        book.add_origins([ONE], [(7, ONE, "p")], [])
    with book.changes(keep=False):
        book.add_origins([TWO], [(7, TWO, "p")], [])
        assert len(book.users([7])) == 2
    with suppress(KeyError), book.changes():
        book.add_origins([TWO], [], [])
        raise KeyError
    assert book.users([7]) == [(7, ONE, "p")]
    assert book.not_indexed([ONE, TWO]) == [TWO]
    book.close()


@pytest.mark.parametrize("table", ["copies", "versions"])
def test_a_flipped_value_is_noticed(shop: Workshop, table: str) -> None:
    file = shop.root / ".dsv" / "cache" / "lineage"
    with sqlite3.connect(file) as database:
        database.execute(f"UPDATE {table} SET body = replace(body, 'csv', 'CSV')")
    database.close()
    assert derived(shop) == {"made.csv"}


def test_somebody_else_writes(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_memory, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(shop.root / ".dsv" / "cache" / "lineage", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    weave(shop.workspace, ["raw.csv"], {"more.csv": "x"})
    shop.commit({})
    assert derived(shop) == {"made.csv", "more.csv"}
    other.execute("ROLLBACK")
    other.close()
    assert derived(shop) == {"made.csv", "more.csv"}


def test_a_cache_that_cannot_be_made(shop: Workshop) -> None:
    folder = shop.root / ".dsv" / "cache"
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    folder.write_text("in the way")
    assert derived(shop) == {"made.csv"}
