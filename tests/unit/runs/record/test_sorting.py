"""What the paths that a run used are to it, by captures made by hand."""

from pathlib import Path

import pytest

from dsv.capture.detect import Captured
from dsv.errors import Refused
from dsv.model.attempt import CALLS
from dsv.model.listing import Name
from dsv.runs.record import before as befores
from dsv.runs.record.classify import Classified
from dsv.runs.record.lookups import absences, listings
from dsv.runs.record.request import Request
from dsv.runs.record.sorting import sort
from tests.real_git import git
from tests.unit.workspace_fixtures import Workshop

TABLE = "a,b\n1,x\n2,y\n"


@pytest.fixture
def work(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "work")


def captured(eye: str = CALLS, **sets: set[str]) -> Captured:
    names = ("read", "written", "removed", "overwritten", "stamped")
    given = {name: frozenset(sets.pop(name, ())) for name in names}
    more = {name: frozenset(found) for name, found in sets.items()}
    return Captured(**given, complete=True, blind_spots=(), eye=eye, **more)  # type: ignore[arg-type]


class Running:
    """A run of which the writes are done by hand, between two looks at the workspace."""

    def __init__(self, work: Workshop, *argv: str) -> None:
        self.work = work
        self.request = Request(argv=argv or ("tool",), env={})
        self.before = befores.take(work.workspace, self.request)

    def ends(self, eye: str = CALLS, **sets: set[str]) -> Classified:
        self.captured = captured(eye, **sets)
        return sort(self.work.workspace, self.request, self.before, self.captured)


def test_text_is_data_unless_it_is_a_program_or_settings(work: Workshop) -> None:
    files = (
        "job.py",
        "steps",
        "params.yaml",
        "conf/config.json",
        "raw/page.html",
        "raw/a.xml",
        "raw/b.json",
        "raw/c.log",
    )
    work.write(dict.fromkeys(files, "x"))
    used = Running(work, "sh", "steps").ends(read=set(files))
    assert used.code == {"job.py", "steps", "params.yaml", "conf/config.json"}
    assert used.sources == {"raw/page.html", "raw/a.xml", "raw/b.json", "raw/c.log"}


def test_data_that_git_tracks_stays_there(work: Workshop) -> None:
    work.write({"raw.txt": "x", "small.csv": TABLE, "job.py": "x", "Makefile": "all:"})
    git(work.root, "init", "-q")
    git(work.root, "add", "raw.txt", "small.csv", "job.py", "Makefile")
    used = Running(work).ends(read={"raw.txt", "small.csv", "job.py", "Makefile"})
    assert used.code == {"raw.txt", "small.csv", "job.py", "Makefile"}
    assert used.in_git == {"raw.txt", "small.csv"}
    assert used.sources == set()


def test_what_git_ignores_is_like_any_other_file_but_for_secrets(work: Workshop) -> None:
    git(work.root, "init", "-q")
    work.write({".gitignore": "local/\n"})
    work.write(
        {"local/corpus.txt": "words", "local/rows.yaml": "rows: 3", "local/db.yaml": "password: plant-0815\n"}
    )
    running = Running(work)
    work.write({"local/vocab.json": "{}"})
    used = running.ends(
        read={"local/corpus.txt", "local/rows.yaml", "local/db.yaml", ".env"}, written={"local/vocab.json"}
    )
    assert used.sources == {"local/corpus.txt"}
    assert used.code == {"local/rows.yaml"}
    assert used.withheld == {"local/db.yaml", ".env"}
    assert used.outputs == {"local/vocab.json"}


def test_litter_is_left_out_and_a_tracked_dataset_never(work: Workshop) -> None:
    work.write({"kept.log": "1"})
    work.add("kept.log")
    running = Running(work)
    work.write({"kept.log": "2", "train.log": "x", ".flow/state.json": "{}", "out.csv": TABLE})
    used = running.ends(written={"kept.log", "train.log", ".flow/state.json", "out.csv"})
    assert used.outputs == {"kept.log", "out.csv"}
    assert used.left_out == {"train.log": "*.log", ".flow/state.json": "hidden"}


