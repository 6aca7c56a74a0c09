"""`dsv mv`, and `undo` of it and of runs."""

import subprocess
import sys

import pytest

from tests.cli.face_fixtures import Face


def put(dsv: Face, files: dict[str, str]) -> None:
    for name, text in files.items():
        (dsv.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (dsv.folder / name).write_text(text)


def held(dsv: Face) -> dict[str, str]:
    return {
        path.relative_to(dsv.folder).as_posix(): path.read_text()
        for path in sorted(dsv.folder.rglob("*"))
        if path.is_file() and ".dsv" not in path.parts and not path.name.startswith(("dsv.", ".git"))
    }


def origin(dsv: Face, path: str) -> object:
    return dsv.json("why", path)["now"]["origin"]


@pytest.fixture
def made(dsv: Face) -> Face:
    """raw.csv -> deep/out.csv, by a script."""
    put(
        dsv,
        {
            "raw.csv": "1",
            "deep/keep": "",
            "a.py": "open('deep/out.csv', 'w').write(open('raw.csv').read() + '!')\n",
        },
    )
    dsv.ok("run", "--", sys.executable, "a.py")
    dsv.ok("commit", "-m", "one")
    return dsv


def test_the_origin_stays(made: Face) -> None:
    before = origin(made, "deep/out.csv")
    done = made.json("mv", "deep/out.csv", "new/place.csv")
    assert done["renamed"] == [{"from": "deep/out.csv", "to": "new/place.csv"}]
    assert held(made)["new/place.csv"] == "1!"
    assert "deep/out.csv" not in held(made)
    assert origin(made, "new/place.csv") == before
    found = made.json("status")
    assert {one["path"]: one["change"] for one in found["staged"]} == {
        "deep/out.csv": "removed",
        "new/place.csv": "added",
    }
    assert found["unstaged"] == found["stale"] == []
    made.ok("commit", "-m", "moved")
    assert made.json("verify", "--level", "hashes")["ok"]
    put(made, {"raw.csv": "2"})
    made.ok("rerun")
    assert (held(made)["new/place.csv"], "deep/out.csv" in held(made)) == ("2!", False)


def test_undo(made: Face) -> None:
    before = held(made)
    made.ok("mv", "deep/out.csv", "new/place.csv")
    after = held(made)
    made.ok("undo")
    assert (held(made), made.json("status")["staged"]) == (before, [])
    made.ok("undo")
    assert held(made) == after


def test_folders(dsv: Face) -> None:
    put(dsv, {"raw/a.csv": "1", "raw/b/c.csv": "2", "set/x": "3", "set/y": "4", "old/here": "5"})
    dsv.ok("add", "raw/a.csv", "raw/b/c.csv", "set")
    assert "renamed  raw/a.csv -> data/a.csv\nrenamed  raw/b/c.csv -> data/b/c.csv\n" in dsv.ok(
        "mv", "raw", "data"
    )
    assert not (dsv.folder / "raw").exists()
    dsv.ok("mv", "set", "old")
    assert held(dsv) == {
        "data/a.csv": "1",
        "data/b/c.csv": "2",
        "old/here": "5",
        "old/set/x": "3",
        "old/set/y": "4",
    }
    dsv.ok("commit", "-m", "one")


def test_what_is_not_here_by_choice(made: Face) -> None:
    made.ok("drop", "deep/out.csv")
    made.ok("mv", "deep/out.csv", "far.csv")
    assert made.json("status")["absent"] == ["far.csv"]
    made.ok("restore", "far.csv")
    assert held(made)["far.csv"] == "1!"


def test_what_is_refused(made: Face) -> None:
    put(made, {"x": "1", "set/a": "1"})
    made.ok("add", "set")
    before = held(made)
    assert "no dataset x" in made.fails("mv", "x", "y", code=3)["message"]
    assert "is a dataset already" in made.fails("mv", "deep/out.csv", "raw.csv", code=3)["message"]
    assert "is there already" in made.fails("mv", "raw.csv", "x", code=3)["message"]
    assert "overlap" in made.fails("mv", "raw.csv", "set/b", code=3)["message"]
    assert "into itself" in made.fails("mv", "set", "set/b", code=3)["message"]
    made.fails("mv", "raw.csv", "dsv.toml", code=3)
    made.fails("mv", "raw.csv", ".dsv/raw.csv", code=3)
    made.fails("mv", "set/a", "b", code=3)
    assert held(made) == before
    put(made, {"raw.csv": "changed"})
    assert made.fails("mv", "raw.csv", "b.csv", code=3)["hint"] == "dsv add raw.csv, or dsv restore raw.csv"


def test_what_git_tracks_is_refused(dsv: Face) -> None:
    put(dsv, {"a.csv": "1", "b.csv": "2"})
    for words in (["init", "-q"], ["add", "b.csv"]):
        subprocess.run(["git", *words], cwd=dsv.folder, check=True)
    dsv.ok("add", "a.csv")
    (dsv.folder / "b.csv").unlink()
    assert "git tracks b.csv" in dsv.fails("mv", "a.csv", "b.csv", code=3)["message"]
    dsv.ok("mv", "a.csv", "c.csv")
    assert "/c.csv" in (dsv.folder / ".gitignore").read_text()


def test_another_rule_is_told(made: Face) -> None:
    text = (made.folder / "dsv.toml").read_text()
    (made.folder / "dsv.toml").write_text(text + '\n[[dataset]]\nmatch = "deep/*"\npolicy = "exact"\n')
    assert made.json("mv", "deep/out.csv", "out.csv")["notes"] == [
        "out.csv is under another rule of dsv.toml than deep/out.csv was"
    ]


def test_undo_of_a_run_puts_the_files_back(made: Face) -> None:
    put(made, {"raw.csv": "2"})
    before = held(made)
    made.ok("run", "--", sys.executable, "a.py")
    after = held(made)
    assert after["deep/out.csv"] == "2!"
    made.ok("undo")
    assert held(made) == before
    found = made.json("status")
    assert (found["staged"], [one["path"] for one in found["unstaged"]]) == ([], ["raw.csv"])
    made.ok("undo")
    assert held(made) == after
    made.ok("commit", "-am", "two")
    assert made.json("verify", "--level", "hashes")["ok"]


def test_undo_of_the_first_run_leaves_what_it_read(dsv: Face) -> None:
    put(dsv, {"raw.csv": "1", "a.py": "open('out.csv', 'w').write(open('raw.csv').read())\n"})
    before = held(dsv)
    dsv.ok("run", "--", sys.executable, "a.py")
    dsv.ok("undo")
    assert held(dsv) == before
    found = dsv.json("status")
    assert (found["staged"], found["untracked"]) == ([], ["a.py", "raw.csv"])
    dsv.ok("undo")
    assert held(dsv) == {**before, "out.csv": "1"}


def test_undo_of_a_run_brings_back_what_was_not_staged(made: Face) -> None:
    put(made, {"deep/out.csv": "by hand"})
    made.ok("run", "--", sys.executable, "a.py")
    assert held(made)["deep/out.csv"] == "1!"
    made.ok("undo")
    assert held(made)["deep/out.csv"] == "by hand"
    assert [one["path"] for one in made.json("status")["unstaged"]] == ["deep/out.csv"]
