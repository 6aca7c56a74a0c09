"""A repository without a workspace: opened by its URL, read from any folder, and never written."""

from pathlib import Path

import pyarrow as pa
import pytest

from dsv.config.load import Remote
from dsv.errors import BadConfig, NotFound, StorageError
from dsv.ops import config
from dsv.ops.push import push
from dsv.ops.remote import add_remote
from dsv.records import dataset_names, revisions, version_tables
from dsv.records.dataset_names import DatasetName
from dsv.store.repository import Repository
from tests.unit.workspace_fixtures import Workshop

FIRST, SECOND = "x,y\n1,a\n2,b\n", "x,y\n1,a\n2,b\n3,c\n"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A workspace of two commits, pushed; the current folder is another one."""
    shop = Workshop(tmp_path / "shop")
    add_remote(shop.workspace, Remote("origin", f"file://{tmp_path}/pushed%20here"))
    shop.commit({"t.csv": FIRST, "folder/a.txt": "A"}, "t.csv", "folder")
    shop.commit({"t.csv": SECOND})
    push(shop.workspace)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return shop


@pytest.mark.parametrize(
    "url", ["file://{}/pushed%20here", "{}/pushed here", "../pushed here", "{}/shop", "file://{}/shop"]
)
def test_all_of_it_is_read(shop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    repo = Repository.open(url.format(tmp_path))
    monkeypatch.chdir(tmp_path)
    refs = repo.refs()
    assert revisions.resolve(repo, "main") == shop.refs.head
    assert repo.commit(revisions.resolve(repo, "main~1")).parents == ()
    assert list(dataset_names.datasets_at(repo, "main")) == ["folder", "t.csv"]
    versions = {
        name: dataset_names.dataset_at(repo, DatasetName("t.csv", name)) for name in ("main~1", "main")
    }
    assert [repo.contents.read(one.checkpoint.content) for one in versions.values()] == [
        FIRST.encode(),
        SECOND.encode(),
    ]
    inner = dataset_names.content_at(repo, DatasetName("folder", "main", "a.txt"))
    assert repo.contents.read(inner.content) == b"A"
    table = version_tables.table_of(repo, "t.csv", versions["main"].checkpoint)
    assert pa.Table.from_batches(table.batches()).to_pydict() == {"x": [1, 2, 3], "y": ["a", "b", "c"]}
    assert repo.refs() == refs


def test_the_store_of_a_workspace_whose_packs_are_elsewhere(shop: Workshop, tmp_path: Path) -> None:
    config.put(shop.workspace, "store", [str(tmp_path / "disk")])
    repo = Repository.open(str(shop.root))
    found = dataset_names.dataset_at(repo, DatasetName("t.csv", "HEAD"))
    assert repo.contents.read(found.checkpoint.content) == SECOND.encode()


def test_nothing_is_written_there(shop: Workshop) -> None:
    repo = Repository.open(str(shop.root))
    before = repo.refs()
    with pytest.raises(StorageError, match="open for reading alone"), repo.writer():
        pass
    assert repo.refs() == before


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("{}/nowhere", NotFound),
        ("file://{}/nowhere", NotFound),
        ("{}/elsewhere", NotFound),
        ("http://example.org/x", BadConfig),
        ("file://host/x", BadConfig),
    ],
)
def test_what_is_no_repository(shop: Workshop, tmp_path: Path, url: str, error: type[Exception]) -> None:
    assert shop.root.exists()
    with pytest.raises(error):
        Repository.open(url.format(tmp_path))
