"""init, add, rm, commit, status."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face


def write(dsv: Face, name: str, text: str) -> Path:
    path = dsv.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def committed(dsv: Face) -> Face:
    write(dsv, "data/trips.csv", "a,b\n1,x\n2,y\n")
    dsv.ok("add", "data/trips.csv")
    dsv.ok("commit", "-m", "first")
    return dsv


def test_init_twice_changes_nothing(outside: Face) -> None:
    first = outside.json("init")
    assert first["created"] is True
    assert (first["branch"], first["head"]) == ("main", None)
    before = (outside.folder / ".dsv" / "refs").read_bytes()
    assert outside.json("init")["created"] is False
    assert (outside.folder / ".dsv" / "refs").read_bytes() == before


def test_init_makes_the_folder_and_a_store_elsewhere(outside: Face, tmp_path: Path) -> None:
    outside.ok("init", "new", "--store", str(tmp_path / "big"))
    assert (outside.folder / "new" / "dsv.toml").is_file()
    assert (tmp_path / "big").is_dir()
    outside.fails("init", "other", "--store", str(outside.folder), code=3)


def test_status_of_a_new_workspace(dsv: Face) -> None:
    document = dsv.json("status")
    assert document["branch"] == "main"
    assert document["head"] is None
    assert document["lock"] == "match"
    assert document["remote"] is None
    assert dsv("status", "--exit-code").code == 0


def test_add_then_commit_then_clean(dsv: Face) -> None:
    write(dsv, "data/trips.csv", "a,b\n1,x\n2,y\n")
    assert dsv.json("status")["untracked"] == ["data/"]
    assert dsv("status", "--exit-code").code == 1
    added = dsv.json("add", "data/trips.csv")
    assert [(one["path"], one["change"], one["size"]) for one in added["staged"]] == [
        ("data/trips.csv", "added", 12)
    ]
    assert dsv.json("status")["staged"] == [
        {"path": "data/trips.csv", "change": "added", "files": None, "origin_only": False}
    ]
    done = dsv.json("commit", "-m", "first")
    assert done["commit"]["author"] == "Ada <ada@example.org>"
    assert done["commit"]["datasets"] == ["data/trips.csv"]
    assert done["branch"] == "main"
    status = dsv.json("status")
    assert status["head"] == done["commit"]["id"]
    assert (status["staged"], status["unstaged"], status["untracked"]) == ([], [], [])


def test_commit_tells_rows_ids_and_origin(dsv: Face) -> None:
    write(dsv, "a.csv", "a\n1\n")
    dsv.ok("add", "a.csv")
    out = dsv.ok("commit", "-m", "first")
    assert out.startswith("main ")
    assert "source (no run)" in out


def test_commit_with_nothing_staged_is_no(committed: Face) -> None:
    error = committed.fails("commit", "-m", "again", code=1)
    assert error["kind"] == "no"
    assert error["message"] == "nothing to commit"


def test_commit_all_records_changes_and_removals(committed: Face) -> None:
    write(committed, "b.csv", "b\n1\n")
    committed.ok("add", "b.csv")
    committed.ok("commit", "-m", "second")
    write(committed, "data/trips.csv", "a,b\n1,x\n")
    (committed.folder / "b.csv").unlink()
    changes = {one["path"]: one["change"] for one in committed.json("status")["unstaged"]}
    assert changes == {"data/trips.csv": "modified", "b.csv": "removed"}
    done = committed.json("commit", "-am", "third")
    assert {one["path"]: one["change"] for one in done["datasets"]} == changes


def test_folder_changes_are_counted(dsv: Face) -> None:
    write(dsv, "images/a.txt", "a")
    write(dsv, "images/b.txt", "b")
    dsv.ok("add", "images")
    dsv.ok("commit", "-m", "images")
    write(dsv, "images/c.txt", "c")
    write(dsv, "images/a.txt", "another")
    (dsv.folder / "images" / "b.txt").unlink()
    change = dsv.json("status")["unstaged"]
    assert change == [
        {
            "path": "images",
            "change": "modified",
            "files": {"added": 1, "removed": 1, "modified": 1},
            "origin_only": False,
        }
    ]
    assert "modified  images (+1 -1 ~1 files)" in dsv.ok("status")


def test_paths_are_relative_to_the_current_folder(committed: Face) -> None:
    folder = committed.folder / "data"
    write(committed, "data/more.csv", "a\n1\n")
    document = committed.json("add", "more.csv", cwd=folder)
    assert document["staged"][0]["path"] == "data/more.csv"
    assert committed.ok("-C", "data", "cat", "trips.csv") == "a,b\n1,x\n2,y\n"


@pytest.mark.parametrize("path", ["../elsewhere.csv", "/etc/hostname"])
def test_paths_outside_the_workspace_are_refused(dsv: Face, path: str) -> None:
    assert dsv.fails("add", path, code=3)["kind"] == "refused"


def test_a_path_that_is_not_there(committed: Face) -> None:
    assert committed.fails("add", "nothing.csv", code=3)["kind"] == "not-found"
    (committed.folder / "data" / "trips.csv").unlink()
    assert committed.fails("add", "data/trips.csv", code=3)["hint"] == "dsv rm data/trips.csv"


def test_names_with_odd_characters_are_told_safely_and_exactly(dsv: Face) -> None:
    write(dsv, "a\nb 🦆.csv", "a\n1\n")
    dsv.ok("add", "a\nb 🦆.csv")
    assert "a\\nb 🦆.csv" in dsv.ok("status")
    assert dsv.json("status")["staged"][0]["path"] == "a\nb 🦆.csv"


def test_rm_deletes_only_what_is_stored(committed: Face) -> None:
    path = write(committed, "data/trips.csv", "changed\n")
    assert committed.fails("rm", "data/trips.csv", code=3)["kind"] == "in-the-way"
    assert path.read_text(encoding="utf-8") == "changed\n"
    document = committed.json("rm", "--keep", "data/trips.csv")
    assert document == {"v": 1, "paths": ["data/trips.csv"], "removed": []}
    assert path.exists()
    committed.ok("undo")
    committed.ok("restore", "data/trips.csv")
    assert committed.json("rm", "data/trips.csv")["removed"] == ["data/trips.csv"]
    assert not path.exists()


def test_the_author_comes_from_settings_then_git(
    dsv: Face, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DSV_AUTHOR")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (tmp_path / "gitconfig").write_text("[user]\n name = Grace\n email = g@example.org\n", encoding="utf-8")

    def author() -> str:
        path = dsv.folder / "a.txt"
        path.write_text(path.read_text(encoding="utf-8") + "x" if path.exists() else "x", encoding="utf-8")
        dsv.ok("add", "a.txt")
        found: str = dsv.json("commit", "-m", "m")["commit"]["author"]
        return found

    assert author() == "Grace <g@example.org>"
    (tmp_path / "gitconfig").unlink()
    assert "@" in author()
    dsv.ok("config", "user", "Hedy")
    assert author() == "Hedy"
    monkeypatch.setenv("DSV_AUTHOR", "Ada")
    assert author() == "Ada"


def test_in_git_the_branch_is_gits_and_data_is_ignored(outside: Face) -> None:
    subprocess.run(["git", "init", "-q", "-b", "trunk"], cwd=outside.folder, check=True)
    document = outside.json("init")
    assert (document["branch"], document["git"]) == ("trunk", True)
    write(outside, "a.csv", "a\n1\n")
    outside.ok("add", "a.csv")
    done = subprocess.run(
        ["git", "status", "--porcelain"], cwd=outside.folder, check=True, capture_output=True, text=True
    )
    assert "a.csv" not in done.stdout
    assert "dsv.toml" in done.stdout


def test_what_git_tracks_is_refused(outside: Face) -> None:
    subprocess.run(["git", "init", "-q"], cwd=outside.folder, check=True)
    outside.ok("init")
    write(outside, "a.csv", "a\n1\n")
    subprocess.run(["git", "add", "-f", "a.csv"], cwd=outside.folder, check=True)
    assert "git rm" in outside.fails("add", "a.csv", code=3)["hint"]


def test_add_of_a_folder_of_untracked_data_says_how_to_track_it(dsv: Face) -> None:
    (dsv.folder / "my data").mkdir()
    (dsv.folder / "my data" / "a.csv").write_text("x\n", encoding="utf-8")
    (dsv.folder / "notes").mkdir()
    done = dsv("add", ".")
    assert (done.code, done.out) == (0, "untracked my data/\n")
    assert done.err.endswith("hint: dsv add 'my data'\n")
    done = dsv("add", "..", cwd=dsv.folder / "notes")
    assert done.err.endswith("hint: dsv add '../my data'\n")


def test_the_first_commit_tells_what_belongs_in_git(outside: Face) -> None:
    subprocess.run(["git", "init", "-q"], cwd=outside.folder, check=True)
    outside.ok("init")
    (outside.folder / "a.csv").write_text("a\n1\n", encoding="utf-8")
    outside.ok("add", "a.csv")
    assert "hint: git add dsv.toml dsv.lock .gitignore" in outside("commit", "-m", "one").err
    (outside.folder / "a.csv").write_text("a\n2\n", encoding="utf-8")
    assert "git add" not in outside("commit", "-am", "two").err
