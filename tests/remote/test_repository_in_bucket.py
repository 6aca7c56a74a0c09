"""A repository in a bucket, read without a workspace."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dsv.config.load import Remote
from dsv.errors import NotFound
from dsv.ops.push import push
from dsv.ops.remote import add_remote
from dsv.records import dataset_names, revisions, version_tables
from dsv.records.dataset_names import DatasetName
from dsv.store.repository import Repository
from tests.remote.seaweedfs import Bucket
from tests.unit.workspace_fixtures import Workshop

TEXT = "x,y\n1,a\n2,b\n"
TABLE = pa.table({"n": list(range(300_000))})


def test_all_of_it_is_read(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Workshop(tmp_path / "shop")
    pq.write_table(TABLE, shop.root / "t.parquet")
    shop.commit({"t.csv": TEXT}, "t.csv", "t.parquet")
    tip = shop.commit({"t.csv": TEXT + "3,c\n"})
    add_remote(shop.workspace, Remote("origin", f"s3://{bucket.name}/team", endpoint_url=bucket.endpoint))
    push(shop.workspace)
    there = bucket.keys()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", bucket.endpoint)

    repo = Repository.open(f"s3://{bucket.name}/team")
    assert revisions.resolve(repo, "main") == tip
    assert repo.commit(tip).message == "message 2"
    assert list(dataset_names.datasets_at(repo, "main")) == ["t.csv", "t.parquet"]
    first = dataset_names.dataset_at(repo, DatasetName("t.csv", "main~1")).checkpoint
    whole = dataset_names.dataset_at(repo, DatasetName("t.parquet", "main")).checkpoint
    assert repo.contents.read(first.content) == TEXT.encode()
    # It is read through once in a process of its own, which has connections of its own.
    table = version_tables.table_of(repo, "t.csv", first)
    assert pa.Table.from_batches(table.batches()).to_pydict() == {"x": [1, 2], "y": ["a", "b"]}
    table = version_tables.table_of(repo, "t.parquet", whole)
    assert pa.Table.from_batches(table.batches()) == TABLE
    assert bucket.keys() == there
    assert list(elsewhere.iterdir()) == []


def test_a_prefix_without_a_repository(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", bucket.endpoint)
    with pytest.raises(NotFound, match="no dsv repository at s3://"):
        Repository.open(f"s3://{bucket.name}/nothing")
