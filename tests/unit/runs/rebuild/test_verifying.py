"""Verify, on runs that were really recorded."""

import sys
from pathlib import Path

import pytest

from dsv.capture.isolation import Isolation, Openings
from dsv.errors import NotFound, Refused, StorageError
from dsv.model.attempt import CLAIMED, VERIFIED
from dsv.model.verdict import VerdictStatus
from dsv.ops.verify import Level, Selection, verify, verify_hashes
from dsv.records import origins
from dsv.render.verdict_words import details, reason
from tests.system_walls import needs_namespaces, needs_walls, strongest
from tests.unit.runs.rebuild.replay_fixtures import Plant

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs automatic capture")
pytestmark = linux

CSV = "a,b\n1,x\n2,y\n3,z\n"


def chain(plant: Plant) -> None:
    """Record raw.csv -> mid.csv -> (top.csv, side.csv), and commit."""
    plant.write({"raw.csv": CSV, "mid.sh": "grep -v 2 raw.csv > mid.csv\n"})
    plant.run("sh mid.sh")
    plant.run("sed s/z/Z/ mid.csv > top.csv; wc -c < mid.csv > side.csv")
    plant.commit({})


def test_a_chain_is_identical_at_both_levels(plant: Plant) -> None:
    chain(plant)
    wanted = {"mid.csv": "identical", "raw.csv": "source", "side.csv": "identical", "top.csv": "identical"}
    assert plant.statuses() == wanted
    found = plant.verify(level=Level.RAW)
    assert {check.path: check.status for check in found.checks} == wanted
    assert found.ok
    assert found.isolation == strongest()
    assert plant.scratch() == []
    assert plant.changes() == ({}, {})


def test_what_is_not_here_is_rebuilt_on_the_way(plant: Plant) -> None:
    chain(plant)
    plant.lose("mid.csv", "top.csv", "side.csv")
    assert plant.check("top.csv").status is VerdictStatus.IDENTICAL
    assert plant.verify(level=Level.RAW).ok
    assert not plant.holds("mid.csv")


def test_one_replay_serves_all_outputs(plant: Plant) -> None:
    chain(plant)
    plant.asked.clear()
    plant.verify("top.csv", "side.csv")
    assert [command.outputs for command in plant.asked] == [("side.csv", "top.csv")]


def test_raw_data_that_nobody_has(plant: Plant) -> None:
    plant.commit({"raw.csv": CSV}, "raw.csv")  # in a pack of its own, so that gc can remove it
    chain(plant)
    plant.lose("raw.csv")
    found = plant.check("mid.csv")
    assert found.status is VerdictStatus.FAILED
    assert reason(found) == "the bytes of its input raw.csv are not here, and no run can give them"
    assert plant.check("top.csv").status is VerdictStatus.IDENTICAL
    upper = plant.check("top.csv", Level.RAW)
    assert upper.status is VerdictStatus.FAILED
    assert "mid.csv (failed), which it was made from" in reason(upper)


def test_a_table_in_other_bytes_is_equal_unless_the_policy_is_exact(plant: Plant) -> None:
    script = (
        "import pyarrow as pa, pyarrow.parquet as pq, time\n"
        "t = pa.table({'x': [1, 2]}).replace_schema_metadata({'made': str(time.time_ns())})\n"
        "pq.write_table(t, 'out.parquet')\n"
    )
    plant.write({"make.py": script})
    plant.run("python make.py")
    plant.commit({})
    assert plant.check("out.parquet").status is VerdictStatus.EQUAL
    plant.lose("out.parquet")
    assert plant.check("out.parquet").status is VerdictStatus.EQUAL
    plant.write({"dsv.toml": '[[dataset]]\nmatch = "*.parquet"\npolicy = "exact"\n'})
    found = plant.check("out.parquet")
    assert (found.status, found.policy) == (VerdictStatus.DIFFERENT, "exact")
    assert reason(found).startswith("other bytes: ")
    assert details(found)[-1] == "possibly: make.py:2 uses the clock"


def table(plant: Plant, column: str) -> None:
    """Record a script that writes a column, given as an expression, and commit."""
    script = f"import random, pyarrow as pa, pyarrow.parquet as pq\nx = {column}\n"
    plant.write(
        {"make.py": script + "pq.write_table(pa.table({'x': x, 'k': [1, 2, 3, 4]}), 'out.parquet')\n"}
    )
    plant.run("python make.py")
    plant.commit({})


