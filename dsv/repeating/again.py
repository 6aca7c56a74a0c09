"""Repeating one run in the workspace."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from dsv import origins
from dsv.lineage.execute import Executor
from dsv.lineage.interpreter import is_python
from dsv.model.attempt import CAPTURED
from dsv.model.run import Run
from dsv.progress import SILENT, Progress
from dsv.recording import record as recording
from dsv.recording.request import Request
from dsv.recording.result import Recorded
from dsv.repo import Repo
from dsv.staleness.step import Step
from dsv.workspace.aside import Aside

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Means:
    """What runs are repeated with.

    Attributes:
        env: The user's environment variables.
        python: The interpreter for commands that say `python`; None for what is on PATH.
        params: Other values for parameters.
        executor: Where commands are executed; None for this machine.
        own_files: Files of the workspace that we write ourselves meanwhile.
        stdout: The descriptor that standard output goes to.
        stderr: The descriptor that errors go to.
    """

    env: Mapping[str, str]
    python: Path | None = None
    params: Mapping[str, str] = field(default_factory=lambda: _NONE)
    executor: Executor | None = None
    own_files: frozenset[str] = frozenset()
    stdout: int = 1
    stderr: int = 2


@dataclass(frozen=True, slots=True)
class Repeated:
    """What came of a repetition.

    Attributes:
        recorded: As for any run.
        kept: Outputs that it did not write this time and that are as they were.
    """

    recorded: Recorded
    kept: tuple[str, ...] = ()


def run_again(repo: Repo, step: Step, run: Run, means: Means, *, progress: Progress = SILENT) -> Repeated:
    """Execute a recorded command anew, and stage what it wrote.

    Outputs that it does not read are set aside first, and copied if it reads them. If it fails, is
    interrupted or raises, all of them are as they were.

    Args:
        repo: The workspace.
        step: The run; nothing is in its way.
        run: Its record.
        means: What it is repeated with.
        progress: Told of the bytes that are read.

    Raises:
        DsvError: As `dsv.recording.record.record`.
    """
    aside = Aside(repo.root, repo.scratch(), repo.ignored)
    outputs = [path for path in step.outputs if path not in step.in_place]
    request = request_of(repo, step, run, means)
    done = False
    try:
        recorded = recording.record(
            repo,
            request,
            executor=means.executor,
            ready=lambda: aside.take(outputs, copy=step.in_place),
            progress=progress,
        )
        done = recorded.id is not None
    finally:
        if not done:
            aside.put_back()
    return Repeated(recorded, aside.forget() if done else ())


def claim_again(repo: Repo, step: Step, run: Run, means: Means, *, progress: Progress = SILENT) -> Repeated:
    """Record that a command was run on what there is now, and gave the outputs that are there.

    Raises:
        DsvError: As `dsv.recording.record.claim`.
    """
    request = request_of(repo, step, run, means, declare=True)
    return Repeated(recording.claim(repo, request, progress=progress))


def request_of(repo: Repo, step: Step, run: Run, means: Means, *, declare: bool = False) -> Request:
    """Return the request that repeats a run.

    What it reads and writes is found out again if it was found out then; otherwise, or to `declare`
    it, it is what was recorded.
    """
    attempt = origins.attempt(repo, repo.refs(), step.run)
    captured = attempt is not None and attempt.capture == CAPTURED and sys.platform == "linux"
    declare = declare or not captured
    recorded = {name: value for name, value in run.variables.items() if value is not None}
    return Request(
        argv=_argv(run, means.python),
        env={**recorded, **means.env},
        cwd=run.cwd,
        name=run.name,
        inputs=tuple(one.path for one in run.inputs) if declare else None,
        outputs=tuple(one.path for one in run.outputs) if declare else None,
        params={key: means.params.get(key, value) for key, value in run.params.items()},
        variables=tuple(run.variables),
        code=tuple(file.path for file in step.code if (repo.root / file.path).is_file()),
        own_files=means.own_files,
        stdout=means.stdout,
        stderr=means.stderr,
    )


def _argv(run: Run, python: Path | None) -> tuple[str, ...]:
    """Return the recorded command with the interpreter's own path where it says Python."""
    if python is not None and "/" not in run.argv[0] and is_python(run.argv[0]):
        return (str(python), *run.argv[1:])
    return run.argv
