"""What stands in the way of repeating runs, found before the first of them starts."""

import os
from collections.abc import Collection, Mapping, Sequence

from dsv.capture.portable import IN_SESSION
from dsv.errors import InTheWay, NotFound, Refused
from dsv.ids import ObjectId
from dsv.model.run import Run
from dsv.records import dataset_names
from dsv.runs.rerun.rerun_plan import Task
from dsv.runs.stale.datasets_now import Workplace
from dsv.runs.stale.step import Step
from dsv.runs.stale.step_order import Steps
from dsv.workspace import Workspace


def check(
    workspace: Workspace,
    steps: Steps,
    planned: Sequence[Task],
    runs: Mapping[ObjectId, Run],
    place: Workplace,
    env: Mapping[str, str],
    *,
    execute: bool = True,
) -> None:
    """Check that the planned steps can be repeated and destroy nothing that is not stored.

    Args:
        workspace: The workspace.
        steps: What made the datasets.
        planned: What is to be repeated.
        runs: The records of the runs.
        place: What the datasets are now.
        env: The user's environment variables.
        execute: Whether the commands are executed; otherwise present outputs are accepted.

    Raises:
        Refused: A command cannot be repeated as it was recorded, two runs write one dataset, or one was renamed.
        NotFound: A script, an input or a variable is not there.
        InTheWay: Something that is not staged would be overwritten.
    """
    makers = steps.makers()
    coming = {path for task in planned for path in (*task.step.datasets, *task.step.outputs)}
    for task in planned:
        step, run = task.step, runs[task.step.run]
        _check_record(steps, step, makers, place)
        _check_inputs(workspace, step, place, coming)
        if execute:
            _check_command(workspace, step, run, env)
            _check_outputs(workspace, step, place)


def missing_inputs(workspace: Workspace, step: Step) -> list[str]:
    """Return the inputs of a step that are not in the working tree."""
    return [
        one.path
        for one in step.inputs
        if not workspace.worktree.holds(one.path)
        and dataset_names.version_of(workspace.repo, one.path) is None
    ]


def _check_record(steps: Steps, step: Step, makers: Mapping[str, Step], place: Workplace) -> None:
    if step.session:
        raise Refused(
            f"{', '.join(step.datasets)}: {IN_SESSION}", hint="do it again there, or dsv run -- papermill ..."
        )
    if step.masked:
        raise Refused(
            f"{step.command}: a secret in it was not recorded, so that it cannot be repeated",
            hint="dsv run it again, with the secret in a variable that --env names",
        )
    for path in step.outputs:
        other = makers.get(path, step)
        if step.run not in steps.history(other):
            raise Refused(
                f"two runs write {path}: {step.command}, and after it {other.command}",
                hint=f"dsv rm {_others(step, path)} if it is not made any more, or dsv run both again",
            )
        if path in place.now and path not in makers:
            raise Refused(
                f"{path} is not as {step.command} made it, and would be overwritten",
                hint=f"dsv rm {path}, or dsv run the command if the edit may go",
            )
    renamed = next((old for old in step.renamed if old in step.in_place), None)
    if renamed is not None:
        raise Refused(
            f"{step.renamed[renamed]} was renamed: {step.command} updates {renamed} in place",
            hint="dsv run the command that updates the new name",
        )


def _others(step: Step, path: str) -> str:
    return next((name for name in step.makes if name != path), path)


def _check_inputs(workspace: Workspace, step: Step, place: Workplace, coming: Collection[str]) -> None:
    for one in step.needs:
        if workspace.worktree.holds(one.path) or one.path in coming:
            continue
        if dataset_names.version_of(workspace.repo, one.path) is not None:
            continue
        if one.path in place.absent:
            raise NotFound(
                f"{one.path}, which {step.command} reads, is not here", hint=f"dsv restore {one.path}"
            )
        raise NotFound(
            f"{one.path}, which {step.command} reads, is gone",
            hint=f"dsv restore {one.path}, or dsv run a command that does without it",
        )


def _check_command(workspace: Workspace, step: Step, run: Run, env: Mapping[str, str]) -> None:
    code = {file.path for file in step.code}
    for path in sorted(code):
        place = workspace.root / path
        if place.exists() and not place.is_file():
            raise Refused(
                f"{path}, which {step.command} reads, is no regular file any more",
                hint=f"git checkout -- {path} brings it back as it was committed",
            )
    for word in run.argv:
        path = os.path.normpath(os.path.join(run.cwd, word)).replace(os.sep, "/")  # noqa: PTH118
        if path in code and not workspace.worktree.holds(path):
            raise NotFound(
                f"the script {path} is gone, so that {', '.join(step.datasets)} cannot be made again",
                hint="bring it back, or dsv run the command that took its place",
            )
    unset = next((name for name, value in run.variables.items() if value is None and name not in env), None)
    if unset is not None:
        raise NotFound(f"the variable {unset}, which {step.command} needs, is not set")


def _check_outputs(workspace: Workspace, step: Step, place: Workplace) -> None:
    for path in (*step.outputs, *step.renamed.values()):
        if path in place.unstaged:
            raise InTheWay(
                f"{path} has changes that are not staged, and would be overwritten",
                hint=f"dsv restore {path}, or dsv add {path} to keep the changes",
            )
        if path not in place.now and workspace.worktree.holds(path):
            raise InTheWay(
                f"{path} is not tracked, and would be overwritten", hint="move it away, or dsv add it"
            )
