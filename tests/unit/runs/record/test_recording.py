"""Recording as a library: what is in the store after a run."""

import os
import sys
from pathlib import Path

import pytest

from dsv.capture.execute import Command, Execution
from dsv.errors import UserError
from dsv.ids import ObjectId
from dsv.model.attempt import Attempt
from dsv.records import origins
from dsv.runs.record import recording
from dsv.runs.record.request import Request
from dsv.runs.record.result import Recorded
from tests.cli.store_search import everything
from tests.unit.workspace_fixtures import Workshop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="capturing needs Linux")

ENV = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}


@pytest.fixture
def work(tmp_path: Path) -> Workshop:
    made = Workshop(tmp_path / "work")
    made.write({"raw.csv": "a,b\n1,x\n2,y\n"})
    return made


def sh(script: str, **more: object) -> Request:
    return Request(argv=("sh", "-c", script), env=ENV, **more)  # type: ignore[arg-type]


def run(work: Workshop, script: str, **more: object) -> Recorded:
    return recording.record(work.workspace, sh(script, **more))


def attempt(work: Workshop, oid: ObjectId | None, commit: ObjectId | None = None) -> Attempt:
    assert oid is not None
    workspace = work.workspace
    found = origins.attempt(workspace.repo, workspace.repo.refs(), oid, commit)
    assert found is not None
    return found


def test_the_outputs_come_from_the_run_and_the_run_from_the_sources(work: Workshop) -> None:
    made = run(work, "head -2 raw.csv > out.csv")
    assert made.id is not None
    workspace = work.workspace
    staged = workspace.repo.datasets(work.local.staged)
    assert staged["out.csv"].checkpoint.origin == made.id
    stored = workspace.repo.run(made.id)
    assert stored == made.run
    assert [one.checkpoint for one in stored.inputs] == [staged["raw.csv"].checkpoint]
    assert stored.outputs[0].schema == staged["out.csv"].checkpoint.schema
    assert stored.outputs[0].schema is not None
    assert workspace.repo.environment(stored.environment).programs[0].name == "sh"
    assert workspace.repo.environment(stored.environment).python == {}


def test_how_it_happened_goes_with_the_commit(work: Workshop) -> None:
    made = run(work, "head -2 raw.csv > out.csv")
    commit = work.commit({})
    assert work.workspace.repo.commit(commit).attempts is not None
    found = attempt(work, made.id, commit)
    assert (found.capture, found.exit_code, found.claimed) == ("captured", 0, False)
    assert found.started > 0


def test_a_claim_gives_way_to_what_was_seen(work: Workshop) -> None:
    work.write({"out.csv": "a,b\n1,x\n"})
    request = sh("head -2 raw.csv > out.csv", inputs=("raw.csv",), outputs=("out.csv",))
    claim = recording.claim(work.workspace, request)
    assert attempt(work, claim.id).claimed
    assert claim.execution is None
    assert not recording.claim(work.workspace, request).staged
    seen = recording.record(work.workspace, request)
    assert seen.run is not None
    assert claim.run is not None
    assert (seen.run.argv, seen.run.inputs, seen.run.outputs) == (
        claim.run.argv,
        claim.run.inputs,
        claim.run.outputs,
    )
    assert not attempt(work, seen.id).claimed


def test_a_run_is_the_same_wherever_the_workspace_is(tmp_path: Path) -> None:
    ids = set()
    for name in ("one", "two"):
        made = Workshop(tmp_path / name)
        made.write({"raw.csv": "a\n1\n", "job.sh": "cat $1 > out.csv\n"})
        request = Request(argv=("sh", f"{made.root}/job.sh", f"{made.root}/raw.csv"), env=ENV)
        ids.add(recording.record(made.workspace, request).id)
    assert len(ids) == 1


def test_code_makes_another_run(work: Workshop) -> None:
    work.write({"job.sh": "cat raw.csv > out.csv\n"})
    request = Request(argv=("sh", "job.sh"), env=ENV)
    first = recording.record(work.workspace, request)
    work.write({"job.sh": "cat raw.csv  > out.csv\n"})
    second = recording.record(work.workspace, request)
    assert first.id != second.id
    assert second.staged == ("out.csv",)
    assert first.run is not None
    code = work.workspace.repo.code(first.run.code).files[0]
    assert b"".join(map(bytes, work.workspace.repo.contents.stream(code.file))) == b"cat raw.csv > out.csv\n"


class Broken:
    """Executes nothing."""

    supports_starters = True

    def run(self, command: Command) -> Execution:
        raise UserError(f"cannot execute {command.argv[0]}")

    def stop(self) -> None:
        pass


def test_another_executor_may_fail_and_nothing_is_left(work: Workshop) -> None:
    with pytest.raises(UserError):
        recording.record(work.workspace, sh("true"), executor=Broken())
    assert work.local.staged is None
    assert list((work.root / ".dsv" / "tmp").glob("run-*")) == []


def test_the_workspace_is_stored_before_it_is_made_ready(work: Workshop) -> None:
    work.add("raw.csv")
    work.write({"raw.csv": "a,b\n7,edited\n"})
    request = sh("echo new > raw.csv", inputs=("raw.csv",))
    made = recording.record(work.workspace, request, ready=(work.root / "raw.csv").unlink)
    assert made.run is not None
    content = made.run.inputs[0].checkpoint.content
    assert b"".join(map(bytes, work.workspace.repo.contents.stream(content))) == b"a,b\n7,edited\n"


def test_the_lock_file_is_kept_with_the_run(work: Workshop) -> None:
    work.write({"requirements.txt": "pandas==2.0\n"})
    made = run(work, "head -2 raw.csv > out.csv")
    assert made.run is not None
    lock = work.workspace.repo.environment(made.run.environment).lock
    assert lock is not None
    assert b"".join(map(bytes, work.workspace.repo.contents.stream(lock.file))) == b"pandas==2.0\n"


def test_a_claim_keeps_the_lock_file_too(work: Workshop) -> None:
    work.write({"uv.lock": "version = 1\n", "out.csv": "a,b\n1,x\n"})
    claim = recording.claim(work.workspace, sh("true", inputs=("raw.csv",), outputs=("out.csv",)))
    assert claim.run is not None
    lock = work.workspace.repo.environment(claim.run.environment).lock
    assert lock is not None
    assert work.workspace.repo.objects.has(lock.file)


def test_a_lock_file_with_a_secret_is_not_kept(work: Workshop) -> None:
    work.write({"requirements.txt": "--index-url https://ada:plant-4711@example.org/simple\npandas==2.0\n"})
    made = run(work, "head -2 raw.csv > out.csv")
    assert made.run is not None
    assert work.workspace.repo.environment(made.run.environment).lock is None
    assert made.notes == ("requirements.txt seems to hold a secret: it is not recorded",)
    assert b"plant-4711" not in everything(work.root)
