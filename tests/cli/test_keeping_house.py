"""clone, drop, fsck, gc."""

from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face

TEXT = "a,b\n1,x\n2,y\n"


@pytest.fixture
def committed(dsv: Face) -> Face:
    (dsv.folder / "trips.csv").write_text(TEXT, encoding="utf-8")
    dsv.ok("add", "trips.csv")
    dsv.ok("commit", "-m", "first")
    dsv.ok("tag", "v1")
    return dsv


def test_clone_brings_everything(committed: Face, tmp_path: Path) -> None:
    document = committed.json("clone", str(committed.folder), "copy", cwd=tmp_path)
    assert (document["branch"], document["written"]) == ("main", ["trips.csv"])
    copy = tmp_path / "copy"
    assert (copy / "trips.csv").read_text(encoding="utf-8") == TEXT
    assert committed.json("status", cwd=copy)["head"] == document["head"]
    assert [one["name"] for one in committed.json("tag", cwd=copy)["tags"]] == ["v1"]
    assert committed.fails("clone", str(committed.folder), "copy", cwd=tmp_path, code=3)["kind"] == "refused"
    assert committed.fails("clone", "nowhere", cwd=tmp_path, code=3)["kind"] == "not-found"


def test_clone_without_checkout(committed: Face, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    committed.ok("clone", "--no-checkout", str(committed.folder), cwd=folder)
    assert not (folder / "work" / "trips.csv").exists()
    assert committed("cat", "trips.csv@v1", cwd=folder / "work").out == TEXT


def test_drop_of_the_working_copy_is_no_deletion(committed: Face) -> None:
    document = committed.json("drop", "trips.csv")
    assert document == {"v": 1, "paths": ["trips.csv"], "size": len(TEXT), "stored": False}
    assert not (committed.folder / "trips.csv").exists()
    status = committed.json("status")
    assert (status["absent"], status["unstaged"]) == (["trips.csv"], [])
    assert committed("cat", "trips.csv").out == TEXT
    committed.ok("restore", "trips.csv")
    assert (committed.folder / "trips.csv").read_text(encoding="utf-8") == TEXT


def test_drop_of_what_is_not_stored_is_refused(committed: Face) -> None:
    (committed.folder / "trips.csv").write_text("mine\n", encoding="utf-8")
    assert committed.fails("drop", "trips.csv", code=3)["kind"] == "in-the-way"
    assert committed.fails("drop", "nothing", code=3)["kind"] == "not-found"


def test_drop_of_stored_bytes_needs_force(committed: Face) -> None:
    (committed.folder / "trips.csv").write_text("a,b\n", encoding="utf-8")
    committed.ok("commit", "-am", "second")
    assert committed.fails("drop", "trips.csv@v1", code=3)["kind"] == "refused"
    committed.fails("drop", "trips.csv", "trips.csv@v1", code=2)
    assert committed.json("drop", "trips.csv@v1", "--force")["stored"] is True
    committed.ok("gc", "--now", "--keep", "0")
    assert committed("cat", "trips.csv@v1").code == 5
    findings = committed.json("fsck")["findings"]
    assert [one["damage"] for one in findings] == ["absent"]


def test_gc_now_leaves_nothing_whenever_it_was_written(committed: Face) -> None:
    for number in range(12):  # some of them early in a second, some late
        (committed.folder / "trips.csv").write_text(f"a,b\n{number},x\n", encoding="utf-8")
        committed.ok("commit", "-am", f"version {number}")
        committed.ok("gc", "--now", "--keep", "0")
        assert committed.json("fsck")["findings"] == []


def test_fsck_of_a_sound_store(committed: Face) -> None:
    document = committed.json("fsck")
    assert (document["ok"], document["findings"]) == (True, [])
    assert "no damage" in committed.ok("fsck")


def test_fsck_names_damage(committed: Face) -> None:
    for pack in (committed.folder / ".dsv").rglob("*.pack"):
        data = bytearray(pack.read_bytes())
        data[len(data) // 3] ^= 1
        pack.chmod(0o644)
        pack.write_bytes(data)
    document = committed.json("fsck", code=6)
    assert document["ok"] is False
    assert document["findings"]
    done = committed("fsck")
    assert done.code == 6
    assert "pack" in done.out


def test_gc_says_what_it_does(committed: Face) -> None:
    document = committed.json("gc", "--dry-run")
    assert document["dry_run"] is True
    assert committed.json("gc", "--now")["dry_run"] is False
    assert "deleted" in committed.ok("gc")
    assert committed.json("fsck")["ok"] is True
    committed.fails("gc", "--keep", "-1", code=2)
