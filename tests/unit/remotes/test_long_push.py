"""A push that takes longer than gc's grace: what gc took for left over is sent again."""

import os
import threading
import time
from pathlib import Path

import pytest

from dsv.config.load import Remote
from dsv.ops.clone import clone_remote
from dsv.ops.fsck import fsck_remote
from dsv.ops.gc import gc_remote
from dsv.ops.push import push
from dsv.ops.remote import add_remote
from dsv.progress import Silent
from dsv.remotes.lazy_supply import default_supply
from dsv.store.upkeep.collect import GRACE
from dsv.workspace import Caller, Workspace
from tests.unit.workspace_fixtures import Workshop


class DayPasses(Silent):
    """Lets the grace pass, and gc run, as soon as all packs of a push have arrived."""

    def __init__(self, remote: Path, push: Path, other: Workspace) -> None:
        self.deleted: tuple[str, ...] = ()
        self._remote = remote
        self._push = push
        self._other = other
        self._lock = threading.Lock()
        self._before = set(remote.glob("packs/*/*"))

    def advance(self, amount: int) -> None:
        """Count the packs."""
        with self._lock:
            packs = set(self._remote.glob("packs/*/*")) - self._before
            if self.deleted or not amount or len(packs) < 2:
                return
            past = time.time() - GRACE - 60
            for path in (*packs, *self._push.glob("*.tail")):
                os.utime(path, (past, past))
            self.deleted = gc_remote(self._other, "origin").deleted


@pytest.fixture
def ada(tmp_path: Path) -> Workshop:
    shop = Workshop(tmp_path / "ada")
    add_remote(shop.workspace, Remote("origin", f"file://{tmp_path}/remote"))
    shop.commit({"a.csv": "x\n1\n"}, "a.csv")
    push(shop.workspace)
    return shop


def test_what_gc_deleted_meanwhile_is_sent_again(ada: Workshop, tmp_path: Path) -> None:
    clone_remote(Remote("origin", f"file://{tmp_path}/remote"), tmp_path / "ben")
    commit = ada.commit({"b.csv": "y\n1\n"}, "b.csv")
    waiting = ada.root / ".dsv" / "cache" / "remotes" / "origin" / "push"
    day = DayPasses(tmp_path / "remote", waiting, Workspace.discover(tmp_path / "ben"))
    assert [one.after for one in push(ada.workspace, progress=day).moved] == [commit]
    assert len([name for name in day.deleted if name.startswith("packs/")]) == 2
    assert fsck_remote(ada.workspace, "origin", full=True).damage == ()
    clone_remote(Remote("origin", f"file://{tmp_path}/remote"), tmp_path / "eve")
    eve = Workspace.discover(tmp_path / "eve", Caller(supply=default_supply))
    assert Workshop(tmp_path / "eve").refs.head == commit
    assert (
        eve.repo.contents.read(eve.repo.datasets(eve.repo.snapshot_of(commit))["b.csv"].checkpoint.content)
        == b"y\n1\n"
    )
