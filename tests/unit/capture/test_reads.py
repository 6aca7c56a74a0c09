from pathlib import Path

from dsv.capture import marker, reads
from dsv.hashing import file_id
from dsv.model.checkpoint import Checkpoint

VERSION = Checkpoint(file_id(b"x"), "file", 1, 1, None, file_id(b"origin"))


def test_what_is_reported_is_read(tmp_path: Path) -> None:
    reads.report(tmp_path, reads.Read("a/b.csv", "v1", VERSION))
    reads.report(tmp_path, reads.Read("a/b.csv", None, VERSION))
    reads.report(tmp_path, reads.Read("a/b.csv", "v1", VERSION))
    reads.report_step(tmp_path, "clean")
    found = reads.read_reports(tmp_path)
    assert [one.name for one in found.reads] == ["a/b.csv@v1", "a/b.csv"]
    assert found.reads[0].checkpoint == VERSION
    assert (found.steps, found.broken) == (("clean",), False)


def test_what_makes_no_sense_is_told(tmp_path: Path) -> None:
    for number, line in enumerate(
        ["{", "[]", "7", '{"path": "x"}', '{"path": "x", "revision": null, "checkpoint": {}}']
    ):
        (tmp_path / str(number)).write_text(f"{line}\n")
    reads.report(tmp_path, reads.Read("x", None, VERSION))
    found = reads.read_reports(tmp_path)
    assert ([one.name for one in found.reads], found.broken) == (["x"], True)


def test_the_environment_says_where(tmp_path: Path) -> None:
    assert reads.observed({"A": "1"}, tmp_path) == {"A": "1", "DSV_READS": str(tmp_path)}


def test_a_clean_folder_is_marked(tmp_path: Path) -> None:
    inner = tmp_path / "clean" / "deep"
    inner.mkdir(parents=True)
    assert marker.find(inner) is None
    marker.put(tmp_path / "clean", {"x.csv": "{}"})
    assert marker.find(inner) == tmp_path / "clean"
    assert marker.schemas(tmp_path / "clean") == {"x.csv": "{}"}
    assert marker.find(tmp_path) is None
