"""What makes stale besides inputs and code: listings, absences, data outside and in git, histories."""

from pathlib import Path

import pytest

from dsv.hashing import file_id
from dsv.model.verdict import VerdictStatus
from dsv.ops.drop import drop_working
from dsv.ops.status import status
from dsv.records.dataset_names import datasets_at
from dsv.render.stale_words import text
from dsv.render.verdict_words import reason
from dsv.runs.rebuild.hash_check import check_hashes
from dsv.workspace import Caller, Workspace
from tests.unit.runs.stale.stale_fixtures import record
from tests.unit.workspace_fixtures import Workshop


def stale(shop: Workshop, home: Path | None = None) -> dict[str, str]:
    def ask() -> dict[str, str]:
        workspace = Workspace.discover(shop.root, Caller(home=home))
        return {one.path: text(one.reasons) for one in status(workspace).stale}

    found = ask()
    assert found == ask()  # what was remembered says the same
    return found


def hashes(shop: Workshop, path: str, *, here: bool = True) -> tuple[VerdictStatus, str]:
    (found,) = check_hashes(shop.workspace, datasets_at(shop.workspace.repo, "HEAD"), [path], here=here)
    return found.status, reason(found)


@pytest.fixture
def globbed(shop: Workshop) -> Workshop:
    """all.csv is made of the two files in raw/, which its run listed."""
    shop.commit({"raw/a.csv": "1", "raw/b.csv": "2", "all.csv": "12"}, "raw/a.csv", "raw/b.csv")
    record(shop, ["raw/a.csv", "raw/b.csv"], ["all.csv"], listings=["raw", ""])
    shop.commit({})
    return shop


def test_a_new_name_in_a_listed_folder(globbed: Workshop) -> None:
    assert stale(globbed) == {}
    globbed.write({"raw/e.csv": "3"})
    assert stale(globbed) == {"all.csv": "raw/: e.csv is new"}
    assert hashes(globbed, "all.csv") == (VerdictStatus.STALE, "raw/: e.csv is new")
    globbed.write({"raw/f.csv": "3"})
    assert stale(globbed) == {"all.csv": "raw/: e.csv and f.csv are new"}


def test_names_in_the_workspace_itself(globbed: Workshop) -> None:
    globbed.write({"notes.csv": "1"})
    assert stale(globbed) == {"all.csv": "./: notes.csv is new"}


def test_datasets_that_no_listing_of_the_workspace_tells(globbed: Workshop) -> None:
    globbed.commit({".hidden.csv": "1", "README.md": "2"}, ".hidden.csv", "README.md")
    assert stale(globbed) == {}


def test_what_was_listed_is_gone_or_another_thing(shop: Workshop) -> None:
    shop.write({"raw/a.txt": "1", "raw/b.txt": "2", "out": "12"})
    record(shop, [], ["out"], listings=["raw"])
    shop.write({"raw/a.txt": None, "raw/b.txt": None})
    (shop.root / "raw/b.txt").mkdir()
    assert stale(shop) == {"out": "raw/: a.txt is gone, b.txt is something else now"}


def test_a_listed_folder_is_gone(shop: Workshop) -> None:
    (shop.root / "empty").mkdir()
    shop.write({"raw/a.txt": "1", "out": "12"})
    record(shop, [], ["out"], listings=["raw", "empty"])
    (shop.root / "raw/a.txt").unlink()
    (shop.root / "raw").rmdir()
    (shop.root / "empty").rmdir()
    assert stale(shop) == {"out": "raw/: a.txt is gone"}


def test_what_the_run_and_those_after_it_make_is_not_new_to_it(globbed: Workshop) -> None:
    globbed.write({"report/x.csv": "1", "raw/sum.csv": "3"})
    record(globbed, ["all.csv"], ["report/x.csv"])
    record(globbed, ["report/x.csv"], ["raw/sum.csv"])
    assert stale(globbed) == {}
    globbed.write({"raw/c.csv": "3"})
    record(globbed, [], ["raw/c.csv"])  # but this is not made of it
    assert stale(globbed)["all.csv"] == "raw/: c.csv is new"


def test_data_that_is_not_here_by_choice_is_listed_all_the_same(globbed: Workshop) -> None:
    drop_working(globbed.workspace, ["raw/a.csv", "raw/b.csv", "all.csv"])
    assert not globbed.holds("raw")
    assert stale(globbed) == {}
    assert hashes(globbed, "all.csv") == (VerdictStatus.RECORDED, "")


def test_a_listing_at_another_commit_is_told_from_its_datasets(globbed: Workshop) -> None:
    globbed.write({"raw/untracked.csv": "3"})
    assert hashes(globbed, "all.csv", here=False) == (VerdictStatus.RECORDED, "")
    globbed.commit({}, "raw/untracked.csv")
    assert hashes(globbed, "all.csv", here=False) == (VerdictStatus.STALE, "raw/: untracked.csv is new")