def test_values_within_the_tolerance_are_close(plant: Plant) -> None:
    table(plant, "[1.0, 2.0, 3.0, 4.0 + random.random() / 1e9]")
    assert plant.check("out.parquet").status is VerdictStatus.DIFFERENT
    plant.write({"dsv.toml": '[[dataset]]\nmatch = "*"\ntolerance = 1e-8\n'})
    assert plant.check("out.parquet").status is VerdictStatus.CLOSE
    plant.lose("out.parquet")
    found = plant.check("out.parquet")
    assert found.status is VerdictStatus.FAILED
    assert "the recorded bytes are not here" in reason(found)


def test_other_rows_are_explained(plant: Plant) -> None:
    table(plant, "[1, 2, 3, random.getrandbits(60)]")
    found = plant.check("out.parquet")
    assert found.status is VerdictStatus.DIFFERENT
    assert reason(found).startswith("1 cell in 1 row differs, first x, row 3: ")
    assert len(reason(found)) <= 100
    assert details(found)[-1] == "possibly: make.py:2 uses random numbers"
    assert not any(line.startswith("first difference") for line in details(found))
    assert "--twice tells whether two replays agree with each other" in details(found)


def test_twice_tells_what_never_gives_the_same(plant: Plant) -> None:
    table(plant, "[1, 2, 3, random.getrandbits(60)]")
    found = plant.check("out.parquet", settings=plant.settings(twice=True))
    assert found.status is VerdictStatus.NONDETERMINISTIC
    assert reason(found).startswith("two replays differ: 1 cell in 1 row differs")


def test_twice_leaves_a_change_a_change(plant: Plant) -> None:
    plant.write({"in.csv": CSV})
    plant.run('sh -c "cat in.csv; echo $MODE" > out.csv', env={"MODE": "one"})
    plant.commit({})
    found = plant.check("out.csv", settings=plant.settings(twice=True))
    assert found.status is VerdictStatus.DIFFERENT
    assert (
        plant.check("out.csv", settings=plant.settings(env={"MODE": "one"})).status is VerdictStatus.DIFFERENT
    )


def test_a_declared_variable_is_recorded_and_a_secret_one_is_passed_on(plant: Plant) -> None:
    plant.write({"in.csv": CSV})
    plant.run(
        'echo $MODE > mode.csv; test -n "$API_TOKEN" && cp in.csv out.csv',
        env={"MODE": "one", "API_TOKEN": "t"}, variables=("MODE", "API_TOKEN"),
    )  # fmt: skip
    plant.commit({})
    found = plant.check("out.csv")
    assert found.status is VerdictStatus.FAILED
    assert reason(found).endswith("API_TOKEN, whose value was not recorded, is not set")
    assert plant.asked[0].secrets == ("API_TOKEN",)
    again = plant.verify(settings=plant.settings(env={"API_TOKEN": "other"}))
    assert again.ok


def test_parameters_reach_the_replay(plant: Plant) -> None:
    plant.run("echo {word} $DSV_PARAM_word > out.csv", params={"word": "a b"})
    plant.commit({})
    assert plant.check("out.csv").status is VerdictStatus.IDENTICAL


def test_a_folder_that_was_there_and_one_that_the_run_makes(plant: Plant) -> None:
    plant.write({"in.csv": CSV})
    (plant.root / "there/in").mkdir(parents=True)
    plant.run("cp in.csv there/in/x.csv; cp in.csv there/y.csv")
    plant.run("mkdir made && cp in.csv made/x.csv && cp in.csv made/y.csv")
    plant.run("mkdir one && cp in.csv one/x.csv")
    plant.run("cp -r made copied")
    plant.commit({})
    bad = [check for check in plant.verify().checks if not check.status.good]
    assert bad == []


def test_an_input_that_is_updated_in_place(plant: Plant) -> None:
    plant.commit({"data.csv": CSV}, "data.csv")
    plant.run("echo 4,w >> data.csv")
    plant.commit({})
    plant.run("sed -i s/w/W/ data.csv")
    plant.commit({})
    assert plant.check("data.csv").status is VerdictStatus.IDENTICAL
    assert plant.check("data.csv", Level.RAW).status is VerdictStatus.IDENTICAL


