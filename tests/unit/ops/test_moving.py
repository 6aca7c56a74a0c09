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
    assert checkout(shop.repo, one).carried == ()
    assert (shop.read("a"), shop.read("b")) == ("1", "mine")
    assert shop.changes() == ({}, {"b": "modified"})
    shop.add("b")
    assert checkout(shop.repo, "main").carried == ("b",)
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
        checkout(shop.repo, one)
    assert shop.refs == before
    assert shop.read("a") == "mine"
    moved = checkout(shop.repo, one, force=True).moved
    assert (shop.read("a"), shop.read("d/x"), shop.holds("d/y")) == ("1", "1", False)
    assert moved.kept == (() if staged else ("a", "d"))
    undo(shop.repo)
    assert (shop.read("a"), shop.read("d/x"), shop.read("d/y")) == ("mine", "2", "mine")
    assert shop.changes() == (
        ({"a": "modified", "d": "modified"}, {}) if staged else ({}, {"a": "modified", "d": "modified"})
    )
    undo(shop.repo)
    assert (shop.read("a"), shop.read("d/x"), shop.holds("d/y")) == ("1", "1", False)
    assert shop.changes() == ({}, {})


def test_untracked_files(shop: Workshop) -> None:
    one = shop.commit({"a": "1"}, "a")
    two = shop.commit({"b": "2", "s/c": "2"}, "b", "s/c")
    checkout(shop.repo, one)
    assert not shop.holds("b")
    assert not shop.holds("s")
    shop.write({"b": "mine", "other": "mine"})
    with pytest.raises(InTheWay, match="b would be overwritten"):
        checkout(shop.repo, two)
    assert not shop.holds("s/c")
    shop.write({"b": "2"})
    checkout(shop.repo, two)
    assert (shop.read("b"), shop.read("s/c"), shop.read("other")) == ("2", "2", "mine")


@pytest.mark.parametrize("wanted", [{"x": "1"}, {"s/deep/x": "1"}])
def test_a_file_where_a_folder_belongs(shop: Workshop, wanted: dict[str, str]) -> None:
    one = shop.commit({f"d/{name}": text for name, text in wanted.items()}, "d")
    rm(shop.repo, ["d"])
    shop.commit({"d": "now a file"}, "d")
    assert checkout(shop.repo, one).moved.written == ("d",)
    assert all(shop.read(f"d/{name}") == text for name, text in wanted.items())
    assert checkout(shop.repo, "main").moved.written == ("d",)
    assert shop.read("d") == "now a file"
    shop.write({"d": "mine"})
    with pytest.raises(InTheWay):
        checkout(shop.repo, one)
    checkout(shop.repo, one, force=True)
    undo(shop.repo)
    assert shop.read("d") == "mine"


def test_heads(shop: Workshop) -> None:
    one = shop.commit({"a": "1"}, "a")
    two = shop.commit({"a": "2"})
    done = checkout(shop.repo, one)
    assert (done.branch, done.commit, shop.status().branch) == (None, one, None)
    with pytest.raises(Refused, match="detached"):
        shop.commit({"a": "3"})
    assert checkout(shop.repo, "HEAD", new_branch="side").branch == "side"
    three = shop.commit({"a": "3"})
    assert checkout(shop.repo, "main").commit == two
    assert [(ref.name, ref.commit, ref.current) for ref in names(shop.repo, "branches")] == [
        ("main", two, True),
        ("side", three, False),
    ]
    with pytest.raises(Refused, match="exists already"):
        checkout(shop.repo, "main", new_branch="side")
    with pytest.raises(NotFound):
        checkout(shop.repo, "nothing")
    assert checkout_locked(shop.repo).branch == "main"


def test_names_go_and_come_back(shop: Workshop) -> None:
    shop.commit({"a": "1"}, "a")
    checkout(shop.repo, "main", new_branch="side")
    two = shop.commit({"a": "2"})
    with pytest.raises(Refused, match="HEAD is on"):
        delete(shop.repo, "branches", "side", force=True)
    checkout(shop.repo, "main")
    with pytest.raises(Refused, match="on no other branch"):
        delete(shop.repo, "branches", "side")
    assert delete(shop.repo, "branches", "side", force=True).commit == two
    undo(shop.repo)
    assert shop.refs.branches["side"] == two
    create(shop.repo, "tags", "v1", "side")
    delete(shop.repo, "branches", "side")
    delete(shop.repo, "tags", "v1")
    for family in ("branches", "tags"):
        with pytest.raises(NotFound):
            delete(shop.repo, family, "v1")


