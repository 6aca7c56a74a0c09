"""What there is to repeat now: which steps are stale, and which of them are wanted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from dsv.errors import NotFound
from dsv.ids import ObjectId
from dsv.model.run import Run
from dsv.progress import SILENT, Progress
from dsv.records import dataset_names
from dsv.runs.rerun.rerun_plan import RerunWanted, Task, chosen_steps, tasks
from dsv.runs.rerun.standing import is_held
from dsv.runs.stale import datasets_now as nows
from dsv.runs.stale.datasets_now import Workplace
from dsv.runs.stale.find_stale import Bench, judge
from dsv.runs.stale.step import Step
from dsv.runs.stale.step_order import Steps, steps_of
from dsv.store.repository import Datasets
from dsv.versions import preconditions
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Agenda:
    """What there is to do.

    Attributes:
        steps: What made the datasets.
        tasks: The steps that matter, in order.
        runs: Their records, as far as they were read.
        place: What the datasets are.
    """

    steps: Steps
    tasks: tuple[Task, ...]
    runs: dict[ObjectId, Run]
    place: Workplace

    @property
    def planned(self) -> tuple[Task, ...]:
        """The steps that are repeated, or may be."""
        return tuple(task for task in self.tasks if task.planned)


def agenda(workspace: Workspace, wanted: RerunWanted, *, progress: Progress = SILENT) -> Agenda:
    """Return what `rerun` would do. Nothing is changed but the stat cache.

    Args:
        workspace: The workspace.
        wanted: What is asked for; its paths may be folders that hold datasets.
        progress: Counts the bytes that are read.

    Raises:
        NotFound: There is no such dataset or parameter, or no run made it.
        Refused: Datasets are made from each other in a circle, or `dsv.lock` names another commit than HEAD.
    """
    refs = preconditions.ready(workspace)
    local = refs.mine
    staged = workspace.repo.datasets(
        workspace.repo.snapshot_of(refs.head) if local.staged is None else local.staged
    )
    steps = steps_of(workspace, staged)
    named = replace(wanted, paths=_made_paths(staged, steps, wanted.paths))
    chosen = chosen_steps(steps, named)
    around = None if not named.paths else {path for step in chosen.values() for path in _paths(step)}
    place = nows.look(
        workspace, staged, workspace.repo.datasets(local.present), only=around, progress=progress
    )
    judged = judge(Bench(workspace, steps), steps, place.now, chosen.values())
    workspace.worktree.cache.commit()
    runs = {oid: workspace.repo.run(oid) for oid in chosen} if wanted.params else {}
    deleted = staged.keys() - place.now.keys()
    found = tasks(steps, judged, named, runs, deleted=deleted, held=partial(is_held, workspace))
    for task in found:
        if task.planned and task.step.run not in runs:
            runs[task.step.run] = workspace.repo.run(task.step.run)
    return Agenda(steps, found, runs, place)


def _paths(step: Step) -> Iterator[str]:
    """Yield what a step has to do with."""
    yield from step.makes
    yield from step.outputs
    yield from (one.path for one in step.inputs)
    yield from (file.path for file in step.code)


def _made_paths(staged: Datasets, steps: Steps, paths: Sequence[str]) -> tuple[str, ...]:
    """Return the datasets that `paths` name; a folder stands for those in it that runs made."""
    makers = steps.makers()
    found: dict[str, None] = {}
    for path in paths:
        named = [one for one in dataset_names.select(staged, [path], "HEAD") if one == path or one in makers]
        if not named:
            raise NotFound(f"no run made anything in {path}", hint="dsv run -- COMMAND records one")
        found.update(dict.fromkeys(named))
    return tuple(found)
