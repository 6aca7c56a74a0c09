"""`dsv verify` and `dsv config trust`, through the terminal."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from dsv.records import dataset_names
from dsv.runs.rebuild.rebuild_plan import holds
from dsv.workspace import Workspace
from tests.cli.face_fixtures import Face, environment
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs automatic capture")


def write(dsv: Face, name: str, text: str) -> None:
    (dsv.folder / name).parent.mkdir(parents=True, exist_ok=True)
    (dsv.folder / name).write_text(text)


@pytest.fixture
def made(dsv: Face) -> Face:
    """A workspace in which raw.csv -> mid.csv -> top.csv were run and committed."""
    write(dsv, "raw.csv", "a,b\n1,x\n2,y\n")
    write(dsv, "mid.sh", "grep -v 2 raw.csv > mid.csv\n")
    dsv.ok("run", "--", "sh", "mid.sh")
    dsv.ok("run", "-p", "to=X", "--", "sh", "-c", "sed s/x/$DSV_PARAM_to/ mid.csv > top.csv")
    dsv.ok("commit", "-m", "one")
    return dsv


def forget(dsv: Face) -> None:
    """Make all commands those of somebody else."""
    dsv.patch.setenv("XDG_CONFIG_HOME", str(dsv.folder.parent / "another"))


def planted(dsv: Face) -> None:
    """Commit that a run gave what it did not give."""
    write(dsv, "bad.csv", "a,b\n1,y\n")
    dsv.ok("run", "--no-exec", "-i", "mid.csv", "-o", "bad.csv", "--", "cp", "mid.csv", "bad.csv")
    dsv.ok("commit", "-m", "claim")


def test_all_is_well(made: Face) -> None:
    out = made.ok("verify")
    assert out.splitlines()[:3] == ["identical  mid.csv", "source     raw.csv", "identical  top.csv"]
    assert "2 identical, 1 source (level last" in out
    found = made.json("verify", "--level", "raw", "--twice", "--jobs", "1")
    assert found["ok"]
    assert found["level"] == "raw"
    assert found["allowed"] == {"network": False, "paths": []}
    assert [one["status"] for one in found["datasets"]] == ["identical", "source", "identical"]
    assert made.json("verify", "--level", "hashes")["isolation"] is None


def test_a_changed_cell_is_exit_1_and_named(made: Face) -> None:
    planted(made)
    done = made("verify", "bad.csv")
    assert done.code == 1
    assert "different  bad.csv  1 cell in 1 row differs, first b, row 0: y before, x after" in done.out
    found = made.json("verify", "bad.csv", code=1)
    assert not found["ok"]
    (one,) = found["datasets"]
    assert one["policy"] == "table"
    assert "rows: 1 before, 1 after" in one["details"]


def test_claims_are_proved_together(dsv: Face) -> None:
    write(dsv, "raw.csv", "a,b\n1,x\n2,y\n")
    dsv.ok("add", "raw.csv")
    for path in ("one.csv", "two.csv"):
        write(dsv, path, "a,b\n1,x\n2,y\n")
        dsv.ok("run", "--no-exec", "-i", "raw.csv", "-o", path, "--", "cp", "raw.csv", path)
    dsv.ok("commit", "-m", "claims")
    assert dsv.json("verify")["ok"]
    assert "(verified)" in dsv.ok("lineage", "one.csv")
    assert "(verified)" in dsv.ok("lineage", "two.csv")


def test_a_policy_decides(made: Face) -> None:
    planted(made)
    write(made, "dsv.toml", '[[dataset]]\nmatch = "bad.csv"\nignore_columns = ["b"]\n')
    (one,) = made.json("verify", "bad.csv")["datasets"]
    assert (one["status"], one["policy"]) == ("close", "table, without b")


def test_commands_of_others_have_to_be_trusted(made: Face) -> None:
    forget(made)
    error = made("verify", "--json").document["error"]
    assert error["message"] == "2 recorded commands would be run, and nobody agreed to that"
    assert (error["hint"], error["exit_code"]) == ("dsv config trust, or --yes", 3)
    assert "sh mid.sh\n    with mid.sh" in made("verify").err
    made.ok("verify", "--yes")
    assert made("verify").code == 3
    assert made.ok("config", "trust").count("trusted  ") == 2
    assert made.json("config", "trust")["trusted"] == []
    made.ok("verify")
    made.fails("config", "trust", "--unset", code=2)
    made.fails("config", "trust", "nothing", code=3)


def test_what_is_asked_about_cannot_be_forged_or_left_out(made: Face) -> None:
    write(made, "sub/in.csv", "a\n1\n")
    made.patch.setenv("TOKEN\n  ls", "x")
    made.patch.setenv("LD_PRELOAD", "")
    given = ["--env", "TOKEN\n  ls", "--env", "LD_PRELOAD"]
    made.ok("run", *given, "-m", "it", "--", "sh", "-c", "cat mid.csv > late.csv")
    (made.folder / "sub/in.csv").rename(made.folder / "sub/job.csv")
    assert made("run", "-m", "in", "--", "cp", "job.csv", "out.csv", cwd=made.folder / "sub").code == 0
    forget(made)
    for quiet in ((), ("-q",)):
        told = made(*quiet, "verify", "late.csv", "sub/out.csv").err
        assert (
            "  sh -c 'cat mid.csv > late.csv'\n    is given LD_PRELOAD=\n    is given your TOKEN\\n  ls\n"
            in told
        )
        assert "  cp job.csv out.csv\n    in sub\n" in told


@pytest.mark.parametrize("path", ["", "nowhere"])
def test_what_is_allowed_has_to_be_there(made: Face, path: str) -> None:
    made.fails("verify", "--allow", path, code=3)


def test_hashes_need_no_trust(made: Face) -> None:
    forget(made)
    made.ok("verify", "--level", "hashes")


def test_reports(made: Face, tmp_path: Path) -> None:
    planted(made)
    made.patch.setenv("GITHUB_ACTIONS", "true")
    made.patch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    done = made("verify", "--junit", "reports/dsv.xml")
    assert done.code == 1
    assert "::error file=bad.csv,title=bad.csv%3A different::" in done.err
    assert "dsv verify --level last: failed" in (tmp_path / "summary.md").read_text()
    suite = ET.parse(made.folder / "reports/dsv.xml").getroot().find(".//testsuite")
    assert suite is not None
    assert suite.get("failures") == "1"


def test_mistakes(made: Face, tmp_path: Path) -> None:
    made.fails("verify", "nothing.csv", code=3)
    made.fails("verify", "--rev", "nothing", code=3)
    told = made.fails("verify", "--python", str(tmp_path / "none"), code=3)
    assert told["message"] == f"there is no program {tmp_path / 'none'}"
    made.fails("verify", "--python", "/bin/true", code=3)
    made.fails("verify", "--level", "all", code=2)
    made.fails("verify", "--sample", "0", code=2)


def test_changed_since_and_sample(made: Face) -> None:
    planted(made)
    found = made.json("verify", "--changed-since", "HEAD~1", code=1)
    assert [one["path"] for one in found["datasets"]] == ["bad.csv"]
    assert len(made.json("verify", "--level", "hashes", "--sample", "1")["datasets"]) == 1
    assert made.ok("verify", "--changed-since", "HEAD").startswith("nothing to verify")


def test_another_interpreter_is_told(dsv: Face) -> None:
    write(dsv, "in.csv", "a\n1\n")
    write(dsv, "make.py", "import sys; print(open('in.csv').read(), file=open('out.csv', 'w'), end='')\n")
    dsv.ok("run", "--", "python", "make.py")
    dsv.ok("commit", "-m", "one")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(dsv.folder / "bare")], check=True)
    found = dsv.json("verify", "--python", "bare/bin/python")
    assert found["ok"]
    assert {"name": "click", "present": None}.items() <= next(
        one for one in found["environment"] if one["name"] == "click"
    ).items()


@pytest.fixture
def rooms() -> Iterator[Path]:
    """Where replays are made; its path is as short as that of a user's cache folder."""
    with tempfile.TemporaryDirectory() as cache:
        yield Path(cache, "dsv", "replays")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_verify_that_is_ended_leaves_nothing_behind(dsv: Face, rooms: Path, number: signal.Signals) -> None:
    dsv.patch.setenv("XDG_CACHE_HOME", str(rooms.parents[1]))
    write(dsv, "in.csv", "a\n1\n")
    dsv.ok("run", "--", "sh", "-c", "cp in.csv out.csv")
    write(dsv, "slow.sh", "test -z $SLOW || { touch begun; sleep 60; }; cp in.csv slow.csv\n")
    dsv.ok("run", "--", "sh", "slow.sh")
    dsv.ok("config", "--shared", "rebuild.pass_env", "SLOW")
    dsv.ok("commit", "-m", "one")
    before = sorted(path.name for path in dsv.folder.iterdir())
    process = subprocess.Popen(
        [sys.executable, "-m", "dsv", "verify", "slow.csv"],
        cwd=dsv.folder, env={**environment(), "SLOW": "1"}, stderr=subprocess.PIPE,
    )  # fmt: skip
    until(
        lambda: list(rooms.glob("replay-*/*/1/work/begun"))
    )  # the command writes it, while dsv waits for it
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == (130 if number is signal.SIGINT else -number)
    assert b"Traceback" not in err
    assert sorted(path.name for path in dsv.folder.iterdir()) == before
    assert dsv.json("status")["staged"] == []
    if number is signal.SIGINT:
        assert list(rooms.glob("replay-*")) == []
    dsv.ok("verify")
    assert list(rooms.glob("replay-*")) == []
    assert (dsv.folder / "slow.csv").exists()