def test_one_dataset_of_another_version(shop: Workshop) -> None:
    one = shop.commit({"a": "1", "g/b": "1"}, "a", "g/b")
    shop.commit({"a": "2", "g/b": "2"})
    checkout_paths(shop.repo, one, ["g"])
    assert (shop.read("a"), shop.read("g/b")) == ("2", "1")
    assert shop.changes() == ({"g/b": "modified"}, {})
    shop.write({"a": "mine"})
    with pytest.raises(InTheWay):
        checkout_paths(shop.repo, one, ["a"])
    checkout_paths(shop.repo, one, ["a"], force=True)
    undo(shop.repo)
    assert shop.read("a") == "mine"


def test_restore(shop: Workshop) -> None:
    shop.commit({"a": "1", "d/x": "1"}, "a", "d")
    shop.write({"a": "2"})
    shop.add("a")
    shop.write({"a": "3", "d/x": None, "d/y": "new"})
    restore(shop.repo, ["a", "d"])
    assert (shop.read("a"), shop.read("d/x"), shop.holds("d/y")) == ("2", "1", False)
    undo(shop.repo)
    assert (shop.read("a"), shop.read("d/y")) == ("3", "new")
    restore(shop.repo, ["."])
    assert unstage(shop.repo, ["a"]) == ("a",)
    assert shop.changes() == ({}, {"a": "modified"})
    restore(shop.repo, ["a"])
    assert shop.read("a") == "1"
    for action in (restore, unstage):
        with pytest.raises(NotFound):
            action(shop.repo, ["nothing"])


def test_what_was_dropped_is_no_deletion(shop: Workshop) -> None:
    shop.commit({"a": "1", "b": "1"}, "a", "b")
    drop_working(shop.repo, ["a"])
    assert shop.status().absent == ("a",)
    assert shop.changes() == ({}, {})
    shop.commit({"b": "2"})
    assert shop.datasets() == ["a", "b"]
    rm(shop.repo, ["a"])
    unstage(shop.repo, ["a"])
    assert shop.status().absent == ("a",)
    shop.commit({"b": "3"})
    assert shop.datasets() == ["a", "b"]
    restore(shop.repo, ["a"])
    assert shop.read("a") == "1"


def test_absent_data_stays_absent(shop: Workshop) -> None:
    one = shop.commit({"a": "1", "b": "1"}, "a", "b")
    shop.commit({"a": "2", "b": "2"})
    drop_working(shop.repo, ["a"])
    checkout(shop.repo, one)
    assert shop.status().absent == ("a",)
    assert shop.read("b") == "1"
    checkout_paths(shop.repo, "main", ["a"])
    assert shop.read("a") == "2"


def test_rm(shop: Workshop) -> None:
    shop.commit({"a": "1", "g/b": "1", "g/c": "1"}, "a", "g/b", "g/c")
    shop.write({"a": "mine"})
    with pytest.raises(InTheWay):
        rm(shop.repo, ["a"])
    assert rm(shop.repo, ["a"], keep=True).paths == ("a",)
    assert shop.read("a") == "mine"
    assert rm(shop.repo, ["g"]).removed == ("g/b", "g/c")
    assert not shop.holds("g")
    assert shop.datasets() == []
    undo(shop.repo)
    assert shop.read("g/c") == "1"
    assert shop.datasets() == ["g/b", "g/c"]
    with pytest.raises(NotFound):
        rm(shop.repo, ["a"])


def test_a_deletion_is_taken_back_and_comes_back(shop: Workshop) -> None:
    shop.commit({"a": "1", "d/x": "1"}, "a", "d")
    shop.commit({"b": "1"}, "b")
    before = shop.refs.branches
    for name in ("a", "d/x"):
        (shop.root / name).unlink()
    (shop.root / "d").rmdir()
    restore(shop.repo, ["a", "d"])
    for _ in range(2):
        assert (shop.read("a"), shop.read("d/x")) == ("1", "1")
        assert undo(shop.repo).entry.what.endswith("restore a d")
        assert (shop.holds("a"), shop.holds("d"), shop.holds("b")) == (False, False, True)
        assert shop.changes() == ({}, {"a": "removed", "d": "removed"})
        undo(shop.repo)
    assert shop.changes() == ({}, {})
    assert shop.refs.branches == before


