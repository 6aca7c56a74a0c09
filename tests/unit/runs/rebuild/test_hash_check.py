"""The hashes level of `verify`."""

import pytest

from dsv.hashing import file_id
from dsv.model.verdict import VerdictStatus
from dsv.ops.drop import drop_working
from dsv.records.dataset_names import datasets_at
from dsv.render.verdict_words import reason
from dsv.runs.rebuild.hash_check import check_hashes
from dsv.runs.stale.step_order import steps_of
from dsv.workspace import Workspace
from tests.unit.runs.stale.stale_fixtures import record
from tests.unit.workspace_fixtures import Workshop


@pytest.fixture
def chain(shop: Workshop) -> Workshop:
    """raw.csv -> mid.csv -> end.csv, each by a script of its own."""
    shop.write({"raw.csv": "x\n1\n", "mid.csv": "x\n2\n", "end.csv": "x\n3\n"})
    shop.write({"a.py": "print(1)\n", "b.sql": "select 1"})
    shop.add("raw.csv")
    record(shop, ["raw.csv"], ["mid.csv"], ["a.py"])
    record(shop, ["mid.csv"], ["end.csv"], ["b.sql"])
    shop.commit({})
    return shop


def check(workspace: Workspace, *, here: bool = True) -> dict[str, tuple[VerdictStatus, str]]:
    found = check_hashes(workspace, datasets_at(workspace.repo, "HEAD"), here=here)
    return {one.path: (one.status, reason(one)) for one in found}


GOOD = {
    "end.csv": (VerdictStatus.RECORDED, ""),
    "mid.csv": (VerdictStatus.RECORDED, ""),
    "raw.csv": (VerdictStatus.SOURCE, ""),
}


def test_good(chain: Workshop) -> None:
    assert check(chain.workspace) == GOOD


def test_absent_data_is_clean(chain: Workshop) -> None:
    drop_working(chain.workspace, ["raw.csv", "mid.csv", "end.csv"])
    assert check(chain.workspace) == GOOD


def test_another_input_was_committed(chain: Workshop) -> None:
    chain.commit({"raw.csv": "x\n9\n"})
    assert check(chain.workspace) == {
        "end.csv": (VerdictStatus.STALE, "mid.csv is stale"),
        "mid.csv": (VerdictStatus.STALE, "raw.csv changed"),
        "raw.csv": (VerdictStatus.SOURCE, ""),
    }


def test_what_is_checked_out_differs(chain: Workshop) -> None:
    chain.write({"raw.csv": "x\n9\n", "mid.csv": None})
    assert check(chain.workspace) == {
        "end.csv": (VerdictStatus.RECORDED, ""),
        "mid.csv": (VerdictStatus.DIFFERENT, "it was deleted from the workspace"),
        "raw.csv": (VerdictStatus.DIFFERENT, "the copy in the workspace is not the committed version"),
    }


def test_a_folder_in_the_place_of_a_dataset(chain: Workshop) -> None:
    chain.write({"raw.csv": None})
    (chain.root / "raw.csv").symlink_to("a.py")
    assert check(chain.workspace)["raw.csv"] == (VerdictStatus.DIFFERENT, "raw.csv is a link")


def test_code(chain: Workshop) -> None:
    chain.write({"a.py": "print(2)\n", "b.sql": None})
    assert check(chain.workspace) == {
        "end.csv": (VerdictStatus.STALE, "mid.csv is stale"),
        "mid.csv": (VerdictStatus.STALE, "a.py changed"),
        "raw.csv": (VerdictStatus.SOURCE, ""),
    }
    chain.write({"a.py": "print(1)  # one\n"})
    assert check(chain.workspace) == {
        **GOOD,
        "end.csv": (VerdictStatus.RECORDED, "code: not checked (b.sql)"),
    }


def test_an_older_commit_is_not_compared_with_the_workspace(chain: Workshop) -> None:
    chain.write({"raw.csv": "x\n9\n", "a.py": "print(2)\n", "mid.csv": None})
    assert check(chain.workspace, here=False) == {
        "end.csv": (VerdictStatus.RECORDED, "code: not checked (b.sql)"),
        "mid.csv": (VerdictStatus.RECORDED, "code: not checked (a.py)"),
        "raw.csv": (VerdictStatus.SOURCE, ""),
    }


def test_edited_by_hand(chain: Workshop) -> None:
    chain.commit({"mid.csv": "x\n22\n"})
    chain.commit({"mid.csv": "x\n23\n"})
    found = check(chain.workspace)
    assert found["mid.csv"][0] is VerdictStatus.UNRECORDED
    assert "edited by hand" in found["mid.csv"][1]
    assert found["end.csv"] == (VerdictStatus.STALE, "mid.csv changed")


def test_edited_raw_data_stays_raw(chain: Workshop) -> None:
    chain.commit({"raw.csv": "x\n2\n"})
    chain.commit({"raw.csv": "x\n3\n"})
    assert check(chain.workspace)["raw.csv"] == (VerdictStatus.SOURCE, "")


def test_a_masked_command(shop: Workshop) -> None:
    shop.write({"out": "1"})
    record(shop, [], ["out"], argv=["fetch", "--token", "***"], masked=True)
    shop.commit({})
    assert check(shop.workspace)["out"][0] is VerdictStatus.UNRECORDED


def test_a_rename_keeps_its_run(chain: Workshop) -> None:
    (chain.root / "end.csv").rename(chain.root / "last.csv")
    chain.commit({}, "last.csv")
    assert check(chain.workspace)["last.csv"] == (VerdictStatus.RECORDED, "")


def test_only_some_are_reported_but_all_are_looked_at(chain: Workshop) -> None:
    chain.commit({"raw.csv": "x\n9\n"})
    workspace = chain.workspace
    (found,) = check_hashes(workspace, datasets_at(workspace.repo, "HEAD"), ["end.csv"])
    assert (found.path, found.status, reason(found)) == ("end.csv", VerdictStatus.STALE, "mid.csv is stale")


def test_nothing(shop: Workshop) -> None:
    assert check_hashes(shop.workspace, {}) == []


def test_origins_are_remembered_as_they_were_read(chain: Workshop) -> None:
    workspace = chain.workspace
    datasets = datasets_at(workspace.repo, "HEAD")
    read = steps_of(workspace, datasets)
    assert len(read.by_run) == 2
    workspace.worktree.cache.commit()
    again = chain.workspace
    assert steps_of(again, datasets) == read
    assert "objects" not in vars(again)  # no index was opened
    for number in range(100):
        again.worktree.cache.remember_snapshot(file_id(b"%d" % number), [])
    again.worktree.cache.commit()
    later = chain.workspace
    assert steps_of(later, datasets) == read
    assert "objects" not in vars(later)
    more = {**datasets, "other.csv": datasets["mid.csv"]}
    assert steps_of(chain.workspace, more).makers()["other.csv"].makes == ("mid.csv", "other.csv")