def test_the_state_of_a_tool_is_no_reason_to_refuse(work: Workshop) -> None:
    files = {".flow/state.json": "{}", ".snakemake/meta/x": "1", "mlruns/0/meta.yaml": "a: 1"}
    work.write(files)
    used = Running(work).ends(read=set(files), written=set(files))
    assert set(used.state) == set(files)
    assert (used.sources, used.code, used.outputs) == (set(), set(), set())


def test_an_untracked_file_that_was_changed_is_refused(work: Workshop) -> None:
    work.write({"raw.csv": TABLE})
    with pytest.raises(Refused):
        Running(work).ends(read={"raw.csv"}, written={"raw.csv"})


def test_a_notebook_that_is_executed_in_place_is_kept_as_it_was(work: Workshop) -> None:
    git(work.root, "init", "-q")
    work.write({"named.ipynb": "before", "clean.ipynb": "staged", "dirty.ipynb": "old"})
    git(work.root, "add", "clean.ipynb", "dirty.ipynb")
    work.write({"dirty.ipynb": "changed"})
    running = Running(work, "nbrun", "named.ipynb")
    names = {"named.ipynb", "clean.ipynb", "dirty.ipynb"}
    work.write(dict.fromkeys(names, "after"))
    used = running.ends(read=names, written=names)
    assert used.code == names
    assert used.texts == {"named.ipynb": b"before", "clean.ipynb": b"staged", "dirty.ipynb": b"changed"}
    assert used.noted == {"clean.ipynb", "dirty.ipynb"}


@pytest.mark.parametrize("eye", ["calls", "events"])
def test_opened_to_update_and_the_same_afterwards_is_read(work: Workshop, eye: str) -> None:
    work.write({"a.bin": "same"})
    work.add("a.bin")
    stamped = {"a.bin"} if eye == "calls" else set()
    used = Running(work).ends(eye, read={"a.bin"}, written={"a.bin"}, stamped=stamped)
    assert (set(used.inputs), used.outputs) == ({"a.bin"}, set())


def test_made_again_with_the_same_bytes_is_an_output(work: Workshop) -> None:
    work.write({"a.csv": TABLE})
    work.add("a.csv")
    used = Running(work).ends(written={"a.csv"})
    assert (set(used.inputs), used.outputs) == (set(), {"a.csv"})


def test_two_scripts_side_by_side_are_not_each_others_input(work: Workshop) -> None:
    work.write({"rf.py": 'open("models/rf.json"); open("models/rf.pkl")', "lr.py": 'open("models/lr.json")'})
    running = Running(work)
    work.write({"models/rf.json": "{}", "models/rf.pkl": "x"})
    used = running.ends(read={"rf.py"}, written={"models/rf.json", "models/rf.pkl"}, made_folders={"models"})
    assert used.outputs == {"models/rf.json", "models/rf.pkl"}
    work.add(*sorted(used.outputs))
    running = Running(work)
    work.write({"models/lr.json": "{}"})
    used = running.ends(read={"lr.py"}, written={"models/lr.json"})
    assert (set(used.inputs), used.outputs) == (set(), {"models/lr.json"})


def test_names_from_the_data_belong_to_their_folder(work: Workshop) -> None:
    work.write({"split.py": 'open(f"by_city/{city}.csv", "w")', "by_city/.gitkeep": ""})
    git(work.root, "init", "-q")
    git(work.root, "add", "by_city/.gitkeep")
    running = Running(work)
    work.write({"by_city/Oslo.csv": TABLE, "by_city/Voss.csv": TABLE})
    used = running.ends(read={"split.py"}, written={"by_city/Oslo.csv", "by_city/Voss.csv"})
    assert used.outputs == {"by_city"}
    assert used.code == {"split.py", "by_city/.gitkeep"}


