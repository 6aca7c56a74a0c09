"""run: what is captured, staged, recorded and refused."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dsv.cli import reference
from dsv.hashing import file_id
from dsv.render.shape import problems
from tests.cli.face_fixtures import Face, environment
from tests.cli.store_search import everything
from tests.waiting import Gate

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="capturing needs Linux")

PYTHON = sys.executable
RAW = "a,b\n" + "".join(f"{number},{number % 7}\n" for number in range(200))


def write(dsv: Face, name: str, text: str) -> Path:
    path = dsv.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def run(dsv: Face, *arguments: str, code: int = 0, cwd: Path | None = None) -> dict[str, Any]:
    """Run `dsv run --json`, and check the document against its description."""
    done = dsv("run", "--json", *arguments, cwd=cwd)
    assert done.code == code, done.err
    shape = reference.command("run").shape
    assert isinstance(shape, dict)
    assert list(problems(done.document, {"v": "int", **shape})) == []
    return done.document


def script(dsv: Face, text: str, *arguments: str, code: int = 0, name: str = "job.py") -> dict[str, Any]:
    write(dsv, name, text)
    return run(dsv, *arguments, "--", PYTHON, name, code=code)


def sh(dsv: Face, text: str, *arguments: str, code: int = 0) -> dict[str, Any]:
    return run(dsv, *arguments, "--", "sh", "-c", text, code=code)


def paths(found: list[dict[str, Any]]) -> list[str]:
    return [one["path"] for one in found]


PLAIN = """
lines = open("data/raw.csv").read().splitlines()
open("data/clean.csv", "w").write("\\n".join(lines[:50]) + "\\n")
"""

LIBRARIES = {
    "plain": ("data/clean.csv", PLAIN),
    "pandas": (
        "data/clean.parquet",
        "import pandas as pd\nframe = pd.read_csv('data/raw.csv')\nframe[frame.b > 2].to_parquet('data/clean.parquet')\n",
    ),
    "polars": (
        "data/clean.parquet",
        "import polars as pl\npl.scan_csv('data/raw.csv').filter(pl.col('b') > 2).sink_parquet('data/clean.parquet')\n",
    ),
    "pyarrow": (
        "data/clean.parquet",
        "import pyarrow.csv as c, pyarrow.parquet as p\np.write_table(c.read_csv('data/raw.csv'), 'data/clean.parquet')\n",
    ),
    "duckdb": (
        "data/clean.parquet",
        "import duckdb\nduckdb.sql(\"copy (from 'data/raw.csv' where b > 2) to 'data/clean.parquet'\")\n",
    ),
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_a_script_uses_is_found_out(dsv: Face, library: str) -> None:
    output, text = LIBRARIES[library]
    if library != "plain":
        pytest.importorskip(library)
    write(dsv, "data/raw.csv", RAW)
    document = script(dsv, text)
    assert [(one["path"], one["new"]) for one in document["inputs"]] == [("data/raw.csv", True)]
    assert paths(document["outputs"]) == [output]
    assert document["code"] == ["job.py"]
    assert document["argv"] == ["python", "job.py"]
    assert (document["capture"], document["complete"]) == ("captured", True)
    assert document["outputs"][0]["table"] is not None
    assert document["staged"] == sorted(["data/raw.csv", output])
    assert dsv.json("status")["unstaged"] == []


def test_running_the_same_again_changes_nothing(dsv: Face) -> None:
    write(dsv, "data/raw.csv", RAW)
    first = script(dsv, PLAIN)
    before = dsv.json("oplog")["operations"]
    again = script(dsv, PLAIN)
    assert (again["run"], again["unchanged"], again["staged"]) == (first["run"], True, [])
    assert dsv.json("oplog")["operations"] == before


def test_local_modules_and_children_are_code(dsv: Face) -> None:
    write(dsv, "lib/helper.py", "def keep(line): return True\n")
    write(dsv, "query.sql", "select 1\n")
    write(dsv, "raw.csv", RAW)
    write(
        dsv,
        "child.py",
        "import sys\nsys.path.insert(0, 'lib')\nimport helper\nopen('query.sql').read()\n"
        "open('out.csv', 'w').write(open('raw.csv').read())\n",
    )
    write(
        dsv, "middle.py", "import subprocess, sys\nsubprocess.run([sys.executable, 'child.py'], check=True)\n"
    )
    document = script(
        dsv, "import subprocess, sys\nsubprocess.run([sys.executable, 'middle.py'], check=True)\n"
    )
    assert document["code"] == ["child.py", "job.py", "lib/helper.py", "middle.py", "query.sql"]
    assert paths(document["inputs"]) == ["raw.csv"]
    assert paths(document["outputs"]) == ["out.csv"]


def test_a_shell_pipeline(dsv: Face) -> None:
    write(dsv, "raw.csv", RAW)
    document = sh(dsv, "cat raw.csv | grep -v ,3 | sort > sorted.csv")
    assert (paths(document["inputs"]), paths(document["outputs"])) == (["raw.csv"], ["sorted.csv"])
    assert document["argv"] == ["sh", "-c", "cat raw.csv | grep -v ,3 | sort > sorted.csv"]


def test_an_input_that_is_mapped_into_memory(dsv: Face) -> None:
    write(dsv, "raw.csv", RAW)
    text = (
        "import mmap\n"
        "with open('raw.csv', 'rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:\n"
        "    open('out.csv', 'wb').write(view[:])\n"
    )
    assert paths(script(dsv, text)["inputs"]) == ["raw.csv"]


def test_a_folder_that_is_read_and_a_folder_that_is_written(dsv: Face) -> None:
    for number in range(25):
        write(dsv, f"data/images/{number % 3}/{number}.png", f"png {number}")
    write(dsv, "data/labels.csv", "name,label\n")
    text = (
        "from pathlib import Path\n"
        "Path('out').mkdir(exist_ok=True)\n"
        "for path in Path('data/images').rglob('*.png'):\n"
        "    (Path('out') / path.name).write_bytes(path.read_bytes() + b'!')\n"
    )
    document = script(dsv, text)
    assert paths(document["inputs"]) == ["data/images"]
    assert paths(document["outputs"]) == ["out"]
    assert document["outputs"][0]["files"] == 25
    again = script(dsv, text)
    assert again["unchanged"]
    write(dsv, "data/images/0/new.png", "png new")
    third = script(dsv, text)
    assert paths(third["inputs"]) == ["data/images"]
    assert third["outputs"][0]["files"] == 26
    assert third["notes"] == ["data/images was read with changes that are not staged"]


def test_a_part_of_a_folder_is_written(dsv: Face) -> None:
    write(dsv, "data/a.csv", RAW)
    write(dsv, "data/b.csv", RAW)
    dsv.ok("add", "data")
    document = sh(dsv, "echo x,y > data/c.csv")
    assert (paths(document["inputs"]), paths(document["outputs"])) == (["data"], ["data"])
    assert document["inputs"][0]["content"] != document["outputs"][0]["content"]
    whole = sh(dsv, "for f in a b c; do echo $f > data/$f.csv; done")
    assert (paths(whole["inputs"]), paths(whole["outputs"])) == ([], ["data"])


@pytest.mark.parametrize(
    "command",
    ["sort -r -o raw.csv raw.csv", "echo 9,9 >> raw.csv", "sed -i s/1/2/ raw.csv"],
    ids=["replaced", "appended", "renamed over"],
)
def test_an_output_that_is_also_an_input(dsv: Face, command: str) -> None:
    write(dsv, "raw.csv", RAW)
    before = dsv.json("add", "raw.csv")["staged"][0]["content"]
    document = sh(dsv, command)
    assert [(one["path"], one["content"]) for one in document["inputs"]] == [("raw.csv", before)]
    assert paths(document["outputs"]) == ["raw.csv"]
    assert document["outputs"][0]["content"] != before


def test_what_is_overwritten_is_no_input(dsv: Face) -> None:
    write(dsv, "out.csv", RAW)
    dsv.ok("add", "out.csv")
    document = sh(dsv, "echo x > out.csv")
    assert (document["inputs"], paths(document["outputs"])) == ([], ["out.csv"])


def test_what_is_only_touched_is_no_output(dsv: Face) -> None:
    write(dsv, "in.csv", RAW)
    sh(
        dsv,
        "mkdir -p d/e; cp in.csv out.csv; cp in.csv d/e/a.csv; cp in.csv d/e/b.csv",
        "-o",
        "out.csv",
        "-o",
        "d",
    )
    dsv.ok("commit", "-m", "one")
    assert sh(dsv, "touch out.csv d/e/a.csv")["run"] is None
    found = sh(dsv, "touch d/e/a.csv out.csv; echo 1,1 > d/e/b.csv")
    assert (paths(found["inputs"]), paths(found["outputs"])) == (["d"], ["d"])


def test_an_untracked_file_updated_in_place_is_refused(dsv: Face) -> None:
    write(dsv, "raw.csv", RAW)
    error = dsv.fails("run", "--", "sort", "-r", "-o", "raw.csv", "raw.csv", code=3)
    assert "dsv add raw.csv" in error["hint"]
    assert dsv.json("status")["staged"] == []


def test_modified_inputs_are_recorded_as_they_were_read(dsv: Face) -> None:
    write(dsv, "raw.csv", RAW)
    dsv.ok("add", "raw.csv")
    dsv.ok("commit", "-m", "raw")
    write(dsv, "raw.csv", RAW + "7,7\n")
    document = sh(dsv, "head -5 raw.csv > out.csv; sed -i 1d raw.csv")
    (read,) = document["inputs"]
    assert read["content"] == file_id((RAW + "7,7\n").encode())


def test_a_failed_command_stages_nothing_and_keeps_its_exit_code(dsv: Face) -> None:
    write(dsv, "raw.csv", RAW)
    document = sh(dsv, "cat raw.csv > out.csv; echo broken >&2; exit 7", code=7)
    assert (document["command_exit"], document["run"], document["staged"]) == (7, None, [])
    assert document["written"] == ["out.csv"]
    assert "broken" in document["tail"]
    assert dsv.json("status")["staged"] == []
    assert "broken" in (dsv.folder / ".dsv" / "run" / "tail").read_text(encoding="utf-8")
    done = dsv("run", "--", "sh", "-c", "exit 9")
    assert done.code == 9
    assert "nothing was staged" in done.err


def test_a_tail_that_cannot_be_kept_hides_no_exit_code(dsv: Face) -> None:
    (dsv.folder / ".dsv/run/tail").mkdir(parents=True)
    assert sh(dsv, "exit 3", code=3)["command_exit"] == 3


def test_a_signal_is_passed_on(dsv: Face) -> None:
    assert sh(dsv, "kill -TERM $$", code=143)["command_exit"] == 143


def test_a_command_that_is_not_there(dsv: Face) -> None:
    assert dsv.fails("run", "--", "no-such-program", code=3)["kind"] == "not-found"
    assert dsv.fails("run", "--", "./no-such-script", code=3)["kind"] == "not-found"
    assert dsv("run").code == 2


def test_no_output_is_said(dsv: Face) -> None:
    write(dsv, "raw.csv", RAW)
    document = sh(dsv, "cat raw.csv > /dev/null")
    assert (document["run"], document["staged"], document["notes"]) == (None, [], ["nothing was written"])
    assert dsv.json("status")["staged"] == []


def test_more_outputs_than_anybody_meant(dsv: Face) -> None:
    write(dsv, "out/kept.txt", "x")
    write(dsv, "raw.csv", RAW)
    command = "cat raw.csv > /dev/null; for n in $(seq 21); do echo $n > out/$n.csv; done"
    error = dsv.fails("run", "--", "sh", "-c", command, code=3)
    assert error["hint"].startswith("dsv run --no-exec -i raw.csv -o DIR")
    assert dsv.json("status")["staged"] == []
    document = run(dsv, "--no-exec", "-i", "raw.csv", "-o", "out", "--", "sh", "-c", command)
    assert (document["capture"], document["command_exit"]) == ("claimed", None)
    assert (paths(document["inputs"]), paths(document["outputs"])) == (["raw.csv"], ["out"])


def test_nobody_can_claim_that_data_made_itself(dsv: Face) -> None:
    write(dsv, "by-hand.csv", RAW)
    error = dsv.fails("run", "--no-exec", "-i", "by-hand.csv", "-o", "by-hand.csv", "--", "true", code=3)
    assert "claimed to be made from itself" in error["message"]
    assert dsv.json("status")["staged"] == []


def test_parameters_and_labels(dsv: Face) -> None:
    document = sh(
        dsv, "echo {rows} {other} $DSV_PARAM_rows > out.csv", "-n", "count", "-p", "rows=3", "-p", "x=a=b"
    )
    assert (dsv.folder / "out.csv").read_text() == "3 {other} 3\n"
    assert document["argv"][-1] == "echo {rows} {other} $DSV_PARAM_rows > out.csv"
    assert document["name"] == "count"
    other = sh(dsv, "echo {rows} {other} $DSV_PARAM_rows > out.csv", "-p", "rows=4")
    assert other["run"] != document["run"]
    misspelt = dsv("run", "-p", "rows=4", "--", "sh", "-c", "echo {row} > out.csv")
    assert "warning: no parameter fills {row}: -p gives rows" in misspelt.err
    assert (
        "no parameter fills" not in dsv("run", "-p", "rows=4", "--", "sh", "-c", "echo {rows} > out.csv").err
    )
    dsv.fails("run", "-p", "rows", "--", "true", code=2)
    dsv.fails("run", "-p", "a b=1", "--", "true", code=2)


def test_declared_variables_are_recorded_and_others_are_not(
    dsv: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGION", "north")
    monkeypatch.setenv("API_TOKEN", "s3cret-value-1")
    document = sh(dsv, "echo $REGION > out.csv", "--env", "REGION", "--env", "API_TOKEN")
    whole = everything(dsv.folder)
    assert b'"variables":{"API_TOKEN":null,"REGION":"north"}' in whole
    assert b"s3cret-value-1" not in whole
    assert document["masked"] is False
    monkeypatch.setenv("REGION", "south")
    assert sh(dsv, "echo const > out.csv")["run"] == sh(dsv, "echo const > out.csv")["run"]
    dsv.fails("run", "--env", "NOT_SET_ANYWHERE", "--", "true", code=3)


def test_a_commit_at_once(dsv: Face) -> None:
    write(dsv, "raw.csv", RAW)
    document = sh(dsv, "head -3 raw.csv > out.csv", "-m", "first rows")
    assert document["commit"] == dsv.json("status")["head"]
    assert dsv.json("log")["commits"][0]["datasets"] == ["out.csv", "raw.csv"]
    again = sh(dsv, "head -3 raw.csv > out.csv", "-m", "again")
    assert (again["unchanged"], again["commit"]) == (True, None)
    dsv.fails("run", "-m", "", "--", "true", code=2)


def test_declared_sides(dsv: Face) -> None:
    write(dsv, "raw.csv", RAW)
    write(dsv, "more.csv", RAW)
    document = sh(dsv, "cat raw.csv more.csv > out.csv; echo x > log.csv", "-i", "raw.csv", "-o", "out.csv")
    assert (paths(document["inputs"]), paths(document["outputs"])) == (["raw.csv"], ["out.csv"])
    assert document["capture"] == "declared"
    assert document["warnings"] == [
        "more.csv was read, and is not declared with -i",
        "log.csv was written, and is not declared with -o",
    ]
    partly = sh(dsv, "cat raw.csv more.csv > out2.csv", "-i", "raw.csv")
    assert (partly["capture"], paths(partly["outputs"])) == ("partly", ["out2.csv"])
    dsv.fails("run", "-i", "nothing.csv", "--", "true", code=3)
    dsv.fails("run", "-o", "never.csv", "--", "true", code=3)
    dsv.fails("run", "-o", "../out.csv", "--", "true", code=3)
    dsv.fails("run", "-i", ".env", "--", "true", code=3)


def test_paths_are_relative_to_the_current_folder(dsv: Face) -> None:
    write(dsv, "sub/raw.csv", RAW)
    folder = dsv.folder / "sub"
    document = run(dsv, "-i", "raw.csv", "--", "sh", "-c", "head -2 raw.csv > out.csv", cwd=folder)
    assert (paths(document["inputs"]), paths(document["outputs"])) == (["sub/raw.csv"], ["sub/out.csv"])


def test_a_redirected_stream_is_refused(dsv: Face) -> None:
    write(dsv, "raw.csv", RAW)
    with (dsv.folder / "raw.csv").open() as given:
        done = process(dsv, "run", "--", "sort", stdin=given)
    assert done.returncode == 3
    assert "sh -c 'COMMAND < raw.csv'" in done.stderr
    with (dsv.folder / "out.csv").open("w") as taken:
        done = process(dsv, "run", "--", "sort", "raw.csv", stdout=taken)
    assert done.returncode == 3
    assert "sh -c 'COMMAND > out.csv'" in done.stderr
    with (dsv.folder / "document.json").open("w") as taken:
        done = process(
            dsv, "run", "--json", "--", "sh", "-c", "echo hello; sort raw.csv > out.csv", stdout=taken
        )
    assert done.returncode == 0
    document = json.loads((dsv.folder / "document.json").read_text())
    assert paths(document["outputs"]) == ["out.csv"]
    assert "hello" in done.stderr


def process(dsv: Face, *arguments: str, **streams: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [PYTHON, "-m", "dsv", *arguments],
        cwd=dsv.folder,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **streams},
    )


def test_a_second_capture_waits_its_turn_and_a_declared_run_does_not(dsv: Face, gate: Gate) -> None:
    write(dsv, "raw.csv", RAW)
    go = gate.path.with_name("go")
    os.mkfifo(go)
    slow = subprocess.Popen(
        [PYTHON, "-m", "dsv", "run", "--json", "--", "sh", "-c",
         f"echo > {gate.path}; read x < {go}; head -1 raw.csv > slow.csv"],
        cwd=dsv.folder, env=environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        gate.wait()
        assert dsv.fails("run", "--", "true", code=4)["kind"] == "busy"
        document = sh(dsv, "head -2 raw.csv > fast.csv", "-i", "raw.csv", "-o", "fast.csv")
        assert paths(document["outputs"]) == ["fast.csv"]
        assert "another run" in document["incomplete"][0]
    finally:
        go.write_text("\n")
        out, _ = slow.communicate(timeout=30)
    assert not json.loads(out)["complete"]


def test_withheld_files(dsv: Face) -> None:
    write(dsv, ".env", "PASSWORD=plant-in-dot-env\n")
    write(dsv, "raw.csv", RAW)
    document = sh(dsv, ". ./.env; head -2 raw.csv > out.csv")
    assert document["withheld"] == [".env"]
    assert document["code"] == []
    assert b"plant-in-dot-env" not in everything(dsv.folder)


def test_beside_git(outside: Face) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=b", *arguments], cwd=outside.folder, check=True
        )

    git("init", "-q", "-b", "main")
    write(outside, "small.csv", "a\n1\n")
    write(outside, "notes.txt", "x")
    write(outside, "secret.txt", "hush")
    write(outside, ".gitignore", "secret.txt\nbuild/\n")
    write(outside, "sub/.gitignore", "hidden.yaml\nlocal.yaml\n")
    write(outside, "sub/hidden.yaml", "api_token: plant-4711-hush\n")
    write(outside, "sub/local.yaml", "rows: 3\n")
    git("add", ".gitignore", "small.csv", "notes.txt")
    git("commit", "-qm", "first")
    outside.ok("init")
    write(outside, "raw.csv", RAW)
    command = "cat small.csv raw.csv secret.txt > out.csv; cat sub/*.yaml > /dev/null; echo y >> notes.txt; mkdir -p build; echo l > build/table.txt; echo m > a.log"
    document = sh(outside, command)
    # What git ignores is neither secret nor nothing: data is a source, settings are code, and what was written is there.
    assert paths(document["inputs"]) == ["raw.csv", "secret.txt"]
    assert paths(document["outputs"]) == ["build/table.txt", "out.csv"]
    assert document["code"] == ["small.csv", "sub/local.yaml"]
    assert document["withheld"] == ["sub/hidden.yaml"]
    assert "left out: a.log (*.log)" in document["notes"]
    assert b"plant-4711" not in everything(outside.folder)
    assert "notes.txt is in git and was written: it is no dataset" in document["notes"]
    outside.fails("run", "-o", "small.csv", "--", "true", code=3)


def test_the_lock_must_name_head(outside: Face) -> None:
    outside.ok("init")
    write(outside, "raw.csv", RAW)
    outside.ok("add", "raw.csv")
    outside.ok("commit", "-m", "one")
    first = (outside.folder / "dsv.lock").read_text()
    write(outside, "raw.csv", RAW + "1,1\n")
    outside.ok("commit", "-am", "two")
    (outside.folder / "dsv.lock").write_text(first)
    error = outside.fails("run", "--", "true", code=3)
    assert error["hint"] == "dsv checkout --locked"


def test_ctrl_c_stages_nothing(dsv: Face, gate: Gate) -> None:
    import signal

    write(dsv, "raw.csv", RAW)
    started = subprocess.Popen(
        [PYTHON, "-m", "dsv", "run", "--", "sh", "-c", f"cat raw.csv > out.csv; echo > {gate.path}; sleep 60"],
        cwd=dsv.folder, env=environment(), stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    gate.wait()
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=30)
    assert started.returncode == 130
    assert "it had written out.csv" in err
    assert "Traceback" not in err
    assert dsv.json("status")["staged"] == []


def test_hugging_face_datasets_read_the_raw_file_again(dsv: Face) -> None:
    pytest.importorskip("datasets")
    write(dsv, "raw.csv", RAW)
    text = (
        "from datasets import load_dataset\n"
        "rows = load_dataset('csv', data_files='raw.csv')['train']\n"
        "rows.filter(lambda row: row['b'] > 2).save_to_disk('data/clean')\n"
    )
    for _ in range(2):
        document = script(dsv, text)
        assert paths(document["inputs"]) == ["raw.csv"]
        assert paths(document["outputs"]) == ["data/clean"]
        assert document["outputs"][0]["rows"] == sum(number % 7 > 2 for number in range(200))
    assert document["unchanged"]
    text = (
        "from datasets import load_from_disk\n"
        "load_from_disk('data/clean').map(lambda row: row).to_parquet('data/final.parquet')\n"
    )
    document = script(dsv, text)
    assert "data/clean" in paths(document["inputs"])
    assert "cache-*.arrow" in document["notes"][0]
    write(dsv, ".dsvignore", "cache-*.arrow\n")
    assert paths(script(dsv, text)["outputs"]) == ["data/final.parquet"]


def test_no_dataset_gets_inside_another(dsv: Face) -> None:
    write(dsv, "data/gone.csv", RAW)
    dsv.ok("add", "data/gone.csv")
    dsv.ok("commit", "-m", "one")
    dsv.ok("drop", "data/gone.csv")
    document = sh(dsv, "mkdir -p data; echo a > data/part-0.csv; echo a > data/part-1.csv")
    assert paths(document["outputs"]) == ["data/part-0.csv", "data/part-1.csv"]
    dsv.fails("run", "-o", "data", "--", "true", code=3)
    command = ("--", "sh", "-c", "mkdir -p new; echo 1 > new/x; echo 2 > new/y")
    dsv.fails("run", "-o", "new", "-o", "new/x", *command, code=3)
    assert dsv.json("fsck")["ok"]


def test_a_dataset_that_was_removed_is_left_to_the_user(dsv: Face) -> None:
    write(dsv, "old.csv", RAW)
    dsv.ok("add", "old.csv")
    document = sh(dsv, "mv old.csv new.csv")
    assert (paths(document["inputs"]), paths(document["outputs"])) == (["old.csv"], ["new.csv"])
    assert document["notes"] == ["old.csv was removed; dsv rm old.csv records that"]


def test_what_is_in_the_way_of_a_commit_is_said_before_the_work(dsv: Face) -> None:
    write(dsv, "raw.csv", RAW)
    dsv.ok("add", "raw.csv")
    dsv.ok("commit", "-m", "one")
    dsv.ok("checkout", str(dsv.json("status")["head"]))
    error = dsv.fails("run", "-m", "x", "--", "touch", "ran", code=3)
    assert "detached" in error["message"]
    assert not (dsv.folder / "ran").exists()


def test_a_commit_has_the_changed_data_that_was_read(dsv: Face) -> None:
    (dsv.folder / "raw.csv").write_text("0")
    dsv.ok("add", "raw.csv")
    (dsv.folder / "raw.csv").write_text("1")
    copy = ("-i", "raw.csv", "-o", "out.csv", "--", "cp", "raw.csv", "out.csv")
    plain = dsv("run", *copy)
    assert "raw.csv was read with changes that are not staged\n" in plain.err
    assert "hint: dsv commit -am MESSAGE" in plain.err
    made = dsv("run", "-m", "one", *copy)
    assert "raw.csv was read with changes: they are committed, too\n" in made.err
    assert "not staged" not in made.err
    assert dsv.ok("cat", "raw.csv@HEAD") == "1"
    assert dsv.json("verify", "--level", "hashes")["ok"]
