"""Moves of the working tree that were interrupted: every half of one is ended, and no edit is lost."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from dsv.ids import ObjectId
from dsv.ops.checkout import checkout
from dsv.store.refs import Local, Moving, Refs
from dsv.store.writer import Writer
from dsv.versions.switch.recover import Ended, finish
from dsv.workspace import Workspace
from tests.unit.workspace_fixtures import Workshop

BEFORE = {"d/same": "1", "d/changed": "1", "d/gone": "1", "d/s/gone": "1", "d/was": "1"}
AFTER = {"d/same": "1", "d/changed": "2", "d/new": "2", "d/t/new": "2", "d/was/folder": "2"}


def interrupted(shop: Workshop) -> tuple[ObjectId, ObjectId]:
    """Commit two versions, and have the refs say that a checkout of the second one began."""
    shop.commit(BEFORE, "d")
    workspace = shop.workspace
    before = workspace.repo.refs().mine.present
    for name in ("d/gone", "d/s/gone", "d/was"):
        (shop.root / name).unlink()
    (shop.root / "d/s").rmdir()
    shop.commit(AFTER)
    workspace = shop.workspace
    after = workspace.repo.refs().mine.present
    assert before is not None
    assert after is not None

    def begin(found: Refs, _: Writer) -> Refs:
        local = found.local or Local()
        return replace(found, local=replace(local, moving=Moving(before, after), lock_due=True))

    workspace.repo.publish(begin)
    return before, after


def lay(shop: Workshop, files: Mapping[str, str], *folders: str) -> None:
    for path in sorted((shop.root / "d").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    shop.write(files)
    for folder in folders:
        (shop.root / folder).mkdir(parents=True, exist_ok=True)


def files(shop: Workshop) -> dict[str, str]:
    found = (path for path in (shop.root / "d").rglob("*") if path.is_file())
    return {path.relative_to(shop.root).as_posix(): path.read_text() for path in found}


HALVES = {
    "nothing done": (BEFORE, ()),
    "all done": (AFTER, ()),
    "nothing there": ({}, ()),
    "one written": ({**BEFORE, "d/new": "2"}, ()),
    "one changed": ({**BEFORE, "d/changed": "2"}, ()),
    "one removed": ({name: text for name, text in BEFORE.items() if name != "d/gone"}, ()),
    "a folder emptied": ({name: text for name, text in BEFORE.items() if name != "d/s/gone"}, ("d/s",)),
    "a folder emptied, the rest written": (AFTER, ("d/s",)),
    "a folder made": (BEFORE, ("d/t",)),
    "a file made way": ({name: text for name, text in BEFORE.items() if name != "d/was"}, ()),
    "a folder instead of a file": (
        {name: text for name, text in BEFORE.items() if name != "d/was"},
        ("d/was",),
    ),
}


@pytest.mark.parametrize("half", HALVES)
def test_every_half_is_ended(shop: Workshop, half: str) -> None:
    interrupted(shop)
    content, folders = HALVES[half]
    lay(shop, content, *folders)
    ended = finish(shop.workspace)
    assert ended.left == ()
    assert files(shop) == AFTER
    assert not (shop.root / "d/s").exists()
    assert shop.local.moving is None
    assert shop.changes() == ({}, {})


@pytest.mark.parametrize("name", ["d/mine", "d/same", "d/changed", "d/gone", "d/new", "d/s/mine"])
def test_an_edit_in_between_is_not_touched(shop: Workshop, name: str) -> None:
    interrupted(shop)
    mine = {**BEFORE, "d/changed": "2", name: "mine"}
    lay(shop, mine)
    ended = finish(shop.workspace)
    assert ended.left == ("d",)
    assert files(shop) == mine
    assert shop.local.moving is None
    assert shop.changes() == ({}, {"d": "modified"})


def test_nothing_was_interrupted(shop: Workshop) -> None:
    shop.commit(BEFORE, "d")
    assert finish(shop.workspace) == Ended()


def test_the_next_checkout_ends_it(shop: Workshop) -> None:
    interrupted(shop)
    lay(shop, {**BEFORE, "d/new": "2"})
    checkout(Workspace(shop.root), "HEAD~1")
    assert files(shop) == BEFORE
    assert shop.changes() == ({}, {})