def test_a_tracked_folder_that_is_listed_is_read(work: Workshop) -> None:
    work.write({"images/1.png": "1", "images/sub/2.png": "2"})
    work.add("images")
    assert set(Running(work).ends(listed={"images"}).inputs) == {"images"}
    assert set(Running(work).ends(listed={"images/sub"}).inputs) == {"images"}


def test_a_folder_that_is_listed_and_made_anew_is_not_read(work: Workshop) -> None:
    work.write({"parts/k=1/a.csv": "1", "parts/k=2/a.csv": "2"})
    work.add("parts")
    used = Running(work).ends(
        listed={"parts", "parts/k=1"},
        written={"parts/k=1/a.csv", "parts/k=2/a.csv"},
        removed={"parts/k=3/a.csv"},
    )
    assert (set(used.inputs), used.outputs) == (set(), {"parts"})


def test_a_listing_is_as_it_was_before_the_run(work: Workshop) -> None:
    work.write(
        {
            "raw/a.txt": "a",
            "raw/sub/b.txt": "b",
            "raw/__pycache__/x.pyc": "",
            ".dsvignore": "*.tmp\n",
            "raw/c.tmp": "",
        }
    )
    running = Running(work, "tool", "made.txt")
    work.write({"raw/made.txt": "m", "raw/out/x.csv": TABLE, "raw/run.log": "l"})
    used = running.ends(
        read={"raw/a.txt"},
        listed={"raw"},
        written={"raw/made.txt", "raw/out/x.csv", "raw/run.log"},
        made_folders={"raw/out"},
        removed={"raw/gone.txt", "raw/old/y.txt"},
    )
    found = listings(work.workspace, used, running.captured.removed)
    assert found["raw"].names == (
        Name("a.txt", "file"),
        Name("gone.txt", "file"),
        Name("old", "dir"),
        Name("sub", "dir"),
    )
    # A second run finds what the first made, makes it again, and lists the same.
    used = Running(work, "tool", "made.txt").ends(
        read={"raw/a.txt"}, listed={"raw"}, written={"raw/made.txt", "raw/out/x.csv", "raw/run.log"}
    )
    assert [
        one.name for one in listings(work.workspace, used, {"raw/gone.txt", "raw/old/y.txt"})["raw"].names
    ] == [
        "a.txt",
        "gone.txt",
        "old",
        "sub",
    ]


def test_the_workspace_itself_is_listed_without_what_changes_every_day(work: Workshop) -> None:
    work.write({"a.txt": "1", "new.py": "", "README.md": "", ".hidden": "", "data/x.txt": "1"})
    used = Running(work).ends(listed={""})
    assert [one.name for one in listings(work.workspace, used, ())[""].names] == ["a.txt", "data"]


def test_absences_are_of_the_topmost_folder_and_of_nothing_that_was_made(work: Workshop) -> None:
    running = Running(work, "tool", "out.csv")
    work.write({"out.csv": TABLE, "conf/base.yaml": ""})
    used = running.ends(
        absent={
            "conf/local/a.yml",
            "conf/local/b.yml",
            "out.csv",
            "local_settings.py",
            "train.log",
            ".cache/x",
        },
        written={"out.csv"},
    )
    assert absences(work.workspace, used) == ("conf/local", "local_settings.py")


def test_names_that_are_no_text_are_said_to_be_missing(work: Workshop) -> None:
    used = Running(work).ends(read={"a\udcff.csv"})
    assert used.sources == set()
    assert used.unsure == ["it used files whose names are not UTF-8"]


def test_what_was_appended_to_is_said_not_to_be_recorded(work: Workshop) -> None:
    work.write({"results.csv": TABLE, "run.log": "x"})
    used = Running(work).ends(
        read={"results.csv", "run.log"},
        written={"results.csv", "run.log"},
        appended={"results.csv", "run.log"},
    )
    assert used.outputs == {"results.csv"}
    assert used.unsure == ["results.csv was appended to, and what it held before is not recorded"]
