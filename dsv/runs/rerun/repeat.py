"""Repeating one run in the workspace."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from dsv.capture.execute import Executor, Here
from dsv.capture.former_python import environment_folder, former_python
from dsv.capture.interpreter import is_python
from dsv.errors import Refused
from dsv.model.attempt import CALLS, CAPTURED, Attempt
from dsv.model.node import DIR
from dsv.model.run import Run
from dsv.progress import SILENT, Progress
from dsv.records import origins
from dsv.runs.record import recording
from dsv.runs.record.request import Request
from dsv.runs.record.result import Recorded
from dsv.runs.rerun.aftermath import clear_up
from dsv.runs.stale.step import Step
from dsv.wording import listed
from dsv.workspace import Workspace
from dsv.worktree.aside import Aside

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RepeatMeans:
    """What runs are repeated with.

    Attributes:
        env: The user's environment variables.
        given: The interpreter that the user asked for; None: the recorded one, if it is there.
        python: The interpreter otherwise, for commands that say `python`; None for what is on PATH.
        params: Other values for parameters.
        executor: Where commands are executed; by default on this machine.
        own_files: Files of the workspace that we write ourselves meanwhile.
        stdout: The descriptor that standard output goes to.
        stderr: The descriptor that errors go to.
    """

    env: Mapping[str, str]
    given: Path | None = None
    python: Path | None = None
    params: Mapping[str, str] = field(default_factory=lambda: _NONE)
    executor: Executor = field(default_factory=Here)
    own_files: frozenset[str] = frozenset()
    stdout: int = 1
    stderr: int = 2


@dataclass(frozen=True, slots=True)
class Repeated:
    """What came of a repetition.

    Attributes:
        recorded: As for any run.
        gone: Outputs that it did not make this time, and that are no datasets any more.
        python: The interpreter that was chosen for it; None if that was left to the command.
    """

    recorded: Recorded
    gone: tuple[str, ...] = ()
    python: Path | None = None


def run_again(
    workspace: Workspace, step: Step, run: Run, means: RepeatMeans, *, progress: Progress = SILENT
) -> Repeated:
    """Execute a recorded command again, and stage what it wrote.

    Outputs that it does not read are set aside first, folders as a whole, and copied if it reads them. If it
    fails, is interrupted or raises, all of them are as they were. An output that it does not make any more
    goes, unless something else that it made has to do with it: then it fails. One that was renamed since
    gets its new name again.

    Args:
        workspace: The workspace.
        step: The run; nothing is in its way.
        run: Its record.
        means: What it is repeated with.
        progress: Counts the bytes that are read.

    Raises:
        DsvError: As `dsv.runs.record.recording.record`.
        Refused: It did not make an output that it looked for, or left a folder empty.
    """
    attempt = origins.attempt(workspace.repo, workspace.repo.refs(), step.run)
    stand = _standing(run, attempt)
    recorded, gone, without = _execute(workspace, step, run, means, stand, progress)
    needed = [path for path in without if any(_is_at(missed, path) for missed in recorded.missed)]
    if recorded.exit_code and needed:
        # It expects its folders to be there: somebody made them by hand before it ran the first time.
        stand = (stand or frozenset()).union(needed)
        recorded, gone, _ = _execute(workspace, step, run, means, stand, progress)
    used = is_python(run.argv[0]) or (attempt is not None and attempt.interpreter is not None)
    return Repeated(recorded, gone, python_for(workspace, attempt, means) if used else None)


def _execute(
    workspace: Workspace,
    step: Step,
    run: Run,
    means: RepeatMeans,
    stand: frozenset[str] | None,
    progress: Progress,
) -> tuple[Recorded, tuple[str, ...], tuple[str, ...]]:
    """Execute a command once; return also which outputs went, and which folders it could not find there."""
    aside = Aside(workspace.root, workspace.scratch(), workspace.worktree.ignored)
    outputs = [path for path in step.outputs if path not in step.in_place]
    done = False
    without: tuple[str, ...] = ()
    try:
        recorded = recording.record(
            workspace,
            request_of(workspace, step, run, means),
            executor=means.executor,
            ready=lambda: aside.take([*outputs, *step.renamed.values()], copy=step.in_place, stand=stand),
            accept=_acceptance(step, aside),
            progress=progress,
        )
        without = aside.without()
        done = recorded.id is not None
    finally:
        if not done:
            aside.put_back()
    if not done:
        return recorded, (), without
    gone = tuple(path for path in aside.missing() if path not in step.renamed.values())
    aside.forget()
    return recorded, clear_up(workspace, step, gone), ()


def _acceptance(step: Step, aside: Aside) -> Callable[[Run], None]:
    """Return the check of a new record: an output that is missing must not have been used, or looked for."""

    def check(made: Run) -> None:
        missing = [path for path in aside.missing() if path not in step.renamed.values()]
        looked = [path for path in missing if any(_is_at(one, path) for one in made.absent)]
        if looked:
            raise Refused(f"its command looked for {listed(looked)}, and did not make it")
        bare = {
            one.path for one in made.outputs if one.kind == DIR and not one.files and one.path in step.outputs
        }
        empty = sorted(bare | set(aside.empty()))
        if empty:
            raise Refused(f"its command left {listed(empty)} empty")

    return check


def _is_at(path: str, output: str) -> bool:
    return path == output or path.startswith(f"{output}/")


def _standing(run: Run, attempt: Attempt | None) -> frozenset[str] | None:
    """Return the folders that were there before the command ran, as far as it looked; None: that was not seen."""
    if attempt is None or attempt.witness != CALLS:
        return None
    return frozenset({path for path, _ in attempt.found} | {one.path for one in run.listings})


def claim_again(
    workspace: Workspace, step: Step, run: Run, means: RepeatMeans, *, progress: Progress = SILENT
) -> Repeated:
    """Record that a command was run on what there is now, and gave the outputs that are there.

    Raises:
        DsvError: As `dsv.runs.record.recording.claim`.
    """
    request = request_of(workspace, step, run, means, declare=True)
    return Repeated(recording.claim(workspace, request, progress=progress))


def python_for(workspace: Workspace, attempt: Attempt | None, means: RepeatMeans) -> Path | None:
    """Return the interpreter for a run: the one that was asked for, else the recorded one, else the present one."""
    recorded = None if attempt is None else attempt.interpreter
    return means.given or former_python(recorded, workspace.root, workspace.caller.home) or means.python


def request_of(
    workspace: Workspace, step: Step, run: Run, means: RepeatMeans, *, declare: bool = False
) -> Request:
    """Return the request that repeats a run.

    What it reads and writes is detected again if it was detected then; otherwise, or to `declare`
    it, it is what was recorded.
    """
    attempt = origins.attempt(workspace.repo, workspace.repo.refs(), step.run)
    captured = attempt is not None and attempt.capture == CAPTURED and sys.platform == "linux"
    declare = declare or not captured
    recorded = {name: value for name, value in run.variables.items() if value is not None}
    python = python_for(workspace, attempt, means)
    return Request(
        argv=_argv(run, python),
        env={**recorded, **_path_to(python, means.env)},
        cwd=run.cwd,
        name=run.name,
        inputs=tuple(one.path for one in run.inputs) if declare else None,
        outputs=tuple(step.renamed.get(one.path, one.path) for one in run.outputs) if declare else None,
        params={key: means.params.get(key, value) for key, value in run.params.items()},
        variables=tuple(run.variables),
        code=tuple(file.path for file in step.code if (workspace.root / file.path).is_file()),
        own_files=means.own_files,
        stdin=run.stdin,
        stdout=means.stdout,
        stderr=means.stderr,
    )


def _argv(run: Run, python: Path | None) -> tuple[str, ...]:
    """Return the recorded command with the interpreter's own path where it says Python."""
    if python is not None and "/" not in run.argv[0] and is_python(run.argv[0]):
        return (str(python), *run.argv[1:])
    return run.argv


def _path_to(python: Path | None, env: Mapping[str, str]) -> dict[str, str]:
    """Return `env` so that programs, and scripts, find those of the virtual environment of `python` first."""
    folder = None if python is None else environment_folder(python)
    if folder is None:
        return dict(env)
    path = env.get("PATH", os.defpath)
    found = {**env, "VIRTUAL_ENV": str(folder.parent)}
    return (
        found
        if path.split(os.pathsep)[0] == str(folder)
        else {**found, "PATH": f"{folder}{os.pathsep}{path}"}
    )
