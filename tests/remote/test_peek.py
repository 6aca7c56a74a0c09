"""The start of a table that only a remote has: what is shown is brought, and little more."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dsv.config.load import Remote
from dsv.ops.cat import cat
from dsv.ops.clone import clone_remote
from dsv.ops.fsck import fsck
from dsv.ops.head import head
from dsv.ops.push import push
from dsv.ops.remote import add_remote
from dsv.records.dataset_names import DatasetName
from dsv.remotes.lazy_supply import default_supply
from dsv.remotes.remote import connect
from dsv.workspace import Caller, Workspace
from tests.remote.seaweedfs import Bucket
from tests.unit.workspace_fixtures import Workshop

COLUMNS = 4
ROWS = 2_000_000


@pytest.fixture
def remote(bucket: Bucket) -> Remote:
    return Remote("origin", f"s3://{bucket.name}/team", endpoint_url=bucket.endpoint)


def opened(root: Path) -> Workspace:
    return Workspace.discover(root, Caller(supply=default_supply))


def test_head_of_a_large_file_brings_little_of_it(remote: Remote, tmp_path: Path) -> None:
    ada = Workshop(tmp_path / "ada")
    random = np.random.default_rng(1)
    columns = {f"c{number}": random.integers(0, 1 << 62, ROWS) for number in range(COLUMNS)}
    path = ada.root / "t.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=100_000)
    add_remote(ada.workspace, remote)
    ada.commit({}, "t.parquet")
    push(ada.workspace)

    clone_remote(remote, tmp_path / "ben")
    workspace = opened(tmp_path / "ben")
    meter = connect(workspace).blobs.meter
    before = meter.traffic
    shown = head(workspace.repo, DatasetName("t.parquet", "HEAD"), rows=3)
    assert shown.total == ROWS
    assert len(shown.rows) == 3
    spent = meter.traffic
    size = path.stat().st_size
    assert size > 60_000_000
    assert spent.received - before.received < size / 10
    assert spent.requests - before.requests <= 14
    assert fsck(Workspace.discover(workspace.root)).damage == ()
    # The rest comes when all is wanted, and the whole is proved.
    workspace = opened(workspace.root)
    assert b"".join(map(bytes, cat(workspace.repo, DatasetName("t.parquet", "HEAD")))) == path.read_bytes()
