"""Commands that another executor executes: recorded and replayed, and nothing is claimed that nobody saw."""

import subprocess
import time
from dataclasses import replace
from pathlib import Path

from dsv.capture.execute import Command, Execution
from dsv.capture.isolation import Isolation
from dsv.capture.witness import blind
from dsv.model.verdict import VerdictStatus
from dsv.ops.run import run
from dsv.runs.record.request import Request
from tests.unit.runs.rebuild.replay_fixtures import Plant, environment


class Elsewhere:
    """Executes commands as a cluster with the same file system would: nothing here starts them."""

    supports_starters = False

    def __init__(self) -> None:
        self.commands: list[Command] = []

    def run(self, command: Command) -> Execution:
        self.commands.append(command)
        started, begin = int(time.time()), time.monotonic()
        done = subprocess.run(
            command.argv,
            cwd=command.cwd,
            env=dict(command.env),
            stdin=command.stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Execution(done.returncode, started, time.monotonic() - begin, done.stdout)

    def stop(self) -> None:
        pass


def test_a_run_elsewhere_is_recorded_and_never_called_complete(plant: Plant) -> None:
    plant.write({"raw.csv": "a\n1\n"})
    plant.add("raw.csv")
    asked = Request(
        argv=("sh", "-c", "cat raw.csv > out.csv"),
        env=environment(),
        inputs=("raw.csv",),
        outputs=("out.csv",),
    )
    there = Elsewhere()
    made = run(plant.workspace, asked, executor=there).recorded
    assert [one.cwd for one in there.commands] == [plant.root]
    assert there.commands[0].starter is None
    assert made.staged == ("out.csv",)
    assert made.run is not None
    assert [one.path for one in made.run.inputs] == ["raw.csv"]
    attempt = made.attempt
    assert attempt is not None
    assert blind.ELSEWHERE in attempt.blind_spots


def test_a_failure_elsewhere_stages_nothing(plant: Plant) -> None:
    made = run(
        plant.workspace,
        Request(argv=("sh", "-c", "echo no; exit 3"), env=environment()),
        executor=Elsewhere(),
    ).recorded
    assert (made.exit_code, made.staged) == (3, ())


def test_a_replay_elsewhere_promises_only_a_folder(plant: Plant) -> None:
    plant.write({"raw.csv": "a\n1\n"})
    plant.add("raw.csv")
    plant.run("cat raw.csv > out.csv")
    plant.commit({})
    there = Elsewhere()
    found = plant.verify(settings=replace(plant.settings(), executor=there))
    assert {check.path: check.status for check in found.checks}["out.csv"] is VerdictStatus.IDENTICAL
    assert len(there.commands) == 1
    assert there.commands[0].cwd != plant.root
    assert Path(plant.root) not in there.commands[0].cwd.parents
    assert found.isolation is Isolation.FOLDER
