"""What moves the working tree: checkout, restore, rm, drop, undo; and what it never loses."""

import pytest

from dsv.errors import AnswerNo, InTheWay, NotFound, Refused
from dsv.ops.branch import create, delete, names
from dsv.ops.checkout import checkout, checkout_locked, checkout_paths
from dsv.ops.drop import drop_stored, drop_working
from dsv.ops.fsck import ABSENT, fsck
from dsv.ops.gc import gc
from dsv.ops.restore import restore, unstage
from dsv.ops.rm import rm
from dsv.ops.undo import undo
from dsv.records.dataset_names import place
from tests.unit.workspace_fixtures import Workshop


def test_a_change_that_both_commits_do_not_care_about_is_carried_over(shop: Workshop) -> None:
    one = shop.commit({"a": "1", "b": "1"}, "a", "b")
    shop.commit({"a": "2"})
    shop.write({"b": "mine"})
    assert checkout(shop.workspace, one).carried == ()
    assert (shop.read("a"), shop.read("b")) == ("1", "mine")
    assert shop.changes() == ({}, {"b": "modified"})
    shop.add("b")
    assert checkout(shop.workspace, "main").carried == ("b",)
    assert (shop.read("a"), shop.read("b")) == ("2", "mine")
    assert shop.changes() == ({"b": "modified"}, {})


@pytest.mark.parametrize("staged", [True, False])
def test_a_change_in_the_way(shop: Workshop, staged: bool) -> None:
    one = shop.commit({"a": "1", "d/x": "1"}, "a", "d")
    shop.commit({"a": "2", "d/x": "2"})
    shop.write({"a": "mine", "d/y": "mine"})
    if staged:
        shop.add("a", "d")
    before = shop.refs
    with pytest.raises(InTheWay, match="a, d"):
        checkout(shop.workspace, one)
    assert shop.refs == before
    assert shop.read("a") == "mine"
    moved = checkout(shop.workspace, one, force=True).moved
    assert (shop.read("a"), shop.read("d/x"), shop.holds("d/y")) == ("1", "1", False)
    assert moved.kept == (() if staged else ("a", "d"))
    undo(shop.workspace)
    assert (shop.read("a"), shop.read("d/x"), shop.read("d/y")) == ("mine", "2", "mine")
    assert shop.changes() == (
        ({"a": "modified", "d": "modified"}, {}) if staged else ({}, {"a": "modified", "d": "modified"})
    )
    undo(shop.workspace)
    assert (shop.read("a"), shop.read("d/x"), shop.holds("d/y")) == ("1", "1", False)
    assert shop.changes() == ({}, {})


def test_untracked_files(shop: Workshop) -> None:
    one = shop.commit({"a": "1"}, "a")
    two = shop.commit({"b": "2", "s/c": "2"}, "b", "s/c")
    checkout(shop.workspace, one)
    assert not shop.holds("b")
    assert not shop.holds("s")
    shop.write({"b": "mine", "other": "mine"})
    with pytest.raises(InTheWay, match="b would be overwritten"):
        checkout(shop.workspace, two)
    assert not shop.holds("s/c")
    shop.write({"b": "2"})
    checkout(shop.workspace, two)
    assert (shop.read("b"), shop.read("s/c"), shop.read("other")) == ("2", "2", "mine")


@pytest.mark.parametrize("wanted", [{"x": "1"}, {"s/deep/x": "1"}])
def test_a_file_where_a_folder_belongs(shop: Workshop, wanted: dict[str, str]) -> None:
    one = shop.commit({f"d/{name}": text for name, text in wanted.items()}, "d")
    rm(shop.workspace, ["d"])
    shop.commit({"d": "now a file"}, "d")
    assert checkout(shop.workspace, one).moved.written == ("d",)
    assert all(shop.read(f"d/{name}") == text for name, text in wanted.items())
    assert checkout(shop.workspace, "main").moved.written == ("d",)
    assert shop.read("d") == "now a file"
    shop.write({"d": "mine"})
    with pytest.raises(InTheWay):
        checkout(shop.workspace, one)
    checkout(shop.workspace, one, force=True)
    undo(shop.workspace)
    assert shop.read("d") == "mine"


def test_heads(shop: Workshop) -> None:
    one = shop.commit({"a": "1"}, "a")
    two = shop.commit({"a": "2"})
    done = checkout(shop.workspace, one)
    assert (done.branch, done.commit, shop.status().branch) == (None, one, None)
    with pytest.raises(Refused, match="detached"):
        shop.commit({"a": "3"})
    assert checkout(shop.workspace, "HEAD", new_branch="side").branch == "side"
    three = shop.commit({"a": "3"})
    assert checkout(shop.workspace, "main").commit == two
    assert [(ref.name, ref.commit, ref.current) for ref in names(shop.workspace.repo, "branches")] == [
        ("main", two, True),
        ("side", three, False),
    ]
    with pytest.raises(Refused, match="exists already"):
        checkout(shop.workspace, "main", new_branch="side")
    with pytest.raises(NotFound):
        checkout(shop.workspace, "nothing")
    assert checkout_locked(shop.workspace).branch == "main"