def test_a_folder_that_is_an_input_is_judged_by_its_content(shop: Workshop) -> None:
    shop.commit({"raw/a.png": "1", "out": "1"}, "raw")
    record(shop, ["raw"], ["out"], listings=["raw"])
    shop.write({"raw/b.png": "2"})
    assert stale(shop) == {"out": "raw changed"}


def test_caches_and_what_rules_name_are_in_no_listing(globbed: Workshop) -> None:
    globbed.write({".dsvignore": "*.log\n", "raw/run.log": "1", "raw/__pycache__/x.pyc": "1"})
    assert stale(globbed) == {}


def test_what_was_looked_for_in_vain(shop: Workshop) -> None:
    shop.write({"out": "1"})
    record(shop, [], ["out"], absent=["local_settings.py", "conf/local.yml", "out.tmp"])
    assert stale(shop) == {}
    shop.write({"local_settings.py": ""})
    assert stale(shop) == {"out": "local_settings.py is there now"}
    shop.write({"conf/local.yml": ""})
    assert stale(shop) == {"out": "conf/local.yml and local_settings.py are there now"}


def test_an_absence_that_a_later_run_fills(shop: Workshop) -> None:
    shop.write({"out": "1", "end": "2"})
    record(shop, [], ["out"], absent=["end"])
    record(shop, ["out"], ["end"])
    assert stale(shop) == {}


def test_a_link_that_leads_to_something_else(shop: Workshop) -> None:
    shop.commit({"v/1.csv": "1", "v/2.csv": "2", "out": "2"}, "v/2.csv")
    link = shop.root / "v/now.csv"
    link.symlink_to("2.csv")
    record(shop, ["v/2.csv"], ["out"], links={"v/now.csv": "v/2.csv"})
    shop.commit({})
    assert stale(shop) == {}
    link.unlink()
    link.symlink_to("../v/./2.csv")  # the same place, spelled otherwise
    assert stale(shop) == {}
    link.unlink()
    assert stale(shop) == {}
    assert hashes(shop, "out") == (VerdictStatus.RECORDED, "links: not checked (v/now.csv)")
    link.symlink_to("1.csv")
    assert stale(shop) == {"out": "v/now.csv leads to v/1.csv"}
    assert hashes(shop, "out") == (VerdictStatus.STALE, "v/now.csv leads to v/1.csv")
    link.unlink()
    shop.write({"v/now.csv": "2"})
    assert stale(shop) == {"out": "v/now.csv is no link any more"}


def test_a_link_out_of_the_workspace_is_judged_by_what_is_found_there(shop: Workshop, tmp_path: Path) -> None:
    old, new = tmp_path / "disk1", tmp_path / "disk2"
    for folder in (old, new):
        folder.mkdir()
        (folder / "x.csv").write_text("1")
    shop.write({"out": "1"})
    link = shop.root / "big"
    link.symlink_to(old)
    record(shop, [], ["out"], outside={f"{old}/x.csv": b"1"}, links={"big": str(old)})
    shop.commit({})
    assert stale(shop) == {}
    link.unlink()
    link.symlink_to(new)
    assert stale(shop) == {}
    (new / "x.csv").write_text("2")
    assert stale(shop) == {"out": f"outside {old}/x.csv changed"}
    link.unlink()
    link.symlink_to(".")
    assert stale(shop) == {"out": "big leads to ."}


def test_data_outside(shop: Workshop, tmp_path: Path) -> None:
    far = tmp_path / "far.csv"
    far.write_text("1")
    shop.write({"out": "1"})
    record(shop, [], ["out"], outside={str(far): b"1", "~/near.csv": b"2"})
    shop.commit({})
    home = tmp_path / "home"
    home.mkdir()
    assert stale(shop) == {}
    assert hashes(shop, "out") == (VerdictStatus.RECORDED, "outside: not checked (~/near.csv)")
    (home / "near.csv").write_text("2")
    assert stale(shop, home) == {}
    (home / "near.csv").write_text("3")
    far.write_text("0")
    assert stale(shop, home) == {"out": f"outside {far} and outside ~/near.csv changed"}
    far.unlink()
    assert stale(shop) == {}
    assert hashes(shop, "out", here=False) == (
        VerdictStatus.RECORDED,
        f"outside: not checked ({far} and ~/near.csv)",
    )


def test_data_in_git_is_compared_by_its_bytes(shop: Workshop) -> None:
    shop.write({"table.py": "x = 1\n", "main.py": "y = 1\n", "out": "1"})
    record(shop, [], ["out"], ["table.py", "main.py"], in_git=["table.py"])
    shop.write({"table.py": "x  =  1\n", "main.py": "y  =  1\n"})
    assert stale(shop) == {"out": "table.py changed"}


def test_data_in_git_that_became_a_dataset(shop: Workshop) -> None:
    shop.write({"cities.txt": "Oslo\n", "raw": "0", "out": "1"})
    record(shop, [], ["out"], ["cities.txt"], in_git=["cities.txt"])
    shop.commit({}, "cities.txt", "raw")
    assert stale(shop) == {}
    drop_working(shop.workspace, ["cities.txt"])
    assert stale(shop) == {}
    assert hashes(shop, "out", here=False) == (VerdictStatus.RECORDED, "")
    shop.write({"cities.txt": "Oslo\n"})
    record(shop, ["raw"], ["cities.txt"])  # and that a run makes now
    shop.write({"raw": "1"})
    assert stale(shop) == {"cities.txt": "raw changed", "out": "cities.txt is stale"}


