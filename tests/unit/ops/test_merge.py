"""Merges of commits: by dataset, and in folders by file."""

import pytest

from dsv.errors import Conflict, InTheWay, MergeConflict, NotFound, Refused
from dsv.ops.branch import create
from dsv.ops.checkout import checkout
from dsv.ops.drop import drop_working
from dsv.ops.log import log
from dsv.ops.merge import Sides, merge
from dsv.ops.rm import rm
from dsv.ops.undo import undo
from dsv.records.dataset_names import datasets_at
from tests.unit.workspace_fixtures import Workshop


@pytest.fixture
def parted(shop: Workshop) -> Workshop:
    """Two branches that part from one commit: main, which is checked out, and side."""
    shop.commit({"a": "1", "b": "1", "d/x": "1", "d/y": "1", "d/s/z": "1"}, "a", "b", "d")
    create(shop.workspace, "branches", "side")
    return shop


def on_side(shop: Workshop, files: dict[str, str | None], *paths: str) -> None:
    checkout(shop.workspace, "side")
    shop.commit(files, *paths)
    checkout(shop.workspace, "main")


def test_nothing_and_fast_forward(parted: Workshop) -> None:
    head = parted.refs.head
    done = merge(parted.workspace, "side", author="ada")
    assert (done.kind, done.commit, done.moved) == ("nothing", head, None)
    on_side(parted, {"a": "2"})
    done = merge(parted.workspace, "side", author="ada")
    assert (done.kind, done.datasets) == ("fast-forward", ("a",))
    assert parted.read("a") == "2"
    assert parted.refs.head == parted.refs.branches["side"]
    undo(parted.workspace)
    assert (parted.refs.head, parted.read("a")) == (head, "1")


def test_both_sides(parted: Workshop) -> None:
    on_side(parted, {"a": "side", "d/x": "side", "d/s/new": "side", "d/y": None, "c": "side"}, "c")
    ours = parted.commit({"b": "main", "d/s/z": "main"})
    done = merge(parted.workspace, "side", author="bob", message="both")
    assert done.kind == "merge"
    assert [parted.read(name) for name in ("a", "b", "c", "d/x", "d/s/z", "d/s/new")] == [
        *("side", "main", "side", "side", "main", "side")
    ]
    assert not parted.holds("d/y")
    commit = parted.workspace.repo.commit(done.commit)
    assert commit.parents == (ours, parted.refs.branches["side"])
    assert (commit.author, commit.message) == ("bob", "both")
    assert parted.changes() == ({}, {})
    folder = datasets_at(parted.workspace.repo, "HEAD")["d"].checkpoint
    assert (folder.files, folder.size) == (3, len("side" * 3))
    origins = {datasets_at(parted.workspace.repo, rev)["d"].checkpoint.origin for rev in ("HEAD^1", "HEAD^2")}
    assert set(parted.workspace.repo.source(folder.origin).merged) == origins
    assert len(list(log(parted.workspace.repo))) == 4


def test_conflicts_change_nothing(parted: Workshop) -> None:
    on_side(parted, {"a": "side", "d/x": "side", "d/s/z": None, "b": "same"})
    parted.commit({"a": "main", "d/x": "main", "d/s/z": "main", "b": "same"})
    before = parted.refs.branches, parted.local.staged
    with pytest.raises(MergeConflict, match=r"a, d/s/z, d/x"):
        merge(parted.workspace, "side", author="ada")
    assert (parted.refs.branches, parted.local.staged) == before
    assert parted.changes() == ({}, {})
    done = merge(parted.workspace, "side", author="ada", sides=Sides(ours=["a"], theirs=["d"]))
    assert done.kind == "merge"
    assert [parted.read(name) for name in ("a", "b", "d/x")] == ["main", "same", "side"]
    assert not parted.holds("d/s/z")


def test_a_folder_stands_for_its_datasets(parted: Workshop) -> None:
    on_side(parted, {"a": "side", "d/x": "side"})
    parted.commit({"a": "main", "d/x": "main"})
    with pytest.raises(NotFound, match="no dataset on either side: e"):
        merge(parted.workspace, "side", author="ada", sides=Sides(ours=["."], theirs=["e"]))
    merge(parted.workspace, "side", author="ada", sides=Sides(ours=["."]))
    assert (parted.read("a"), parted.read("d/x")) == ("main", "main")


def test_the_hint_of_a_conflict_is_what_can_be_typed(parted: Workshop) -> None:
    on_side(parted, {"a": "side"})
    ours, theirs = parted.commit({"a": "main"}), parted.refs.branches["side"]
    (parted.root / "dsv.lock").write_text(
        f'<<<<<<< HEAD\nbranch = "main"\ncommit = "{ours}"\n=======\n'
        f'branch = "side"\ncommit = "{theirs}"\n>>>>>>> side\n'
    )
    with pytest.raises(MergeConflict) as caught:
        merge(parted.workspace, None, author="ada")
    assert caught.value.hint == "dsv merge --ours a, or --theirs a"