@pytest.fixture
def clone(dsv: Face, tmp_path: Path) -> Face:
    """A clone without data of raw.csv -> a.csv -> b.csv -> c.csv; b.csv is claimed to be slightly other data."""
    write(dsv, "raw.csv", "x\n1.5\n2.5\n")
    write(dsv, "dsv.toml", '[[dataset]]\nmatch = "b.csv"\npolicy = "table"\ntolerance = 1e-9\n')
    dsv.ok("run", "--", "sh", "-c", "head -n 2 raw.csv > a.csv")
    write(dsv, "b.csv", "x\n1.5000000000001\n")
    dsv.ok("run", "--no-exec", "-i", "a.csv", "-o", "b.csv", "--", "cp", "a.csv", "b.csv")
    dsv.ok("run", "--", "cp", "b.csv", "c.csv")
    dsv.ok("commit", "-m", "one")
    url = f"file://{tmp_path}/remote"
    dsv.ok("remote", "add", "origin", url)
    dsv.ok("push")
    dsv.ok("clone", url, "clone", "--no-data", cwd=tmp_path)
    (tmp_path / "clone/dsv.toml").write_text((dsv.folder / "dsv.toml").read_text())
    return Face(tmp_path / "clone", dsv.patch)


def held(face: Face, path: str) -> bool:
    """Whether the store itself has the bytes of a dataset."""
    workspace = Workspace.discover(face.folder)
    return holds(workspace.repo, dataset_names.datasets_at(workspace.repo, "HEAD")[path].checkpoint)


