"""Executing the command of a run while the workspace is watched."""

import os
import shutil
from typing import NamedTuple

from dsv.capture.detect import Captured
from dsv.capture.execute import Command, Execution, Executor
from dsv.capture.eyes import Eye
from dsv.capture.portable import fill
from dsv.capture.python_imports import observed, read_imports
from dsv.capture.reads import Reports, read_reports
from dsv.capture.reads import observed as reporting
from dsv.capture.turns import Turn
from dsv.errors import Refused
from dsv.runs.record.request import Request
from dsv.runs.record.standard_input import StandardInput
from dsv.workspace import Workspace

TURNS = "run"
"""The folder in the store where runs learn of each other, and where the end of the last one's output is kept."""


class SeenRun(NamedTuple):
    """What was seen of a command.

    Attributes:
        execution: How it went.
        captured: What it did to the files of the workspace, if that can be believed; else None.
        modules: The top names of all modules that its Pythons imported; None if no Python told.
        blind_spots: What could have been missed, a clause each.
        reports: Which versions it read through dsv's library.
    """

    execution: Execution
    captured: Captured | None
    modules: frozenset[str] | None
    blind_spots: tuple[str, ...]
    reports: Reports = Reports()


def execute(workspace: Workspace, request: Request, executor: Executor) -> SeenRun:
    """Execute the command and watch what it does; no lock of the store is held meanwhile.

    Where both sides are declared and another run is at work, what was seen is not believed.

    Raises:
        Busy: It captures, and so does another run in this workspace.
        NotFound: There is no such program or folder.
        Refused: Something came through its standard input.
        UserError: The program cannot be executed.
    """
    place = workspace.root / request.cwd
    if not place.resolve().is_relative_to(workspace.root.resolve()):
        raise Refused(f"{request.cwd} leads out of the workspace")
    folder = workspace.scratch() / f"run-{os.urandom(8).hex()}"
    folder.mkdir(0o700)
    try:
        reports, cache, reads = folder / "imports", folder / "cache", folder / "reads"
        for one in (reports, cache, reads):
            one.mkdir()
        env = reporting(observed(request.variables_with_parameters(), reports, cache), reads)
        with (
            StandardInput(workspace, request, executor.stop) as given,
            Turn(workspace.dot / TURNS, captures=not request.declares_all) as turn,
        ):
            command = Command(
                argv=fill(request.argv, request.params),
                cwd=place,
                env=env,
                stdin=given.descriptor,
                stdout=request.stdout,
                stderr=request.stderr,
            )
            apart = () if workspace.config.store is None else (workspace.root / workspace.config.store,)
            with Eye(workspace.root, workspace.worktree.ignored, workspace.config.witness, apart) as eye:
                seen = eye.watching if executor.supports_starters else eye.unwatched
                execution = executor.run(seen(command))
            others = turn.blind()
        captured = eye.captured
        believed = not (others and request.declares_all)
        spots = (*(captured.blind_spots if believed else ()), *others)
        modules = read_imports(reports)
        return SeenRun(execution, captured if believed else None, modules, spots, read_reports(reads))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