def test_text_is_never_the_same_table(shop: Workshop) -> None:
    """A step may copy the characters."""
    table = file_id(b"a table")
    shop.write({"raw": "0", "mid.csv": "1.0", "end": "2"})
    shop.add("raw")
    record(shop, ["raw"], ["mid.csv"], tables={"mid.csv": table})
    record(shop, ["mid.csv"], ["end"])
    shop.write({"mid.csv": "1.00"})
    record(shop, ["raw"], ["mid.csv"], tables={"mid.csv": table})
    assert stale(shop) == {"end": "mid.csv changed"}


def test_a_folder_with_text_is_never_the_same_table(shop: Workshop) -> None:
    table = file_id(b"a table")
    for name, alike in (("x.csv", False), ("x.parquet", True)):
        shop.write({"raw": "0", f"{name}s/{name}": "1.0", "end": "2"})
        shop.add("raw")
        record(shop, ["raw"], [f"{name}s"], tables={f"{name}s": table})
        record(shop, [f"{name}s"], ["end"])
        shop.write({f"{name}s/{name}": "1.00"})
        record(shop, ["raw"], [f"{name}s"], tables={f"{name}s": table})
        assert stale(shop) == ({} if alike else {"end": f"{name}s changed"})


def test_a_table_that_only_a_source_has_is_not_compared(shop: Workshop) -> None:
    shop.commit({"raw": "0", "end": "2"}, "raw")
    record(shop, ["raw"], ["end"])
    shop.commit({"raw": "00"})
    assert stale(shop) == {"end": "raw changed"}


@pytest.fixture
def built(shop: Workshop) -> Workshop:
    """raw -> load -> etl.db -> transform, in place -> dump -> agg."""
    shop.write({"raw": "0", "etl.db": "1", "l.py": "1", "t.py": "1"})
    shop.add("raw")
    record(shop, ["raw"], ["etl.db"], ["l.py"], name="load", argv=["load"])
    shop.write({"etl.db": "2", "agg": "3"})
    record(shop, ["etl.db"], ["etl.db"], ["t.py"], name="transform", argv=["transform"])
    record(shop, ["etl.db"], ["agg"], name="dump", argv=["dump"])
    shop.commit({})
    return shop


def test_the_history_behind_an_update_in_place(built: Workshop) -> None:
    assert stale(built) == {}
    built.write({"raw": "1"})
    assert stale(built) == {"agg": "etl.db is stale", "etl.db": "raw changed"}
    assert hashes(built, "etl.db") == (VerdictStatus.RECORDED, "")
    built.commit({})
    assert hashes(built, "etl.db") == (VerdictStatus.STALE, "raw changed")
    built.write({"t.py": "2", "l.py": "2"})
    assert stale(built) == {"agg": "etl.db is stale", "etl.db": "raw, l.py and t.py changed"}


def test_only_the_last_of_a_repeated_step_counts(built: Workshop) -> None:
    """A load that was run again on top of it all says what it reads; the first one's data is history."""
    built.write({"raw": "1"})
    built.add("raw")
    built.write({"etl.db": "4"})
    record(built, ["raw", "etl.db"], ["etl.db"], ["l.py"], name="load", argv=["load"])
    built.write({"etl.db": "5"})
    record(built, ["etl.db"], ["etl.db"], ["t.py"], name="transform", argv=["transform"])
    assert stale(built) == {"agg": "etl.db changed"}
    built.write({"raw": "2"})
    assert stale(built) == {"agg": "etl.db changed", "etl.db": "raw changed"}


def test_steps_with_other_parameters_are_others(shop: Workshop) -> None:
    shop.commit({"log": "0", "mon": "1", "tue": "2"}, "log", "mon", "tue")
    shop.write({"log": "01"})
    record(shop, ["log", "mon"], ["log"], argv=["append"], params={"day": "mon"})
    shop.write({"log": "012"})
    record(shop, ["log", "tue"], ["log"], argv=["append"], params={"day": "tue"})
    assert stale(shop) == {}
    shop.write({"mon": "3"})
    assert stale(shop) == {"log": "mon changed"}
    shop.write({"mon": None})
    assert stale(shop) == {"log": "mon is gone"}


def test_an_update_after_an_edit_by_hand_goes_back_to_the_edit(built: Workshop) -> None:
    built.commit({"etl.db": "by hand"})
    built.write({"etl.db": "6", "raw": "1"})
    record(built, ["etl.db"], ["etl.db"], ["t.py"], argv=["transform"])
    assert stale(built) == {"agg": "etl.db changed"}


def test_an_update_of_what_was_renamed(built: Workshop) -> None:
    (built.root / "etl.db").rename(built.root / "new.db")
    built.commit({}, "new.db")
    built.write({"raw": "1"})
    found = stale(built)
    assert found["new.db"] == "raw changed"
