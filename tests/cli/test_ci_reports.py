"""Where CI finds the results of verify."""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.face_fixtures import Face

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="commands are for a POSIX shell")


@pytest.fixture
def made(dsv: Face, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Raw data, and a dataset that a run made of it; the job's summary on GitHub Actions."""
    (dsv.folder / "raw.csv").write_text("a\n1\n2\n")
    dsv.ok(
        "run",
        "-i",
        "raw.csv",
        "-o",
        "sorted.csv",
        "-m",
        "one",
        "--",
        "sort",
        "-r",
        "raw.csv",
        "-o",
        "sorted.csv",
    )
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(dsv.folder.parent))
    return summary


def test_good_results(dsv: Face, made: Path) -> None:
    done = dsv("verify", "--level", "hashes", "--junit", "new/results.xml")
    assert done.code == 0, done.err
    assert "::error" not in done.err
    (suite,) = ET.fromstring((dsv.folder / "new" / "results.xml").read_bytes())
    assert [(case.get("name"), case.get("classname")) for case in suite] == [
        ("raw.csv", "hashes"),
        ("sorted.csv", "hashes"),
    ]
    assert [case[0].tag for case in suite] == ["skipped", "system-out"]
    assert made.read_text().startswith("before\n### dsv verify --level hashes: passed\n")


def test_what_differs_is_annotated_and_json_stays_json(dsv: Face, made: Path) -> None:
    (dsv.folder / "sorted.csv").write_text("a\n1\n")
    found = dsv.json("verify", "--level", "hashes", code=1)
    assert [one["status"] for one in found["datasets"]] == ["source", "different"]
    done = dsv("verify", "--level", "hashes", "--json", "--junit", "r.xml")
    (line,) = [line for line in done.err.splitlines() if line.startswith("::error")]
    assert line.startswith("::error file=work/sorted.csv,title=sorted.csv%3A different::")
    failure = ET.fromstring((dsv.folder / "r.xml").read_bytes()).find(".//failure")
    assert failure is not None
    assert failure.get("type") == "different"
    assert "❌ | sorted.csv | different" in made.read_text()


@pytest.mark.usefixtures("made")
def test_a_file_that_cannot_be_written(dsv: Face) -> None:
    (dsv.folder / "notes").write_text("no folder")
    error = dsv.fails("verify", "--level", "hashes", "--junit", "notes/r.xml", code=5)
    assert "r.xml" in error["message"]


def test_a_report_replaces_neither_data_nor_the_store(dsv: Face) -> None:
    (dsv.folder / "raw.csv").write_text("a\n1\n")
    dsv.ok("add", "raw.csv")
    for file in ("raw.csv", "./sub/../raw.csv", ".dsv/refs", "dsv.lock", "dsv.toml"):
        place = dsv.folder / file
        before = place.read_bytes() if place.exists() else None
        dsv.fails("verify", "--level", "hashes", "--junit", file, code=3)
        assert before is None or place.read_bytes() == before
