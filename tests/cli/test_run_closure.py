"""run: what else determined it is in the record, and what is not is said."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dsv.hashing import file_id
from tests.cli.face_fixtures import Face, environment
from tests.cli.store_search import everything

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="capturing needs Linux")

RAW = "a,b\n1,2\n3,4\n"


def run(dsv: Face, *arguments: str) -> dict[str, Any]:
    done = dsv("run", "--json", *arguments)
    assert done.code == 0, done.err
    return done.document


def sh(dsv: Face, text: str, *arguments: str) -> dict[str, Any]:
    return run(dsv, *arguments, "--", "sh", "-c", text)


def process(dsv: Face, *arguments: str, **streams: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "dsv", "run", *arguments],
        cwd=dsv.folder, env=environment(), capture_output=True, text=True, check=False, **streams,
    )  # fmt: skip


def test_what_comes_through_a_pipe_is_refused(dsv: Face) -> None:
    done = process(dsv, "--", "sh", "-c", "cat > out.csv", input=RAW)
    assert done.returncode == 3
    assert "standard input is a pipe" in done.stderr
    assert "hint: dsv run --stdin keep" in done.stderr
    assert not (dsv.folder / "out.csv").exists()


def test_what_comes_through_a_pipe_later_ends_the_run(dsv: Face) -> None:
    ours, theirs = os.pipe()
    given = subprocess.Popen(
        [sys.executable, "-m", "dsv", "run", "--", "sh", "-c", "touch ready; cat > out.csv"],
        cwd=dsv.folder, env=environment(), stdin=ours, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(ours)
    while not (dsv.folder / "ready").exists():
        assert given.poll() is None
    os.write(theirs, b"late")
    _, err = given.communicate(timeout=60)
    os.close(theirs)
    assert given.returncode == 3
    assert "something came through it" in err
    assert dsv.json("status")["staged"] == []


@pytest.mark.parametrize("silent", ["open", "ended", "closed", "null"])
def test_a_stream_that_gives_nothing_disturbs_nothing(dsv: Face, silent: str) -> None:
    (dsv.folder / "raw.csv").write_text(RAW)
    ours, theirs = os.pipe()
    if silent == "ended":
        os.close(theirs)
    command = [sys.executable, "-m", "dsv", "run", "--", "cp", "raw.csv", "out.csv"]
    if silent == "closed":
        command = ["sh", "-c", '"$@" <&-', "sh", *command]
    stdin = subprocess.DEVNULL if silent == "null" else ours
    done = subprocess.run(
        command, cwd=dsv.folder, env=environment(), stdin=stdin, check=False, capture_output=True
    )
    os.close(ours)
    if silent != "ended":
        os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert dsv.json("status")["staged"] != []


def test_standard_input_is_kept(dsv: Face) -> None:
    done = process(dsv, "--json", "--stdin", "keep", "--", "sh", "-c", "cat > out.csv", input=RAW)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["stdin"] == file_id(RAW.encode())
    assert (dsv.folder / "out.csv").read_text() == RAW
    (dsv.folder / "given.txt").write_text(RAW)
    with (dsv.folder / "given.txt").open() as given:
        again = process(dsv, "--json", "--stdin", "keep", "--", "sh", "-c", "cat > out.csv", stdin=given)
    assert json.loads(again.stdout)["run"] == document["run"]
    empty = process(
        dsv, "--json", "--stdin", "keep", "--", "sh", "-c", "echo 1 > x.csv", stdin=subprocess.DEVNULL
    )
    assert json.loads(empty.stdout)["stdin"] is None


def test_a_rerun_gives_the_standard_input_that_was_kept(dsv: Face) -> None:
    (dsv.folder / "raw.txt").write_text("first\n")
    given = ("--stdin", "keep", "--", "sh", "-c", "cat raw.txt - > out.txt")
    assert process(dsv, *given, input="typed\n").returncode == 0
    dsv.ok("commit", "-m", "one")
    (dsv.folder / "raw.txt").write_text("second\n")
    dsv.ok("rerun")
    assert (dsv.folder / "out.txt").read_text() == "second\ntyped\n"


def test_a_device_is_refused(dsv: Face) -> None:
    with Path("/dev/zero").open() as zero:
        done = process(dsv, "--", "sh", "-c", "head -c 8 > out.bin", stdin=zero)
    assert done.returncode == 3
    assert "standard input is a device" in done.stderr


def test_data_outside_is_recorded_by_its_bytes(dsv: Face, tmp_path: Path) -> None:
    place = tmp_path / "mnt" / "in.csv"
    place.parent.mkdir()
    place.write_text(RAW)
    document = sh(dsv, f"cat {place} > out.csv")
    assert document["outside"] == [{"path": str(place), "content": file_id(RAW.encode())}]
    told = dsv("run", "--", "sh", "-c", f"cat {place} > out.csv").err
    assert f"{place} is outside of the workspace: its bytes are not kept" in told
    assert f"hint: dsv import {place}" in told
    place.write_text(RAW + "5,6\n")
    assert sh(dsv, f"head -1 {place} > out.csv")["run"] != document["run"]


def test_what_is_left_out_is_counted_and_nothing_is_said_falsely(dsv: Face) -> None:
    document = sh(dsv, "echo 1 > a.log; echo 2 > b.log; echo 3 > main.o; echo x > out.csv")
    assert document["notes"] == ["left out: 2 files (*.log), main.o (*.o)"]
    assert [one["path"] for one in document["outputs"]] == ["out.csv"]
    assert sh(dsv, "echo 4 > c.log")["notes"] == ["no dataset was written", "left out: c.log (*.log)"]
    dsv.ok("config", "--shared", "run.leave_out", "scratch/", "!*.log")
    document = sh(dsv, "mkdir -p scratch; echo 1 > scratch/x.csv; echo 5 > a.log; echo 3 > main.o")
    assert [one["path"] for one in document["outputs"]] == ["a.log"]
    assert document["notes"] == ["left out: main.o (*.o), scratch/x.csv (scratch/)"]


def test_variables_are_recorded_and_change_the_run(dsv: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    dsv.ok("config", "--shared", "run.record_env", "THREADS", "SERVICE_TOKEN")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("THREADS", "4")
    monkeypatch.setenv("SERVICE_TOKEN", "plant-1234-token")
    monkeypatch.setenv("PYTHONPATH", str(dsv.folder / "src"))
    first = sh(dsv, "echo 1 > out.csv")
    assert first["variables"]["TZ"] == "Asia/Tokyo"
    assert first["variables"]["THREADS"] == "4"
    assert first["variables"]["PYTHONPATH"] == "src"
    assert "SERVICE_TOKEN" not in first["variables"]
    assert "SERVICE_TOKEN may hold a secret: its value is not recorded" in first["notes"]
    assert b"plant-1234" not in everything(dsv.folder)
    monkeypatch.setenv("TZ", "UTC")
    assert sh(dsv, "echo 1 > out.csv")["run"] != first["run"]


def test_listings_and_absences(dsv: Face) -> None:
    for name in ("raw/a.txt", "raw/b.txt"):
        (dsv.folder / name).parent.mkdir(exist_ok=True)
        (dsv.folder / name).write_text("x")
    document = sh(dsv, "ls raw > names.csv; [ -e local.cfg ] || true")
    assert document["listings"] == ["raw"]
    assert document["absent"] == ["local.cfg"]
    again = sh(dsv, "ls raw > names.csv; [ -e local.cfg ] || true")
    assert (again["run"], again["unchanged"]) == (document["run"], True)
    (dsv.folder / "raw" / "c.txt").write_text("x")
    assert sh(dsv, "ls raw > names.csv; [ -e local.cfg ] || true")["run"] != document["run"]


def test_a_link_to_tracked_data_makes_that_an_input(dsv: Face) -> None:
    (dsv.folder / "v1.csv").write_text(RAW)
    dsv.ok("add", "v1.csv")
    (dsv.folder / "current.csv").symlink_to("v1.csv")
    document = sh(dsv, "cat current.csv > out.csv")
    assert [one["path"] for one in document["inputs"]] == ["v1.csv"]
    assert document["complete"]


def test_a_folder_of_links_is_counted(dsv: Face) -> None:
    (dsv.folder / "raw.bin").write_text("x")
    text = "mkdir out; for n in 1 2 3; do ln -s ../raw.bin out/$n; done; ln -s nothing out/4; echo x > out/real.bin"
    document = sh(dsv, text)
    assert [one["path"] for one in document["outputs"]] == ["out"]
    (note,) = [one for one in document["notes"] if one.startswith("out holds")]
    assert note.startswith("out holds 4 links; 1 to nothing: out/4; 3 out of it")


def test_a_folder_that_git_keeps_can_be_an_output(outside: Face) -> None:
    subprocess.run(["git", "init", "-q"], cwd=outside.folder, check=True)
    (outside.folder / "by").mkdir()
    (outside.folder / "by" / ".gitkeep").touch()
    subprocess.run(["git", "add", "by/.gitkeep"], cwd=outside.folder, check=True)
    outside.ok("init")
    command = ("--", "sh", "-c", "for n in x y; do echo 1 > by/$n.csv; done")
    assert [one["path"] for one in run(outside, *command)["outputs"]] == ["by"]
    assert [one["path"] for one in run(outside, "-o", "by", *command)["outputs"]] == ["by"]


def test_the_interpreter_and_the_eye_are_told(dsv: Face) -> None:
    (dsv.folder / "job.py").write_text("open('out.csv', 'w').write('a\\n1\\n')\n")
    document = sh(dsv, f"{sys.executable} job.py")
    assert Path(document["interpreter"]).name.startswith("python")
    assert document["witness"] in {"calls", "events"}