def test_what_was_written_over_a_deletion_is_kept_when_that_comes_back(shop: Workshop) -> None:
    shop.commit({"a": "1"}, "a")
    shop.write({"a": None})
    restore(shop.repo, ["a"])
    shop.write({"a": "mine"})
    undo(shop.repo)
    assert not shop.holds("a")
    undo(shop.repo)
    assert shop.read("a") == "mine"


@pytest.mark.parametrize("target", ["a", "b"])
def test_a_checkout_over_a_deletion_is_taken_back(shop: Workshop, target: str) -> None:
    one = shop.commit({"a": "1"}, "a")
    shop.commit({"a": "2", "b": "2"}, "b")
    shop.write({target: None})
    if target == "a":
        checkout_paths(shop.repo, one, ["a"])
        assert shop.read("a") == "1"
    else:
        checkout(shop.repo, one)  # which has no such dataset
    undo(shop.repo)
    assert not shop.holds(target)
    assert shop.changes() == ({}, {target: "removed"})
    undo(shop.repo)
    assert (shop.holds("a"), shop.holds("b")) == (True, target == "a")


def test_a_restore_that_does_nothing_is_no_operation(shop: Workshop) -> None:
    shop.commit({"a": "1"}, "a")
    end = shop.local.oplog
    restore(shop.repo, ["a"])
    assert shop.local.oplog == end


def test_undo_of_add_leaves_the_files_alone(shop: Workshop) -> None:
    shop.commit({"a": "1"}, "a")
    shop.write({"a": "2", "new": "1"})
    shop.add("a", "new")
    shop.write({"a": "3"})
    (shop.root / "new").unlink()
    undo(shop.repo)
    assert shop.read("a") == "3"
    assert shop.changes() == ({}, {"a": "modified"})
    undo(shop.repo)
    assert shop.read("a") == "3"
    assert not shop.holds("new")
    assert shop.changes() == ({"a": "modified", "new": "added"}, {"a": "modified", "new": "removed"})


def test_undo_leaves_an_untracked_file_that_a_checkout_wanted(shop: Workshop) -> None:
    shop.commit({"a": "1", "d/x": "1"}, "a", "d")
    rm(shop.repo, ["a", "d"], keep=True)
    assert shop.status().untracked == ("a", "d/")
    for action in (lambda: checkout(shop.repo, "main", force=True), lambda: restore(shop.repo, ["a", "d"])):
        action()
        undo(shop.repo)
        assert (shop.read("a"), shop.read("d/x")) == ("1", "1")
        assert shop.status().untracked == ("a", "d/")


def test_undo_of_a_commit(shop: Workshop) -> None:
    one = shop.commit({"a": "1"}, "a")
    two = shop.commit({"a": "2"})
    assert undo(shop.repo).entry.what == "commit -a -m 'message 2'"
    assert shop.refs.head == one
    assert shop.read("a") == "2"
    undo(shop.repo)
    assert shop.refs.head == two
    assert shop.changes() == ({}, {})


def test_nothing_to_undo(shop: Workshop) -> None:
    with pytest.raises(AnswerNo):
        undo(shop.repo)


def test_gc_keeps_what_can_be_undone(shop: Workshop) -> None:
    shop.commit({"a": "1"}, "a")
    shop.write({"a": "mine"})
    checkout(shop.repo, "main", force=True)
    gc(shop.repo, grace=0)
    undo(shop.repo)
    assert shop.read("a") == "mine"
    assert fsck(shop.repo).damage == ()


def test_stored_bytes_that_were_given_up(shop: Workshop) -> None:
    one = shop.commit({"a": "first version", "d/x": "kept"}, "a", "d")
    shop.commit({"a": "second version"})
    target = place(shop.repo, f"a@{one}", ["a"])
    with pytest.raises(Refused, match="no remote is known"):
        drop_stored(shop.repo, target)
    drop_stored(shop.repo, target, force=True)
    gc(shop.repo, grace=0, keep_days=0)
    assert [finding.damage for finding in fsck(shop.repo).findings if finding.damage != "garbage"] == [ABSENT]
    assert shop.cat("a@HEAD") == "second version"
    assert shop.cat(f"d@{one}:x") == "kept"
    shop.write({"a": "first version"})
    shop.add("a")
    assert shop.cat(f"a@{one}") == "first version"
    assert fsck(shop.repo).damage == ()
