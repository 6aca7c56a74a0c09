"""lineage and why."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from dsv.ids import ObjectId
from dsv.records import dataset_names
from dsv.store.packs import pack
from dsv.versions import stage
from dsv.workspace import Workspace
from tests.cli.face_fixtures import Face
from tests.unit.run_fixtures import weave

HOSTILE = 'a"b];<&>{}|`#;\\n\x1b[31m\n"]-->x%%\t--é.csv'


@pytest.fixture
def mill(dsv: Face) -> Face:
    """raw/a.csv -> clean.csv -> (train.csv, test.csv) with raw/b.csv; two versions of each."""
    for number in ("1", "2"):
        put(dsv, "raw/a.csv", f"x\n{number}\n")
        put(dsv, "raw/b.csv", "y\n1\n")
        dsv.ok("add", "raw/a.csv", "raw/b.csv")
        pipeline(dsv, number)
        dsv.ok("commit", "-m", f"version {number}")
        dsv.ok("tag", f"v{number}")
    return dsv


def put(dsv: Face, path: str, text: str) -> None:
    file = dsv.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def workspace(dsv: Face) -> Workspace:
    return Workspace.discover(dsv.folder)


def pipeline(dsv: Face, number: str) -> None:
    weave(
        workspace(dsv),
        ["raw/a.csv"],
        {"clean.csv": f"c\n{number}\n"},
        name="clean",
        argv=("python", "clean.py", "--n", "{n}"),
        params={"n": number},
        code={"clean.py": f"go({number})\n"},
        packages={"pandas": f"2.{number}", "wheel": number},
    )
    weave(
        workspace(dsv),
        ["clean.csv", "raw/b.csv"],
        {"train.csv": f"t\n{number}\n", "test.csv": f"u\n{number}\n"},
        name="split",
        capture="claimed",
        git=None,
    )


def test_the_tree_ends_with_the_raw_sources(mill: Face) -> None:
    out = mill.ok("lineage", "train.csv")
    lines = out.splitlines()
    assert re.fullmatch(r"train.csv  [0-9a-f]{8}  4 B", lines[0])
    assert re.fullmatch(r"└─ run split  [0-9a-f]{8}  python step.py  \(claimed\)", lines[1])
    assert re.fullmatch(r"   ├─ clean.csv  [0-9a-f]{8}  4 B", lines[2])
    assert lines[3].endswith("python clean.py --n '{n}'  (n=2; git 1a2b3c4d +1 uncommitted; captured)")
    assert re.fullmatch(r"   │     └─ raw/a.csv  [0-9a-f]{8}  4 B  source  [0-9a-f]{8}", lines[4])
    assert lines[-3:] == ["from 2 raw sources:", "  raw/a.csv", "  raw/b.csv"]


def test_what_is_shared_is_shown_once(mill: Face) -> None:
    out = mill.ok("lineage")
    assert out.count("run clean") == 1
    assert out.count("run split") == 2
    assert re.search(r"└─ run split  [0-9a-f]{8}  \(shown above\)\n", out)


def test_rows_once_they_are_known(mill: Face) -> None:
    mill.ok("lineage", "raw/a.csv")
    mill.ok("show", "raw/a.csv")
    mill.ok("show", "train.csv")
    assert "1 row, 4 B" in mill.ok("lineage", "raw/a.csv")
    nodes = mill.json("lineage", "raw/a.csv")["nodes"]
    assert [(one["path"], one["rows"]) for one in nodes if one["kind"] == "checkpoint"] == [("raw/a.csv", 1)]
    assert len(nodes[0]["table"]) == 64


def test_json_is_the_same_graph(mill: Face) -> None:
    document = mill.json("lineage", "test.csv")
    nodes = {one["id"]: one for one in document["nodes"]}
    assert len(nodes) == len(document["nodes"])
    kinds = [one["kind"] for one in nodes.values()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"checkpoint": 4, "run": 2, "source": 2}
    for edge in document["edges"]:
        ends = (nodes[edge["from"]]["kind"], nodes[edge["to"]]["kind"])
        roles = {
            "input": ("checkpoint", "run"),
            "output": ("run", "checkpoint"),
            "origin": ("source", "checkpoint"),
        }
        assert ends == roles[edge["role"]]
    clean = next(one for one in nodes.values() if one.get("name") == "clean")
    assert (clean["params"], clean["claimed"], clean["commit"][:8], clean["dirty"]) == (
        {"n": "2"},
        False,
        "1a2b3c4d",
        1,
    )
    assert document == json.loads(mill.ok("lineage", "test.csv", "--format", "json"))


def test_down_lists_every_version_of_any_commit(mill: Face) -> None:
    out = mill.ok("lineage", "--down", "raw/a.csv")
    assert out.count("run clean") == 2
    assert "derived: 6 versions of 3 datasets, in 4 runs\nof them current:\n  clean.csv\n  test.csv\n" in out
    assert out.count("(not current)") == 4
    out = mill.ok("lineage", "--down", "raw/a.csv@v1")
    assert out.endswith("derived: 3 versions of 3 datasets, in 2 runs\nnone of them is current\n")
    assert mill.ok("lineage", "--down", "train.csv@v2").splitlines()[-1] == "nothing was derived"


def test_a_dataset_that_is_gone_still_has_a_lineage(mill: Face) -> None:
    mill.ok("rm", "raw/a.csv")
    mill.ok("commit", "-m", "gone")
    assert "derived: 6 versions" in mill.ok("lineage", "--down", "raw/a.csv")
    assert "from 1 raw source:" in mill.ok("lineage", "clean.csv")
    mill.fails("lineage", "raw/a.csv", code=3)
    assert mill.fails("lineage", "--down", "never.csv", code=3)["kind"] == "not-found"


def test_depth_says_where_it_ended(mill: Face) -> None:
    out = mill.ok("lineage", "train.csv", "--depth", "1")
    assert "run clean" not in out
    assert "clean.csv" in out
    assert out.endswith("ended by --depth at 1 version, marked ...\n")
    more = [one for one in mill.json("lineage", "train.csv", "--depth", "1")["nodes"] if one["more"]]
    assert [one["path"] for one in more] == ["clean.csv"]


def test_a_revision_alone_is_all_of_it(mill: Face) -> None:
    assert "n=1" in mill.ok("lineage", "@v1")
    assert "n=2" not in mill.ok("lineage", "@v1")


def test_an_edit_by_hand_is_part_of_it(mill: Face) -> None:
    put(mill, "clean.csv", "c\nedited\n")
    mill.ok("add", "clean.csv")
    weave(workspace(mill), ["clean.csv"], {"end.csv": "e\n"}, name="end")
    out = mill.ok("lineage", "end.csv")
    assert re.search(r"└─ edited by hand  [0-9a-f]{8}\n +└─ run clean", out)
    assert "edited by hand on the way: clean.csv" in out
    assert "end.csv" in mill.ok("lineage", "--down", "raw/a.csv")


def test_a_long_chain_goes_on_below(dsv: Face) -> None:
    put(dsv, "log.csv", "0")
    dsv.ok("add", "log.csv")
    for number in range(40):
        weave(workspace(dsv), ["log.csv"], {"log.csv": f"{number + 1}"}, name=f"step{number}")
    out = dsv.ok("lineage", "log.csv")
    assert max(map(len, out.splitlines())) < 200
    assert all(out.count(f"run step{number} ") == 1 for number in range(40))
    assert "(goes on below)" in out
    assert dsv.ok("lineage", "--down", "log.csv").count("run step") == 40


def test_a_run_that_read_nothing(dsv: Face) -> None:
    weave(
        workspace(dsv),
        [],
        {"made.csv": "1"},
        name="fetch",
        blind_spots=["the queue ran over"],
        capture="captured",
    )
    out = dsv.ok("lineage", "made.csv")
    assert "captured, incomplete" in out
    assert "made from no dataset by 1 run: fetch" in out
    weave(workspace(dsv), [], {"other.csv": "1"}, capture=None)
    assert "nobody knows how it happened" in dsv.ok("lineage", "other.csv")


def test_before_the_first_commit(dsv: Face) -> None:
    done = dsv("lineage")
    assert (done.code, done.out) == (0, "")
    assert "no commits yet" in done.err
    assert dsv.json("lineage") == {"v": 1, "nodes": [], "edges": [], "missing": []}
    assert dsv("lineage", "--json", "--format", "dot").code == 2


@pytest.fixture
def hostile(dsv: Face) -> Face:
    """A graph in which every text that can be anything is as bad as it gets."""
    put(dsv, HOSTILE, "1")
    dsv.ok("add", HOSTILE)
    weave(
        workspace(dsv),
        [HOSTILE],
        {"out " + HOSTILE: "2"},
        name=HOSTILE,
        argv=("sh", "-c", HOSTILE),
        params={HOSTILE: HOSTILE},
    )
    return dsv


def test_hostile_names_stay_on_their_lines(hostile: Face) -> None:
    for form in ("tree", "mermaid", "dot"):
        out = hostile.ok("lineage", "out " + HOSTILE, "--format", form)
        assert "\x1b" not in out
        assert "\t" not in out
    assert len(hostile.json("lineage", "out " + HOSTILE)["nodes"]) == 4


def test_mermaid(hostile: Face) -> None:
    lines = hostile.ok("lineage", "out " + HOSTILE, "--format", "mermaid").splitlines()
    assert lines[0] == "flowchart LR"
    label = r'"(?:[\w ./,:=+-]|#\d+;|<br/>)*"'
    node = re.compile(rf"  n\d+(\[{label}\]|\(\[{label}\]\)|\[\({label}\)\])")
    for line in lines[1:]:
        assert node.fullmatch(line) or re.fullmatch(r"  n\d+ --> n\d+", line), line


def test_dot(hostile: Face) -> None:
    text = hostile.ok("lineage", "out " + HOSTILE, "--format", "dot")
    line = re.compile(r'  n\d+ (\[shape=\w+, label="(?:[^"\\\n]|\\.)*"(, style="bold")?\]|-> n\d+);')
    body = text.splitlines()[3:-1]
    assert all(line.fullmatch(one) for one in body), body
    dot = shutil.which("dot")
    if dot is not None:
        done = subprocess.run([dot, "-Tplain"], input=text, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        assert done.stdout.count("\nnode ") == 4


def test_what_is_not_here_is_told(mill: Face) -> None:
    """As in a store to which somebody did not push all of it."""
    gone = ObjectId("1" * 64)
    here = workspace(mill)
    staged = dataset_names.datasets_at(here.repo, None)["clean.csv"]
    with here.repo.writer() as writer:
        forged = stage.put(writer, replace(staged.checkpoint, origin=gone))
        here.publish(
            "test",
            lambda refs, session: stage.apply(here.repo, refs, {"clean.csv": forged}, session),
            writer=writer,
        )
    weave(workspace(mill), ["clean.csv"], {"end.csv": "e"}, name="end")
    done = mill("lineage", "end.csv")
    assert done.code == 0
    assert (
        f"clean.csv  {staged.checkpoint.content[:8]}  4 B  origin 11111111: its record cannot be read"
        in done.out
    )
    assert "warning: 11111111: " in done.err
    assert [one["id"] for one in mill.json("lineage", "end.csv")["missing"]] == [gone]
    assert "end.csv" in mill.ok("lineage", "--down", "clean.csv")
    assert mill.ok("lineage", "end.csv", "--format", "dot").count("->") == 2
    assert "from clean.csv" in mill.ok("why", "end.csv")
    assert "its origin 11111111 is not in this store" in mill.ok("why", "clean.csv")


def test_a_damaged_record_is_told_and_is_exit_6(mill: Face) -> None:
    run = next(one["id"] for one in mill.json("lineage")["nodes"] if one.get("name") == "clean")
    place = workspace(mill).repo.objects.find(run)
    assert place is not None
    with (mill.folder / ".dsv" / pack.name(place.pack)).open("r+b") as file:
        file.seek(place.offset + place.stored // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    assert mill("lineage").code == 0  # what was read once is remembered
    (mill.folder / ".dsv" / "cache" / "lineage").unlink()
    for words in (("train.csv",), ("--down", "raw/b.csv"), ("--down", "raw/a.csv")):
        done = mill("lineage", *words)
        assert done.code == 6, words
        assert "does not match its checksum" in done.err
    assert mill("why", "clean.csv").code == 6


def test_why_names_what_changed_and_what_changed_that(mill: Face) -> None:
    out = mill.ok("why", "train.csv")
    assert "made by run split" in out
    assert "claimed: nobody has seen it run" in out
    since = out[out.index("since the version before") :]
    assert re.search(r"\n  input clean.csv changed from [0-9a-f]{8} to [0-9a-f]{8}\n    because\n", since)
    assert "      code clean.py changed (+1 -1 lines)\n" in since
    assert "      parameter n changed from 1 to 2\n" in since
    assert re.search(r"\n      input raw/a.csv changed from \w+ to \w+; changed by hand\n", since)
    assert "      pandas changed from 2.1 to 2.2 (imported)\n" in since
    assert "      and 1 difference that can hardly matter (-v lists them)\n" in since
    assert "wheel changed from 1 to 2" in mill.ok("-v", "why", "train.csv")


def test_why_as_json(mill: Face) -> None:
    document = mill.json("why", "clean.csv")
    assert document["now"]["made"] == "run"
    assert document["now"]["run"]["params"] == {"n": "2"}
    assert document["now"]["commit"]["message"] == "version 2"
    assert document["before"]["commit"]["message"] == "version 1"
    assert [one["aspect"] for one in document["changes"]] == [
        "code",
        "parameter",
        "input",
        "environment",
        "environment",
    ]
    assert [one["matters"] for one in document["changes"]] == [True, True, True, True, False]


def test_why_of_a_first_version(mill: Face) -> None:
    assert mill.ok("why", "clean.csv@v1").endswith("its first version\n")
    assert mill.json("why", "raw/b.csv")["before"] is None
    mill.fails("why", "nothing.csv", code=3)


def test_why_of_raw_data(mill: Face) -> None:
    out = mill.ok("why", "raw/a.csv")
    assert "raw data that somebody added; no run made it" in out
    assert "raw data):\n  changed outside of any run that dsv recorded\n" in out


def test_why_of_an_edit(mill: Face) -> None:
    put(mill, "clean.csv", "c\nedited\n")
    mill.ok("add", "clean.csv")
    out = mill.ok("why", "clean.csv")
    assert "edited by hand; before that it was made by" in out
    assert "staged, and not committed yet" in out
    assert "what the run had written was changed outside of any run" in out
    mill.ok("commit", "-m", "edited")
    pipeline(mill, "3")
    out = mill.ok("why", "clean.csv")
    assert "edited by hand):\n  that had been edited by hand; compared with the run before the edit:\n" in out
    assert "parameter n changed from 2 to 3" in out


def test_why_of_what_nothing_explains(dsv: Face) -> None:
    for text in ("1", "2"):
        weave(workspace(dsv), [], {"random.csv": text})
        dsv.ok("commit", "-m", text)
    assert "nothing that was recorded explains it" in dsv.ok("why", "random.csv")
    assert dsv.json("why", "random.csv")["changes"] == []


def test_why_of_a_folder(dsv: Face, tmp_path: Path) -> None:
    assert tmp_path
    put(dsv, "images/a", "1")
    dsv.ok("add", "images")
    dsv.ok("commit", "-m", "one")
    put(dsv, "images/b", "2")
    dsv.ok("commit", "-am", "two")
    assert "files changed: +1 -0 ~0" in dsv.ok("why", "images")
    assert dsv.json("why", "images")["files"] == {"added": 1, "removed": 0, "modified": 0}


def test_why_of_the_same_data_made_again(dsv: Face) -> None:
    for number in ("1", "2"):
        weave(workspace(dsv), [], {"made.csv": "same"}, params={"n": number})
        dsv.ok("commit", "-m", number)
    out = dsv.ok("why", "made.csv")
    assert "  the same data came out again\n  parameter n changed from 1 to 2\n" in out


def test_a_narrow_terminal_cuts_lines(dsv: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    (dsv.folder / "a_rather_long_name.csv").write_text("a\n1\n", encoding="utf-8")
    dsv.ok("add", "a_rather_long_name.csv")
    dsv.ok("commit", "-m", "one")
    monkeypatch.setenv("COLUMNS", "20")
    shown = dsv("lineage", terminal=True).out.splitlines()
    assert "…" in shown[0]
    assert "…" not in dsv.ok("lineage")