@needs_walls
def test_a_file_outside_is_there_as_it_was_recorded_or_named(plant: Plant, tmp_path: Path) -> None:
    elsewhere = tmp_path / "outside.csv"
    elsewhere.write_text(CSV)
    plant.run(f"cp {elsewhere} out.csv")
    plant.commit({})
    assert plant.check("out.csv").status is VerdictStatus.IDENTICAL
    elsewhere.write_text("a,b\n")
    found = plant.check("out.csv")
    assert found.status is VerdictStatus.FAILED
    assert reason(found) == f"read outside {elsewhere}, which is not here as it was recorded"
    allowed = plant.settings(openings=Openings(allow=(elsewhere,)))
    assert plant.check("out.csv", settings=allowed).status is VerdictStatus.DIFFERENT


@needs_namespaces
def test_what_was_not_recorded_fails_with_its_name(plant: Plant, tmp_path: Path) -> None:
    (tmp_path / "outside.csv").write_text(CSV)
    plant.write({"in.csv": CSV})
    plant.run(f"cp in.csv out.csv; test ! -e /run/dsv || cat {tmp_path}/outside.csv")
    plant.commit({})
    found = plant.check("out.csv")
    assert found.status is VerdictStatus.FAILED
    wanted = f"it uses {tmp_path}/outside.csv, which is outside of the workspace and was not recorded"
    assert reason(found) == wanted


@pytest.mark.parametrize("wall", [Isolation.LANDLOCK, Isolation.FOLDER])
def test_with_weaker_walls_the_result_says_so(plant: Plant, wall: Isolation) -> None:
    chain(plant)
    assert plant.verify("top.csv", settings=plant.settings(strongest=wall)).isolation == wall


def test_a_command_that_is_not_there(plant: Plant) -> None:
    plant.write({"in.csv": CSV, "tool": "#!/bin/sh\ncp in.csv out.csv\n"})
    (plant.root / "tool").chmod(0o755)
    plant.run("PATH=$PATH:. tool")
    plant.commit({})
    assert plant.check("out.csv").status is VerdictStatus.IDENTICAL
    plant.run("no-such-tool 2>/dev/null || cp in.csv two.csv; test ! -e gone || no-such-tool")
    plant.commit({"tool": None})
    assert plant.statuses()["out.csv"] is VerdictStatus.IDENTICAL, (
        "a script that was deleted is in the record"
    )


def test_an_output_edited_by_hand_is_unrecorded(plant: Plant) -> None:
    chain(plant)
    plant.commit({"mid.csv": "a,b\n"})
    found = plant.check("mid.csv")
    assert found.status is VerdictStatus.UNRECORDED
    assert "edited by hand" in reason(found)
    plant.run("cp mid.csv last.csv")
    plant.commit({})
    assert plant.check("last.csv").status is VerdictStatus.IDENTICAL
    assert plant.check("last.csv", Level.RAW).status is VerdictStatus.UNRECORDED


def test_a_claim_is_proved_by_a_verify(plant: Plant) -> None:
    plant.write({"in.csv": CSV, "out.csv": CSV})
    made = plant.claim("cp in.csv out.csv", ["in.csv"], ["out.csv"])
    plant.commit({})
    assert made.id is not None
    before = origins.attempt(plant.workspace.repo, plant.refs, made.id)
    assert before is not None
    assert before.capture == CLAIMED
    assert plant.verify().proven == (made.id,)
    after = origins.attempt(plant.workspace.repo, plant.refs, made.id)
    assert after is not None
    assert after.capture == VERIFIED
    assert plant.verify().proven == ()


def test_a_false_claim(plant: Plant) -> None:
    plant.write({"in.csv": CSV, "out.csv": "a,b\n"})
    plant.claim("cp in.csv out.csv", ["in.csv"], ["out.csv"])
    plant.commit({})
    found = plant.verify()
    assert not found.ok
    assert found.proven == ()


