"""`dsv rebuild`, through the terminal."""

import sys
from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face
from tests.cli.test_verify import forget, made, planted  # noqa: F401  a fixture

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs automatic capture")


def test_a_lost_dataset_comes_back(made: Face) -> None:  # noqa: F811
    (made.folder / "top.csv").unlink()
    out = made.ok("rebuild", "top.csv")
    assert out.startswith("identical  top.csv\nrun ")
    assert "1 run replayed" in out
    assert (made.folder / "top.csv").read_text() == "a,b\n1,X\n"
    assert made.json("status")["unstaged"] == []


def test_the_document(made: Face, tmp_path: Path) -> None:  # noqa: F811
    found = made.json("rebuild", "top.csv@HEAD", "--into", str(tmp_path / "o"), "--from-raw")
    assert found["ok"]
    assert found["runs"] == 2
    assert found["place"] == str(tmp_path / "o/top.csv")
    made.fails("rebuild", "top.csv", "--into", str(tmp_path / "o"), code=3)


def test_other_data_is_left_aside(made: Face) -> None:  # noqa: F811
    planted(made)
    done = made("rebuild", "bad.csv")
    assert done.code == 1
    assert "different  bad.csv" in done.out
    assert "the result is in " in done.err
    assert (made.folder / "bad.csv").read_text() == "a,b\n1,y\n"
    found = made.json("rebuild", "bad.csv", code=1)
    assert Path(found["place"]).read_text() == "a,b\n1,x\n"
    assert not found["written"]


def test_what_cannot_be_rebuilt(made: Face) -> None:  # noqa: F811
    assert made.fails("rebuild", "raw.csv", code=3)["message"] == "raw.csv is raw data: no run gave it"
    made.fails("rebuild", "nothing.csv", code=3)
    made.fails("rebuild", code=2)
    forget(made)
    assert made("rebuild", "top.csv").code == 3
    made.ok("rebuild", "top.csv", "--yes")


def test_another_version_is_written_with_a_word(made: Face) -> None:  # noqa: F811
    (made.folder / "raw.csv").write_text("a,b\n1,z\n2,y\n")
    made.ok("run", "--", "sh", "mid.sh")
    made.ok("commit", "-m", "two")
    assert "written" not in made.ok("rebuild", "mid.csv")
    done = made("rebuild", "mid.csv@HEAD~1")
    assert "\nwritten   mid.csv\n" in done.out
    assert "dsv restore mid.csv" in done.err
    assert (made.folder / "mid.csv").read_text() == "a,b\n1,x\n"
    made.ok("restore", "mid.csv")
    assert (made.folder / "mid.csv").read_text() == "a,b\n1,z\n"


@pytest.mark.parametrize("into", [".dsv", ".dsv/tmp/x", "raw.csv", "raw.csv/x"])
def test_no_place_for_data(made: Face, into: str) -> None:  # noqa: F811
    made.fails("rebuild", "top.csv", "--into", into, code=3)
