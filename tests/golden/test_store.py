"""Today's dsv reads the store that version 1 wrote."""

import json
import shutil
from pathlib import Path

import pytest

from dsv.ops.add import add
from dsv.ops.cat import cat
from dsv.ops.checkout import checkout
from dsv.ops.commit import commit
from dsv.ops.fsck import fsck
from dsv.ops.gc import gc
from dsv.ops.log import log
from dsv.ops.oplog import oplog
from dsv.ops.show import show_dataset
from dsv.ops.status import status
from dsv.ops.undo import undo
from dsv.records import dataset_names
from dsv.store.repository import Repository
from dsv.workspace import Workspace
from tests.golden.make import MANY, expected

HERE = Path(__file__).parent
KNOWN = json.loads((HERE / "store-v1.json").read_text(encoding="utf-8"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copyfile(HERE / "store-v1" / "dsv.toml", tmp_path / "dsv.toml")
    shutil.copytree(HERE / "store-v1" / "store", tmp_path / ".dsv")
    return tmp_path


def read(repo: Repository, name: str) -> bytes:
    return b"".join(map(bytes, cat(repo, dataset_names.place(repo, name, []))))


def test_history(root: Path) -> None:
    entries = list(log(Workspace(root).repo))
    assert {entry.id: list(entry.changes) for entry in entries} == KNOWN["commits"]
    assert [entry.commit.message for entry in entries if len(entry.commit.parents) == 2] == [
        "merge side into main"
    ]
    assert "on the side: ünïcödé" in {entry.commit.message for entry in entries}
    assert {entry.commit.author for entry in entries} == {"Grace Hopper <grace@example.org>"}


@pytest.mark.parametrize("revision", KNOWN["checkpoints"])
def test_every_version_has_its_bytes(root: Path, revision: str) -> None:
    workspace = Workspace(root)
    found = {path: one.id for path, one in dataset_names.datasets_at(workspace.repo, revision).items()}
    assert found == KNOWN["checkpoints"][revision]
    for name, content in expected()[revision].items():
        path, _, file = name.partition(":")
        assert read(workspace.repo, f"{path}@{revision}{':' + file if file else ''}") == content


@pytest.mark.parametrize("revision", KNOWN["tables"])
def test_tables_have_their_ids(root: Path, revision: str) -> None:
    workspace = Workspace(root)
    shown = show_dataset(workspace.repo, dataset_names.place(workspace.repo, f"table.csv@{revision}", []))
    assert shown.facts is not None
    assert shown.facts.table == KNOWN["tables"][revision]


def test_nothing_is_damaged(root: Path) -> None:
    workspace = Workspace(root)
    found = fsck(workspace)
    assert found.damage == ()
    assert found.files > 5
    entries, damage = oplog(workspace)
    assert damage is None
    assert [entry.number for entry in entries] == list(range(len(entries), 0, -1))


def test_it_can_be_worked_with(root: Path) -> None:
    workspace = Workspace(root)
    assert {one.change for one in status(workspace).unstaged} == {"removed"}
    checkout(workspace, "main", force=True)
    tree = root / "tree"
    assert (tree / "link").is_symlink()
    assert (tree / "empty").is_dir()
    assert (tree / "inner" / "run.sh").stat().st_mode & 0o100
    assert len(list((root / "many").iterdir())) == MANY
    assert status(workspace).unstaged == ()
    (root / "table.csv").write_bytes(b"id\n1\n")
    add(workspace, ["table.csv"])
    made = commit(workspace, "third", author="ada")
    assert read(workspace.repo, f"table.csv@{made.id}") == b"id\n1\n"
    undo(workspace)
    gc(workspace, grace=0)
    assert fsck(workspace).damage == ()
    for revision, files in expected().items():
        assert read(workspace.repo, f"big.txt@{revision}") == files["big.txt"]