def test_trusted_commands_are_not_asked_for(plant: Plant) -> None:
    chain(plant)

    def refuse(_: object) -> None:
        raise Refused("no")

    with pytest.raises(Refused):
        verify(plant.workspace, Selection(), Level.LAST, plant.settings(), refuse, plant.trusted)
    plant.verify()
    from dsv.runs.rebuild.consent import remember

    remember(plant.trusted, plant.asked)
    assert verify(plant.workspace, Selection(), Level.RAW, plant.settings(), refuse, plant.trusted).ok
    assert plant.scratch() == []


def test_selections(plant: Plant) -> None:
    chain(plant)
    first = plant.refs.head
    plant.run("cp mid.csv more.csv")
    plant.commit({})

    def paths(**selection: object) -> list[str]:
        return [check.path for check in verify_hashes(plant.workspace, Selection(**selection)).checks]  # type: ignore[arg-type]

    assert paths(changed_since=str(first)) == ["more.csv"]
    assert "more.csv" not in paths(revision="HEAD~1")
    assert len(paths(sample=2)) == 2
    assert paths(sample=2) == paths(sample=2)
    assert paths(sample=9) == ["mid.csv", "more.csv", "side.csv", "top.csv"]
    with pytest.raises(NotFound):
        paths(paths=("nothing",))


def test_only_what_is_wanted_is_replayed(plant: Plant) -> None:
    chain(plant)
    plant.verify("mid.csv")
    assert [command.outputs for command in plant.asked] == [("mid.csv",)]


def test_a_full_disk_is_no_answer(plant: Plant) -> None:
    plant.write({"in.csv": CSV, "dsv.toml": '[rebuild]\npass_env = ["FULL"]\n'})
    plant.run('test -z "$FULL" || { echo "write: No space left on device" >&2; exit 1; }; cp in.csv out.csv')
    plant.commit({})
    assert plant.check("out.csv").status is VerdictStatus.IDENTICAL
    with pytest.raises(StorageError, match="no space left"):
        plant.verify(settings=plant.settings(env={"FULL": "1"}))
    assert plant.scratch() == []


def test_what_is_behind_a_link_is_no_output(plant: Plant, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/x.csv").write_text(CSV)
    plant.write({"in.csv": CSV, "dsv.toml": '[rebuild]\npass_env = ["TRAP"]\n'})
    plant.run('test -z "$TRAP" && mkdir -p d && cp in.csv d/x.csv || { rmdir d; ln -s "$TRAP" d; }')
    plant.commit({})
    trap = plant.settings(env={"TRAP": str(tmp_path / "elsewhere")})
    checks = plant.verify(settings=trap).checks
    assert [check.status for check in checks if check.path != "in.csv"] == [VerdictStatus.FAILED]
    assert (tmp_path / "elsewhere/x.csv").read_text() == CSV


def test_metadata_is_told_apart_where_the_recorded_bytes_are_gone(plant: Plant) -> None:
    script = (
        "import json, pyarrow as pa, pyarrow.parquet as pq, time\n"
        "names = [str(time.time_ns())]\n"
        "said = {'huggingface': json.dumps({'info': {'features': {'x': {'names': names}}}})}\n"
        "pq.write_table(pa.table({'x': [0]}, metadata=said), 'out.parquet')\n"
    )
    plant.write({"make.py": script})
    plant.run("python make.py")
    plant.commit({})
    assert plant.check("out.parquet").status is VerdictStatus.EQUAL_BUT_FOR_METADATA
    plant.lose("out.parquet")
    found = plant.check("out.parquet")
    assert found.status is VerdictStatus.EQUAL_BUT_FOR_METADATA
    assert reason(found) == "other metadata; the recorded bytes are not here to tell which"
    plant.write({"dsv.toml": '[[dataset]]\nmatch = "*.parquet"\nmetadata = "ignore"\n'})
    assert plant.check("out.parquet").good


def test_a_rule_that_needs_a_table_fails_where_there_is_none(plant: Plant) -> None:
    plant.run("date +%N > out.txt")
    plant.write({"dsv.toml": '[[dataset]]\nmatch = "out.txt"\npolicy = "unordered"\n'})
    plant.commit({})
    found = plant.check("out.txt")
    assert found.status is VerdictStatus.FAILED
    assert "its policy (unordered) cannot be applied: it is no table" in reason(found)