def test_a_conflict_in_a_folder_names_the_dataset_to_choose(parted: Workshop) -> None:
    on_side(parted, {"d/x": "side"})
    parted.commit({"d/x": "main"})
    with pytest.raises(MergeConflict, match="both sides: d/x") as caught:
        merge(parted.workspace, "side", author="ada")
    assert caught.value.hint == "dsv merge side --ours d, or --theirs d"
    with pytest.raises(NotFound, match="d/x is a file of the dataset d") as missed:
        merge(parted.workspace, "side", author="ada", sides=Sides(theirs=["d/x"]))
    assert missed.value.hint == "name d: one side's version of it is taken as a whole"


def test_each_dataset_in_conflict_is_named(parted: Workshop) -> None:
    on_side(parted, {"a": "side", "d/x": "side"})
    parted.commit({"a": "main", "d/x": "main"})
    with pytest.raises(MergeConflict) as caught:
        merge(parted.workspace, "side", author="ada")
    assert caught.value.hint == "dsv merge side --ours PATH, or --theirs PATH, for each of a and d"


def test_removed_here_and_changed_there(parted: Workshop) -> None:
    on_side(parted, {"a": "side"})
    rm(parted.workspace, ["a"])
    parted.commit({"b": "main"})
    with pytest.raises(MergeConflict, match="both sides: a"):
        merge(parted.workspace, "side", author="ada")
    merge(parted.workspace, "side", author="ada", sides=Sides(theirs=["a"]))
    assert parted.read("a") == "side"


def test_the_same_bytes_from_two_origins_are_no_conflict(parted: Workshop) -> None:
    checkout(parted.workspace, "side")
    rm(parted.workspace, ["a"])
    parted.commit({"new": "1"}, "new")  # a renamed: it keeps the origin of a
    checkout(parted.workspace, "main")
    parted.commit({"new": "1"}, "new")
    there, here = (datasets_at(parted.workspace.repo, rev)["new"].checkpoint for rev in ("side", "main"))
    assert there.origin != here.origin
    done = merge(parted.workspace, "side", author="ada")
    assert done.kind == "merge"
    assert parted.read("new") == "1"
    assert not parted.holds("a")


def test_a_folder_and_a_file_of_one_name(parted: Workshop) -> None:
    on_side(parted, {"d/x": "side"})
    rm(parted.workspace, ["d"])
    parted.commit({"d": "a file"}, "d")
    with pytest.raises(MergeConflict, match="both sides: d"):
        merge(parted.workspace, "side", author="ada")


def test_uncommitted_data_in_the_way(parted: Workshop) -> None:
    on_side(parted, {"a": "side"})
    parted.write({"a": "mine"})
    with pytest.raises(InTheWay):
        merge(parted.workspace, "side", author="ada")
    assert parted.read("a") == "mine"
    parted.add("a")
    with pytest.raises(InTheWay, match="staged"):
        merge(parted.workspace, "side", author="ada")


def test_absent_data_stays_absent(parted: Workshop) -> None:
    on_side(parted, {"a": "side", "b": "side"})
    drop_working(parted.workspace, ["a"])
    merge(parted.workspace, "side", author="ada")
    assert not parted.holds("a")
    assert parted.read("b") == "side"
    assert parted.cat("a@HEAD") == "side"
    assert parted.status().absent == ("a",)


def test_refused(parted: Workshop) -> None:
    with pytest.raises(NotFound, match="no conflict"):
        merge(parted.workspace, None, author="ada")
    with pytest.raises(NotFound):
        merge(parted.workspace, "nothing", author="ada")
    checkout(parted.workspace, "HEAD~0")
    with pytest.raises((Refused, Conflict), match="detached"):
        merge(parted.workspace, "side", author="ada")


def test_the_two_sides_of_a_lock(parted: Workshop) -> None:
    on_side(parted, {"a": "side"})
    ours = parted.commit({"b": "main"})
    theirs = parted.refs.branches["side"]
    (parted.root / "dsv.lock").write_text(
        f'<<<<<<< HEAD\nbranch = "main"\ncommit = "{ours}"\n=======\n'
        f'branch = "side"\ncommit = "{theirs}"\n>>>>>>> side\n'
    )
    done = merge(parted.workspace, None, author="ada")
    assert done.kind == "merge"
    assert (parted.read("a"), parted.read("b")) == ("side", "main")
    assert parted.status().lock_matches