def test_names_go_and_come_back(shop: Workshop) -> None:
    shop.commit({"a": "1"}, "a")
    checkout(shop.workspace, "main", new_branch="side")
    two = shop.commit({"a": "2"})
    with pytest.raises(Refused, match="HEAD is on"):
        delete(shop.workspace, "branches", "side", force=True)
    checkout(shop.workspace, "main")
    with pytest.raises(Refused, match="on no other branch"):
        delete(shop.workspace, "branches", "side")
    assert delete(shop.workspace, "branches", "side", force=True).commit == two
    undo(shop.workspace)
    assert shop.refs.branches["side"] == two
    create(shop.workspace, "tags", "v1", "side")
    delete(shop.workspace, "branches", "side")
    delete(shop.workspace, "tags", "v1")
    for family in ("branches", "tags"):
        with pytest.raises(NotFound):
            delete(shop.workspace, family, "v1")


def test_one_dataset_of_another_version(shop: Workshop) -> None:
    one = shop.commit({"a": "1", "g/b": "1"}, "a", "g/b")
    shop.commit({"a": "2", "g/b": "2"})
    checkout_paths(shop.workspace, one, ["g"])
    assert (shop.read("a"), shop.read("g/b")) == ("2", "1")
    assert shop.changes() == ({"g/b": "modified"}, {})
    shop.write({"a": "mine"})
    with pytest.raises(InTheWay):
        checkout_paths(shop.workspace, one, ["a"])
    checkout_paths(shop.workspace, one, ["a"], force=True)
    undo(shop.workspace)
    assert shop.read("a") == "mine"


def test_restore(shop: Workshop) -> None:
    shop.commit({"a": "1", "d/x": "1"}, "a", "d")
    shop.write({"a": "2"})
    shop.add("a")
    shop.write({"a": "3", "d/x": None, "d/y": "new"})
    restore(shop.workspace, ["a", "d"])
    assert (shop.read("a"), shop.read("d/x"), shop.holds("d/y")) == ("2", "1", False)
    undo(shop.workspace)
    assert (shop.read("a"), shop.read("d/y")) == ("3", "new")
    restore(shop.workspace, ["."])
    assert unstage(shop.workspace, ["a"]) == ("a",)
    assert shop.changes() == ({}, {"a": "modified"})
    restore(shop.workspace, ["a"])
    assert shop.read("a") == "1"
    for action in (restore, unstage):
        with pytest.raises(NotFound):
            action(shop.workspace, ["nothing"])


def test_what_was_dropped_is_no_deletion(shop: Workshop) -> None:
    shop.commit({"a": "1", "b": "1"}, "a", "b")
    drop_working(shop.workspace, ["a"])
    assert shop.status().absent == ("a",)
    assert shop.changes() == ({}, {})
    shop.commit({"b": "2"})
    assert shop.datasets() == ["a", "b"]
    rm(shop.workspace, ["a"])
    unstage(shop.workspace, ["a"])
    assert shop.status().absent == ("a",)
    shop.commit({"b": "3"})
    assert shop.datasets() == ["a", "b"]
    restore(shop.workspace, ["a"])
    assert shop.read("a") == "1"


def test_absent_data_stays_absent(shop: Workshop) -> None:
    one = shop.commit({"a": "1", "b": "1"}, "a", "b")
    shop.commit({"a": "2", "b": "2"})
    drop_working(shop.workspace, ["a"])
    checkout(shop.workspace, one)
    assert shop.status().absent == ("a",)
    assert shop.read("b") == "1"
    checkout_paths(shop.workspace, "main", ["a"])
    assert shop.read("a") == "2"


def test_rm(shop: Workshop) -> None:
    shop.commit({"a": "1", "g/b": "1", "g/c": "1"}, "a", "g/b", "g/c")
    shop.write({"a": "mine"})
    with pytest.raises(InTheWay):
        rm(shop.workspace, ["a"])
    assert rm(shop.workspace, ["a"], keep=True).paths == ("a",)
    assert shop.read("a") == "mine"
    assert rm(shop.workspace, ["g"]).removed == ("g/b", "g/c")
    assert not shop.holds("g")
    assert shop.datasets() == []
    undo(shop.workspace)
    assert shop.read("g/c") == "1"
    assert shop.datasets() == ["g/b", "g/c"]
    with pytest.raises(NotFound):
        rm(shop.workspace, ["a"])


