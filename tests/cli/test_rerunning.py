"""`dsv rerun`, with commands that really run."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face, environment
from tests.waiting import Gate

COPY = """
import sys
from pathlib import Path
source, target, mark = sys.argv[1:]
Path("ran").open("a").write(mark)
Path(target).write_text(Path(source).read_text() + mark)
"""


@pytest.fixture
def chain(dsv: Face) -> Face:
    """raw.csv -> mid.csv -> end.csv, by two scripts."""
    (dsv.folder / ".dsvignore").write_text("ran\n")
    put(dsv, {"raw.csv": "0", "a.py": COPY, "b.py": COPY})
    dsv.ok("add", "raw.csv")
    dsv.ok("run", "--", sys.executable, "a.py", "raw.csv", "mid.csv", "A")
    dsv.ok("run", "-n", "last", "--", sys.executable, "b.py", "mid.csv", "end.csv", "B")
    dsv.ok("commit", "-m", "one")
    ran(dsv)
    return dsv


def put(dsv: Face, files: dict[str, str]) -> None:
    for name, text in files.items():
        (dsv.folder / name).write_text(text)


def read(dsv: Face, name: str) -> str:
    return (dsv.folder / name).read_text()


def ran(dsv: Face) -> str:
    """Return what ran since this was last asked."""
    place = dsv.folder / "ran"
    text = place.read_text() if place.exists() else ""
    place.unlink(missing_ok=True)
    return text


def states(document: dict[str, object]) -> dict[str, str]:
    steps = document["steps"]
    assert isinstance(steps, list)
    return {path: step["state"] for step in steps for path in step["datasets"]}


def test_nothing_to_do(chain: Face) -> None:
    assert chain.ok("rerun") == "everything is up to date\n"
    assert chain.ok("rerun", "--dry-run") == "everything is up to date\n"
    assert states(chain.json("rerun")) == {"mid.csv": "unchanged", "end.csv": "unchanged"}
    assert ran(chain) == ""


@pytest.mark.parametrize("options", [(), ("--dry-run",), ("-m", "two")])
def test_an_output_that_was_edited_by_hand_is_named(chain: Face, options: tuple[str, ...]) -> None:
    put(chain, {"end.csv": "mine"})
    done = chain("rerun", *options)
    assert done.code == 0
    assert "everything is up to date" not in done.out
    assert "end.csv: edited by hand" in done.err
    assert "hint: dsv restore end.csv brings back" in done.err
    assert chain.json("rerun", *options)["edited"] == ["end.csv"]
    assert (read(chain, "end.csv"), ran(chain)) == ("mine", "")
    chain.ok("restore", "end.csv")
    assert chain.ok("rerun") == "everything is up to date\n"


def test_in_order(chain: Face) -> None:
    put(chain, {"raw.csv": "1"})
    dry = chain.json("rerun", "--dry-run", code=1)
    assert [(step["reason"], step["state"]) for step in dry["steps"]] == [
        ("raw.csv changed", "stale"),
        ("mid.csv is stale", "stale"),
    ]
    assert ran(chain) == ""
    done = chain.json("rerun")
    assert ran(chain) == "AB"
    assert [step["reason"] for step in done["steps"]] == ["raw.csv changed", "mid.csv changed"]
    assert states(done) == {"mid.csv": "done", "end.csv": "done"}
    assert done["stale"] is False
    assert read(chain, "end.csv") == "1AB"
    status = chain.json("status")
    assert status["stale"] == []
    assert {one["path"] for one in status["staged"]} == {"mid.csv", "end.csv"}
    assert states(chain.json("rerun")) == {"mid.csv": "unchanged", "end.csv": "unchanged"}
    assert ran(chain) == ""


def test_what_comes_out_the_same_goes_no_further(chain: Face) -> None:
    put(chain, {"a.py": COPY + "\nassert True\n"})
    assert states(chain.json("rerun", "--dry-run", code=1)) == {"mid.csv": "stale", "end.csv": "stale"}
    assert states(chain.json("rerun")) == {"mid.csv": "done", "end.csv": "unchanged"}
    assert ran(chain) == "A"
    assert chain.json("status")["stale"] == []


def test_one_dataset_with_what_it_is_made_from(chain: Face) -> None:
    put(chain, {"raw.csv": "1"})
    assert states(chain.json("rerun", "mid.csv")) == {"mid.csv": "done"}
    assert chain.json("status")["stale"] == [{"path": "end.csv", "reason": "mid.csv changed"}]
    put(chain, {"raw.csv": "2"})
    assert states(chain.json("rerun", "end.csv")) == {"mid.csv": "done", "end.csv": "done"}
    assert read(chain, "end.csv") == "2AB"


def test_commit(chain: Face) -> None:
    put(chain, {"raw.csv": "1"})
    chain.ok("add", "raw.csv")
    assert chain.json("rerun", "-m", "again")["commit"] == chain.json("log")["commits"][0]["id"]
    assert chain.json("rerun", "-m", "again")["commit"] is None
    assert chain.json("verify", "--level", "hashes")["ok"]


def test_a_failure_puts_back_and_skips_what_waits(chain: Face) -> None:
    put(chain, {"other.csv": "x"})
    chain.ok("run", "--", sys.executable, "b.py", "raw.csv", "side.csv", "C")
    ran(chain)
    fails = COPY + "\nsys.exit(3)\n"
    put(chain, {"raw.csv": "1", "a.py": fails})
    done = chain.json("rerun", "-m", "never", code=1)
    assert states(done) == {"mid.csv": "failed", "end.csv": "skipped", "side.csv": "done"}
    assert [step["command_exit"] for step in done["steps"] if "mid.csv" in step["datasets"]] == [3]
    assert read(chain, "mid.csv") == "0A"
    assert read(chain, "end.csv") == "0AB"
    assert done["commit"] is None
    plain = chain("rerun")
    assert plain.code == 1
    assert "failed    mid.csv (its command failed with exit code 3)" in plain.out
    assert "skipped   end.csv (it waits for mid.csv)" in plain.out


def test_outputs_are_out_of_the_way(dsv: Face) -> None:
    put(
        dsv,
        {
            "in.csv": "1",
            "a.py": "from pathlib import Path\nPath('in.csv').read_text()\nPath('d').mkdir()\n"
            "open('d/x.csv', 'x').write('1')",
        },
    )
    dsv.ok("run", "-i", "in.csv", "-o", "d/x.csv", "--", sys.executable, "a.py")
    put(dsv, {"in.csv": "2", "a.py": "open('in.csv').read()\nopen('d/x.csv', 'x').write('2')"})
    dsv.ok("rerun")
    assert read(dsv, "d/x.csv") == "2"


def test_an_output_that_is_not_made_any_more_goes(dsv: Face) -> None:
    both = "from pathlib import Path\nPath('x.csv').write_text('1')\nPath('y.csv').write_text('1')\n"
    put(dsv, {"a.py": both})
    dsv.ok("run", "--", sys.executable, "a.py")
    put(dsv, {"a.py": both.replace("Path('y.csv')", "Path('x.csv')")})
    done = dsv.json("rerun")
    assert [step["gone"] for step in done["steps"]] == [["y.csv"]]
    assert not (dsv.folder / "y.csv").exists()
    dsv.ok("undo")
    assert read(dsv, "y.csv") == "1"


NAMES = """
import csv
from pathlib import Path
Path("by").mkdir(exist_ok=True)
for row in csv.reader(open("raw.csv")):
    Path("by", row[0] + ".csv").write_text(row[1])