def test_a_clone_fetches_what_it_compares_with_and_no_more(clone: Face) -> None:
    (one,) = clone.json("verify", "--yes", "a.csv")["datasets"]
    assert one["status"] == "identical"
    assert held(clone, "raw.csv")
    assert not held(clone, "a.csv")
    (one,) = clone.json("verify", "--yes", "b.csv")["datasets"]
    assert one["status"] == "close", one
    assert held(clone, "b.csv")


def test_a_clone_fetches_the_recorded_inputs_instead_of_rebuilding_them(clone: Face) -> None:
    found = clone.json("rebuild", "--yes", "c.csv")
    assert (found["status"], found["runs"]) == ("identical", 1)
    assert held(clone, "b.csv")
    assert not held(clone, "a.csv")
    assert clone.json("rebuild", "--yes", "c.csv", "--from-raw")["runs"] == 3


def test_what_the_remote_lacks_is_rebuilt_on_the_way(clone: Face, tmp_path: Path) -> None:
    clone.ok("rebuild", "--yes", "a.csv")
    (tmp_path / "remote").rename(tmp_path / "away")
    (one,) = clone.json("verify", "--yes", "c.csv", code=1)["datasets"]
    assert one["reason"] == "its input b.csv could not be rebuilt"
    assert one["details"][0].startswith("b.csv: ")


def test_stale_data_ends_with_what_helps(made: Face) -> None:
    write(made, "mid.sh", "grep -v 1 raw.csv > mid.csv\n")
    assert "hint: dsv rerun" in made("verify", "--level", "hashes").err


def test_what_is_stale_fails_unless_it_may(made: Face) -> None:
    write(made, "raw.csv", "a,b\n1,x\n2,y\n3,z\n")
    made.ok("add", "raw.csv")
    made.ok("commit", "-m", "more")
    found = {one["path"]: one for one in made.json("verify", code=1)["datasets"]}
    assert [found[path]["status"] for path in ("mid.csv", "raw.csv", "top.csv")] == [
        "stale",
        "source",
        "stale",
    ]
    assert found["mid.csv"]["replayed"] == "identical"
    for level in ("hashes", "last", "raw"):
        assert not made.json("verify", "--level", level, code=1)["ok"]
        lax = made.json("verify", "--level", level, "--stale", "ignore")
        assert [one["good"] for one in lax["datasets"]] == [True] * 3
        assert [bool(one["stale"]) for one in lax["datasets"]] == [True, False, True]
    out = made.ok("verify", "--stale", "ignore", "mid.csv")
    assert out.splitlines()[0] == "identical  mid.csv  stale: raw.csv changed"


def test_other_class_names_are_other_metadata(dsv: Face) -> None:
    write(dsv, "in.csv", "x\n0\n1\n")
    script = (
        "import json, os, pyarrow as pa, pyarrow.csv, pyarrow.parquet as pq\n"
        "names = ['a', os.urandom(8).hex()]\n"
        "said = {'huggingface': json.dumps({'info': {'features': {'x': {'names': names}}}})}\n"
        "pq.write_table(pa.csv.read_csv('in.csv').replace_schema_metadata(said), 'out.parquet')\n"
    )
    write(dsv, "make.py", script)
    dsv.ok("run", "--", "python", "make.py")
    dsv.ok("commit", "-m", "one")
    (one,) = dsv.json("verify", "out.parquet", code=1)["datasets"]
    assert (one["status"], one["good"]) == ("equal but for metadata", False)
    assert one["reason"].startswith("metadata: features.x.names[1]: ")
    write(dsv, "dsv.toml", '[[dataset]]\nmatch = "out.parquet"\nmetadata = "ignore"\n')
    (one,) = dsv.json("verify", "out.parquet")["datasets"]
    assert (one["status"], one["good"]) == ("equal but for metadata", True)