def test_a_deletion_is_taken_back_and_comes_back(shop: Workshop) -> None:
    shop.commit({"a": "1", "d/x": "1"}, "a", "d")
    shop.commit({"b": "1"}, "b")
    before = shop.refs.branches
    for name in ("a", "d/x"):
        (shop.root / name).unlink()
    (shop.root / "d").rmdir()
    restore(shop.workspace, ["a", "d"])
    for _ in range(2):
        assert (shop.read("a"), shop.read("d/x")) == ("1", "1")
        assert undo(shop.workspace).entry.what.endswith("restore a d")
        assert (shop.holds("a"), shop.holds("d"), shop.holds("b")) == (False, False, True)
        assert shop.changes() == ({}, {"a": "removed", "d": "removed"})
        undo(shop.workspace)
    assert shop.changes() == ({}, {})
    assert shop.refs.branches == before


def test_what_was_written_over_a_deletion_is_kept_when_that_comes_back(shop: Workshop) -> None:
    shop.commit({"a": "1"}, "a")
    shop.write({"a": None})
    restore(shop.workspace, ["a"])
    shop.write({"a": "mine"})
    undo(shop.workspace)
    assert not shop.holds("a")
    undo(shop.workspace)
    assert shop.read("a") == "mine"


@pytest.mark.parametrize("target", ["a", "b"])
def test_a_checkout_over_a_deletion_is_taken_back(shop: Workshop, target: str) -> None:
    one = shop.commit({"a": "1"}, "a")
    shop.commit({"a": "2", "b": "2"}, "b")
    shop.write({target: None})
    if target == "a":
        checkout_paths(shop.workspace, one, ["a"])
        assert shop.read("a") == "1"
    else:
        checkout(shop.workspace, one)  # which has no such dataset
    undo(shop.workspace)
    assert not shop.holds(target)
    assert shop.changes() == ({}, {target: "removed"})
    undo(shop.workspace)
    assert (shop.holds("a"), shop.holds("b")) == (True, target == "a")


def test_a_restore_that_does_nothing_is_no_operation(shop: Workshop) -> None:
    shop.commit({"a": "1"}, "a")
    end = shop.local.oplog
    restore(shop.workspace, ["a"])
    assert shop.local.oplog == end


def test_undo_of_add_leaves_the_files_alone(shop: Workshop) -> None:
    shop.commit({"a": "1"}, "a")
    shop.write({"a": "2", "new": "1"})
    shop.add("a", "new")
    shop.write({"a": "3"})
    (shop.root / "new").unlink()
    undo(shop.workspace)
    assert shop.read("a") == "3"
    assert shop.changes() == ({}, {"a": "modified"})
    undo(shop.workspace)
    assert shop.read("a") == "3"
    assert not shop.holds("new")
    assert shop.changes() == ({"a": "modified", "new": "added"}, {"a": "modified", "new": "removed"})


def test_undo_leaves_an_untracked_file_that_a_checkout_wanted(shop: Workshop) -> None:
    shop.commit({"a": "1", "d/x": "1"}, "a", "d")
    rm(shop.workspace, ["a", "d"], keep=True)
    assert shop.status().untracked == ("a", "d/")
    for action in (
        lambda: checkout(shop.workspace, "main", force=True),
        lambda: restore(shop.workspace, ["a", "d"]),
    ):
        action()
        undo(shop.workspace)
        assert (shop.read("a"), shop.read("d/x")) == ("1", "1")
        assert shop.status().untracked == ("a", "d/")


def test_undo_of_a_commit(shop: Workshop) -> None:
    one = shop.commit({"a": "1"}, "a")
    two = shop.commit({"a": "2"})
    assert undo(shop.workspace).entry.what == "commit -a -m 'message 2'"
    assert shop.refs.head == one
    assert shop.read("a") == "2"
    undo(shop.workspace)
    assert shop.refs.head == two
    assert shop.changes() == ({}, {})


def test_nothing_to_undo(shop: Workshop) -> None:
    with pytest.raises(AnswerNo):
        undo(shop.workspace)


def test_gc_keeps_what_can_be_undone(shop: Workshop) -> None:
    shop.commit({"a": "1"}, "a")
    shop.write({"a": "mine"})
    checkout(shop.workspace, "main", force=True)
    gc(shop.workspace, grace=0)
    undo(shop.workspace)
    assert shop.read("a") == "mine"
    assert fsck(shop.workspace).damage == ()


def test_stored_bytes_that_were_given_up(shop: Workshop) -> None:
    one = shop.commit({"a": "first version", "d/x": "kept"}, "a", "d")
    shop.commit({"a": "second version"})
    target = place(shop.workspace.repo, f"a@{one}", ["a"])
    with pytest.raises(Refused, match="no remote is known"):
        drop_stored(shop.workspace, target)
    drop_stored(shop.workspace, target, force=True)
    gc(shop.workspace, grace=0, keep_days=0)
    assert [finding.damage for finding in fsck(shop.workspace).findings if finding.damage != "garbage"] == [
        ABSENT
    ]
    assert shop.cat("a@HEAD") == "second version"
    assert shop.cat(f"d@{one}:x") == "kept"
    shop.write({"a": "first version"})
    shop.add("a")
    assert shop.cat(f"a@{one}") == "first version"
    assert fsck(shop.workspace).damage == ()