"""


def test_names_that_come_from_the_data(dsv: Face) -> None:
    """A rerun can be repeated for ever, and leaves what a run from nothing would give."""
    put(dsv, {"a.py": NAMES, "raw.csv": "a,1\nb,2\n"})
    dsv.ok("run", "--", sys.executable, "a.py")
    dsv.ok("commit", "-m", "one")
    for raw, names in (("a,3\nc,4\n", "a c"), ("c,5\n", "c"), ("a,1\nb,2\n", "a b")):
        put(dsv, {"raw.csv": raw})
        dsv.ok("rerun", "-m", "again")
        assert sorted(path.stem for path in (dsv.folder / "by").iterdir()) == names.split()
        found = dsv.json("status")
        assert (found["stale"], found["unstaged"], found["untracked"]) == ([], [], [])


def test_a_folder_that_make_takes_for_made(dsv: Face) -> None:
    rules = "b.tar: b\n\ttar -cf $@ $<\n\nb: a.csv\n\tmkdir -p $@\n\tcp $^ $@\n\ttouch $@\n"
    put(dsv, {"Makefile": rules, "a.csv": "1"})
    dsv.ok("run", "--", "make")
    put(dsv, {"a.csv": "2"})
    dsv.ok("rerun")
    held = subprocess.run(["tar", "xOf", "b.tar", "b/a.csv"], cwd=dsv.folder, capture_output=True, check=True)
    assert held.stdout == b"2"


def test_a_folder_that_was_made_by_hand(dsv: Face) -> None:
    """A command that expects its folder finds it, though all that was in it is out of the way."""
    put(dsv, {"a.py": "open('out/x.csv', 'w').write(open('raw.csv').read())", "raw.csv": "1"})
    (dsv.folder / "out").mkdir()
    dsv.ok("run", "--", sys.executable, "a.py")
    for text in ("2", "3"):
        put(dsv, {"raw.csv": text})
        assert states(dsv.json("rerun")) == {"out/x.csv": "done"}
        assert read(dsv, "out/x.csv") == text


def test_a_folder_that_is_left_empty_fails_the_run(dsv: Face) -> None:
    text = "from pathlib import Path\nPath('end.csv').write_text(Path('raw.csv').read_text())\n"
    text += "Path('out').mkdir(exist_ok=True)\n"
    put(dsv, {"a.py": text + "Path('out/x').write_text('1')\nPath('out/y').write_text('1')", "raw.csv": "1"})
    dsv.ok("run", "-i", "raw.csv", "-o", "out", "-o", "end.csv", "--", sys.executable, "a.py")
    put(dsv, {"a.py": text, "raw.csv": "2"})
    (step,) = dsv.json("rerun", code=1)["steps"]
    assert (step["state"], step["reason"]) == ("failed", "its command left out empty")
    assert (read(dsv, "end.csv"), read(dsv, "out/x")) == ("1", "1")


def test_a_deleted_output_is_made_again(chain: Face) -> None:
    (chain.folder / "mid.csv").unlink()
    assert states(chain.json("rerun", "--dry-run", code=1)) == {"mid.csv": "stale", "end.csv": "stale"}
    assert states(chain.json("rerun")) == {"mid.csv": "done", "end.csv": "unchanged"}
    assert read(chain, "mid.csv") == "0A"
    chain.ok("drop", "mid.csv")
    assert states(chain.json("rerun")) == {"mid.csv": "unchanged", "end.csv": "unchanged"}


def test_only_what_leads_to_a_dataset_is_looked_at(chain: Face) -> None:
    put(chain, {"other.csv": "x"})
    chain.ok("add", "other.csv")
    chain.ok("run", "--", sys.executable, "b.py", "other.csv", "side.csv", "C")
    (chain.folder / "side.csv").unlink()
    (chain.folder / "side.csv").symlink_to("raw.csv")
    put(chain, {"raw.csv": "1"})
    chain.fails("rerun", "--dry-run", code=3)
    found = chain.json("rerun", "--dry-run", "end.csv", code=1)
    assert states(found) == {"mid.csv": "stale", "end.csv": "stale"}


def test_parameters(dsv: Face) -> None:
    put(dsv, {"a.py": "import sys\nopen('x.csv', 'w').write(sys.argv[1])\n"})
    dsv.ok("run", "-p", "n=1", "--", sys.executable, "a.py", "{n}")
    assert states(dsv.json("rerun", "-p", "n=1")) == {"x.csv": "unchanged"}
    (step,) = dsv.json("rerun", "-p", "n=2")["steps"]
    assert (step["state"], step["reason"]) == ("done", "parameter n changed")
    assert read(dsv, "x.csv") == "2"
    assert dsv.json("status")["stale"] == []
    assert "parameter m" in dsv.fails("rerun", "-p", "m=1", code=3)["message"]
    dsv.fails("rerun", "-p", "m", code=2)


def test_force(chain: Face) -> None:
    assert states(chain.json("rerun", "--force", "end.csv")) == {"mid.csv": "unchanged", "end.csv": "done"}
    assert ran(chain) == "B"
    chain.fails("rerun", "--force", code=2)


def test_updates_in_place_start_from_the_version_before(dsv: Face) -> None:
    put(dsv, {"log.csv": "0", "new.csv": "1"})
    put(
        dsv,
        {
            "a.py": "t = open('log.csv').read()\nn = open('new.csv').read()\nopen('log.csv', 'w').write(t + n)\n"
        },
    )
    dsv.ok("add", "log.csv", "new.csv")
    dsv.ok("run", "--", sys.executable, "a.py")
    assert dsv.ok("rerun") == "everything is up to date\n"
    for text in ("2", "3"):
        put(dsv, {"new.csv": text})
        assert states(dsv.json("rerun")) == {"log.csv": "done"}
        assert read(dsv, "log.csv") == f"0{text}"
        assert dsv.json("status")["stale"] == []
    dsv.ok("rerun", "--force", "log.csv")
    assert read(dsv, "log.csv") == "03"
    put(dsv, {"a.py": "open('log.csv').read()\nopen('log.csv', 'w').write('half')\nraise SystemExit(1)\n"})
    dsv.json("rerun", code=1)
    assert read(dsv, "log.csv") == "03"
    assert [one["path"] for one in dsv.json("status")["unstaged"]] == ["new.csv"]


LOAD = """
import sqlite3
db = sqlite3.connect("etl.db")
db.execute("drop table if exists raw")
db.execute("create table raw (n int)")
db.executemany("insert into raw values (?)", [(line,) for line in open("raw.csv").read().split()])
db.commit()
"""

TRANSFORM = """
import sqlite3
db = sqlite3.connect("etl.db")
db.execute("drop table if exists agg")
db.execute("create table agg as select sum(n) n from raw")
db.commit()
"""

DUMP = """
import sqlite3
open("agg.csv", "w").write(str(sqlite3.connect("etl.db").execute("select n from agg").fetchone()[0]))
"""


@pytest.fixture
def database(dsv: Face) -> Face:
    """raw.csv is loaded into etl.db, which is transformed in place and dumped to agg.csv."""
    put(dsv, {"raw.csv": "1\n2\n", "load.py": LOAD, "transform.py": TRANSFORM, "dump.py": DUMP})
    for name in ("load", "transform", "dump"):
        dsv.ok("run", "-n", name, "--", sys.executable, f"{name}.py")
    dsv.ok("commit", "-m", "one")
    return dsv


def steps(document: dict[str, object]) -> list[tuple[str, str]]:
    found = document["steps"]
    assert isinstance(found, list)
    return [(step["command"], step["state"]) for step in found]


def test_a_database_is_made_again_step_by_step(database: Face) -> None:
    for raw, total in (("1\n5\n", "6"), ("7\n", "7")):
        put(database, {"raw.csv": raw})
        reasons = {one["path"]: one["reason"] for one in database.json("status")["stale"]}
        assert reasons == {"agg.csv": "etl.db is stale", "etl.db": "raw.csv changed"}
        done = database.json("rerun", "-m", "again")
        assert steps(done) == [("load", "done"), ("transform", "done"), ("dump", "done")]
        assert read(database, "agg.csv") == total
        assert database.json("status")["stale"] == []
    put(database, {"transform.py": TRANSFORM.replace("sum(n)", "count(n) + 40")})
    done = database.json("rerun", "agg.csv")
    assert steps(done) == [("load", "unchanged"), ("transform", "done"), ("dump", "done")]
    assert read(database, "agg.csv") == "41"
    assert database.ok("rerun") == "everything is up to date\n"


def test_a_database_whose_later_step_fails_is_as_it_was(database: Face) -> None:
    before = (database.folder / "etl.db").read_bytes()
    put(database, {"raw.csv": "9\n", "transform.py": TRANSFORM + "raise SystemExit(2)\n"})
    done = database.json("rerun", code=1)
    assert steps(done) == [("load", "done"), ("transform", "failed"), ("dump", "skipped")]
    assert (database.folder / "etl.db").read_bytes() == before
    assert [one["path"] for one in database.json("status")["staged"]] == []
    put(database, {"transform.py": TRANSFORM})
    database.ok("rerun")
    assert read(database, "agg.csv") == "9"


def test_steps_on_a_file_that_somebody_gave(dsv: Face) -> None:
    append = "import sys\nopen('all.csv', 'a').write(open(sys.argv[1]).read())\n"
    put(dsv, {"all.csv": "0", "mon": "1", "tue": "2", "wed": "3", "a.py": append})
    dsv.ok("add", "all.csv", "mon", "tue", "wed")
    for day in ("mon", "tue", "wed"):
        dsv.ok("run", "--", sys.executable, "a.py", day)
    assert read(dsv, "all.csv") == "0123"
    put(dsv, {"tue": "9"})
    done = dsv.json("rerun")
    assert [step["state"] for step in done["steps"]] == ["unchanged", "done", "done"]
    assert read(dsv, "all.csv") == "0193"
    put(dsv, {"mon": "8"})
    dsv.ok("rerun")
    assert read(dsv, "all.csv") == "0893"
    put(dsv, {"all.csv": "by hand"})
    put(dsv, {"mon": "7"})
    assert "all.csv has changes" in dsv.fails("rerun", code=3)["message"]
    assert read(dsv, "all.csv") == "by hand"


def test_accepting_what_is_there(chain: Face) -> None:
    put(chain, {"a.py": COPY + "\nprint('more')\n"})
    assert states(chain.json("rerun", "--no-exec", "mid.csv")) == {"mid.csv": "done"}
    assert ran(chain) == ""
    assert chain.json("status")["stale"] == []
    put(chain, {"a.py": COPY})
    assert [one["path"] for one in chain.json("status")["stale"]] == ["end.csv", "mid.csv"]
    chain.fails("rerun", "--no-exec", code=2)


def test_a_stale_step_that_cannot_be_repeated_stops_all(chain: Face) -> None:
    put(chain, {"raw.csv": "1"})
    (chain.folder / "b.py").unlink()
    assert "the script b.py is gone" in chain.fails("rerun", code=3)["message"]
    assert ran(chain) == ""
    assert read(chain, "mid.csv") == "0A"


def test_changes_that_are_not_stored_are_in_the_way(chain: Face) -> None:
    put(chain, {"raw.csv": "1", "mid.csv": "by hand"})
    assert "mid.csv has changes" in chain.fails("rerun", code=3)["message"]
    assert read(chain, "mid.csv") == "by hand"
    chain.ok("restore", "mid.csv")
    chain.ok("rerun")


def test_inputs_that_are_not_here(chain: Face) -> None:
    put(chain, {"raw.csv": "1"})
    chain.ok("add", "raw.csv")
    chain.ok("drop", "raw.csv")
    assert chain.fails("rerun", code=3)["hint"] == "dsv restore raw.csv"
    chain.ok("restore", "raw.csv")
    (chain.folder / "raw.csv").unlink()
    assert "is gone" in chain.fails("rerun", code=3)["message"]


def test_a_script_that_became_a_device(chain: Face) -> None:
    put(chain, {"raw.csv": "1"})
    script = chain.folder / "b.py"
    script.unlink()
    script.symlink_to("/dev/zero")
    assert "b.py, which" in chain.fails("rerun", "--yes", code=3)["message"]


def test_circles(dsv: Face) -> None:
    put(dsv, {"a.csv": "1", "a.py": COPY})
    dsv.ok("add", "a.csv")
    dsv.ok("run", "--", sys.executable, "a.py", "a.csv", "b.csv", "1")
    dsv.ok("run", "--", sys.executable, "a.py", "b.csv", "a.csv", "2")
    assert "in a circle: " in dsv.fails("rerun", code=3)["message"]
    assert "in a circle: " in dsv.fails("rerun", "--dry-run", "a.csv", code=3)["message"]


def test_two_runs_that_write_one_dataset(dsv: Face) -> None:
    put(dsv, {"a.csv": "1", "a.py": COPY, "b.py": "open('x.csv', 'w').write('b')\n"})
    dsv.ok("add", "a.csv")
    both = "open('x.csv', 'w').write('c')\nopen('y.csv', 'w').write('c')\n"
    put(dsv, {"c.py": both})
    dsv.ok("run", "--", sys.executable, "c.py")
    dsv.ok("run", "--", sys.executable, "b.py")
    put(dsv, {"c.py": both + "print()\n"})
    assert "two runs write x.csv" in dsv.fails("rerun", code=3)["message"]
    dsv.ok("rerun", "x.csv")


def test_masked_commands(dsv: Face) -> None:
    put(dsv, {"a.py": "open('x.csv', 'w').write('1')\n"})
    dsv.ok("run", "--", sys.executable, "a.py", "--token", "abcdefgh")
    put(dsv, {"a.py": "open('x.csv', 'w').write('2')\n"})
    assert "a secret in it was not recorded" in dsv.fails("rerun", code=3)["message"]


def test_an_output_that_was_renamed_keeps_its_new_name(dsv: Face) -> None:
    text = "import sys\nfor name in ('x.csv', 'y.csv'):\n    open(name, 'w').write(name + '1')\n"
    put(dsv, {"a.py": text})
    dsv.ok("run", "--", sys.executable, "a.py")
    dsv.ok("commit", "-m", "one")
    (dsv.folder / "x.csv").rename(dsv.folder / "z.csv")
    dsv.ok("add", "z.csv")
    dsv.ok("commit", "-am", "renamed")
    for number in ("2", "3"):
        put(dsv, {"a.py": text.replace("'1'", f"'{number}'")})
        assert states(dsv.json("rerun", "-m", "again")) == {"y.csv": "done", "z.csv": "done"}
        assert (read(dsv, "z.csv"), read(dsv, "y.csv")) == (f"x.csv{number}", f"y.csv{number}")
        assert not (dsv.folder / "x.csv").exists()
        assert dsv.json("status")["stale"] == []
    put(dsv, {"a.py": text.replace("'x.csv', 'y.csv'", "'y.csv',")})
    (step,) = dsv.json("rerun", "-m", "again")["steps"]
    assert step["gone"] == ["z.csv"]
    assert not (dsv.folder / "z.csv").exists()


def test_a_secret_variable_that_is_not_set(dsv: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "s3cret-value")
    put(dsv, {"a.py": "open('x.csv', 'w').write('1')\n"})
    dsv.ok("run", "--env", "MY_TOKEN", "--", sys.executable, "a.py")
    put(dsv, {"a.py": "import os\nopen('x.csv', 'w').write(str(len(os.environ['MY_TOKEN'])))\n"})
    monkeypatch.delenv("MY_TOKEN")
    assert "MY_TOKEN" in dsv.fails("rerun", code=3)["message"]
    monkeypatch.setenv("MY_TOKEN", "another")
    dsv.ok("rerun")
    assert read(dsv, "x.csv") == "7"


def test_a_variable_that_is_not_as_it_was_is_named(dsv: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    (dsv.folder / "src").mkdir()
    put(dsv, {"src/helper.py": "TEXT = 'a'\n"})
    put(dsv, {"a.py": "import helper\nopen('x.csv', 'w').write(helper.TEXT)\n"})
    monkeypatch.setenv("PYTHONPATH", "src")
    monkeypatch.setenv("TZ", "UTC")
    dsv.ok("run", "--", sys.executable, "a.py")
    put(dsv, {"src/helper.py": "TEXT = 'b'\n"})
    monkeypatch.delenv("PYTHONPATH")
    failed = dsv("rerun")
    assert failed.code == 1
    assert "variable PYTHONPATH is gone: it was src" in failed.err
    monkeypatch.setenv("PYTHONPATH", "src")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    (step,) = dsv.json("rerun")["steps"]
    assert (step["state"], step["environment"]) == ("done", ["variable TZ changed from UTC to Asia/Tokyo"])


def test_what_is_staged_apart_is_in_the_way_of_nothing(chain: Face) -> None:
    """A dataset that the run wrote and that is not tracked any more is not overwritten."""
    put(chain, {"two.py": "for name in ('x.csv', 'y.csv'):\n    open(name, 'w').write('1')\n"})
    chain.ok("run", "--", sys.executable, "two.py")
    put(chain, {"y.csv": "by hand"})
    chain.ok("add", "y.csv")
    changed = {"two.py": "for name in ('x.csv', 'y.csv'):\n    open(name, 'w').write('3')\n"}
    put(chain, changed)
    assert "y.csv is not as" in chain.fails("rerun", code=3)["message"]
    chain.ok("rm", "--keep", "y.csv")
    put(chain, {"two.py": "for name in ('x.csv', 'y.csv'):\n    open(name, 'w').write('2')\n"})
    assert "y.csv is not tracked" in chain.fails("rerun", code=3)["message"]
    assert read(chain, "y.csv") == "by hand"


def test_names_that_are_no_outputs(chain: Face) -> None:
    assert "it is a source" in chain.fails("rerun", "raw.csv", code=3)["message"]
    chain.fails("rerun", "nothing.csv", code=3)
    chain.fails("rerun", "--dry-run", "-m", "x", code=2)
    put(chain, {"mid.csv": "by hand"})
    chain.ok("add", "mid.csv")
    assert "edited by hand" in chain.fails("rerun", "mid.csv", code=3)["message"]


def test_an_empty_workspace(dsv: Face) -> None:
    assert dsv.ok("rerun") == "no run made anything here\n"


def test_ctrl_c_leaves_the_step_as_it_was(dsv: Face, gate: Gate) -> None:
    slow = "read x < raw.csv; echo $x > mid.csv"
    put(dsv, {"raw.csv": "0", "a.sh": slow})
    dsv.ok("add", "raw.csv")
    dsv.ok("run", "--", "sh", "a.sh")
    dsv.ok("run", "--", "sh", "-c", "cat mid.csv > end.csv")
    put(dsv, {"raw.csv": "1", "a.sh": slow + f"; echo > {gate.path}; sleep 60"})
    started = subprocess.Popen(
        [sys.executable, "-m", "dsv", "rerun"],
        cwd=dsv.folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    gate.wait()
    assert read(dsv, "mid.csv") == "1\n"
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=30)
    assert started.returncode == 130
    assert "failed    mid.csv (it was interrupted)" in out
    assert "Traceback" not in err
    assert read(dsv, "mid.csv") == "0\n"
    assert [one["path"] for one in dsv.json("status")["unstaged"]] == ["raw.csv"]


def test_commands_of_others_are_asked_for(
    chain: Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(chain, {"raw.csv": "1"})
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    refused = chain("rerun")
    assert refused.code == 3
    assert "python a.py raw.csv mid.csv A\n    with a.py" in refused.err
    assert "nobody agreed" in refused.err
    assert ran(chain) == ""
    chain.ok("rerun", "--yes")
    assert ran(chain) == "AB"
    put(chain, {"raw.csv": "2"})
    chain.ok("rerun")  # the new runs are one's own


def test_a_commit_has_the_changed_data_that_was_read(chain: Face) -> None:
    put(chain, {"raw.csv": "1", "apart.csv": "x"})
    chain.ok("add", "apart.csv")
    put(chain, {"apart.csv": "y"})
    done = chain("rerun", "-m", "two")
    assert done.code == 0
    assert "raw.csv was read with changes: they are committed, too\n" in done.err
    assert chain.ok("cat", "raw.csv@HEAD") == "1"
    assert [one["path"] for one in chain.json("status")["unstaged"]] == ["apart.csv"]
    chain.ok("restore", "apart.csv")
    assert chain.json("verify", "--level", "hashes")["ok"]


def test_what_was_read_is_committed_also_if_nothing_is_left_to_repeat(chain: Face) -> None:
    put(chain, {"raw.csv": "1"})
    done = chain("rerun")
    assert "raw.csv: read with changes that are not staged\nhint: dsv commit -am MESSAGE" in done.err
    ran(chain)
    again = chain.json("rerun", "-m", "two")
    assert (again["brought"], again["unstaged"], ran(chain)) == (["raw.csv"], [], "")
    assert chain.json("verify", "--level", "hashes")["ok"]


def test_steps_are_announced_in_the_colours_of_a_terminal(chain: Face) -> None:
    put(chain, {"b.py": COPY + "\nassert True\n"})
    done = chain("rerun", terminal=True)
    assert "\x1b[1mlast\x1b[0m: b.py changed\n" in done.err
    assert "\\x1b" not in done.err
