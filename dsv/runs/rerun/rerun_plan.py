"""What to repeat, and in which order: the stale steps, those that they wait for first."""

import graphlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from dsv.errors import NotFound, Refused, UsageFault
from dsv.ids import ObjectId, short
from dsv.model.checkpoint import Checkpoint
from dsv.model.run import Input, Run
from dsv.runs.stale.stale_reasons import Reasons
from dsv.runs.stale.step import Step
from dsv.runs.stale.step_order import Steps


@dataclass(frozen=True, slots=True)
class RerunWanted:
    """What is to be repeated, as the user asks for it.

    Attributes:
        paths: Datasets, with all that they are made from; none: all that runs made.
        force: Repeat what makes `paths` even if nothing changed.
        params: Other values for parameters, in every run that has them.
        upstream: Whether what `paths` are made from is repeated, too.
    """

    paths: tuple[str, ...] = ()
    force: bool = False
    params: Mapping[str, str] | None = None
    upstream: bool = True


@dataclass(frozen=True, slots=True)
class RepeatReason:
    """Why a step is repeated; false if nothing says so.

    Attributes:
        stale: Why its datasets are stale.
        params: Its parameters that get another value.
        deleted: Its datasets that were deleted.
        again: What it reads that is made again before it.
        forced: Whether the user wants it whatever changed.
    """

    stale: Reasons = field(default_factory=Reasons)
    params: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    forced: bool = False

    def __bool__(self) -> bool:
        """Whether it is repeated."""
        return bool(self.stale or self.params or self.deleted or self.again or self.forced)


@dataclass(frozen=True, slots=True)
class Task:
    """A step in its turn.

    Attributes:
        step: The step.
        reason: Why it is repeated; false: nothing changed.
        own: Whether it is repeated whatever the steps before it give: forced, or with other parameters.
        left: What it updates in place and whose version before is not here, so that it is not repeated although
            something changed; else empty.
    """

    step: Step
    reason: RepeatReason = field(default_factory=RepeatReason)
    own: bool = False
    left: tuple[str, ...] = ()

    @property
    def planned(self) -> bool:
        """Whether it is repeated, or may be, depending on what the steps before it give."""
        return bool(self.reason) and not self.left


def tasks(
    steps: Steps,
    judged: Mapping[ObjectId, Reasons],
    wanted: RerunWanted,
    runs: Mapping[ObjectId, Run] | None = None,
    *,
    deleted: Collection[str] = (),
    held: Callable[[Checkpoint], bool] = lambda _: True,
) -> tuple[Task, ...]:
    """Return the steps behind what is wanted, each after those that it waits for.

    Args:
        steps: What made the datasets.
        judged: By run why it is stale.
        wanted: What the user asks for.
        runs: The records of the runs; needed where parameters are given.
        deleted: Datasets that are not in the working tree and should be.
        held: Whether the store can give a version.

    Raises:
        NotFound: No run has a parameter that was given, or no run made a dataset that was named.
        Refused: Datasets are made from each other in a circle, or one was edited by hand.
        UsageFault: Steps are forced without a dataset being named.
    """
    makers = steps.makers()
    named = named_runs(steps, wanted)
    chosen = chosen_steps(steps, wanted)
    params = _params(wanted, chosen, runs or {})
    changed: dict[ObjectId, None] = {}
    found = []
    for step in _ordered(steps, makers, chosen):
        reasons = judged[step.run]
        behind = {run: paths for run, paths in steps.behind(step, makers).items() if run in changed}
        forced = wanted.force and step.run in named
        reason = RepeatReason(
            reasons,
            params.get(step.run, ()),
            tuple(path for path in step.makes if path in deleted),
            () if reasons.stale or reasons.earlier else _names(behind),
            forced,
        )
        left = () if not reason or forced else _left(steps, step, changed, held)
        found.append(Task(step, reason, forced or bool(reason.deleted or reason.params), left))
        if reason and not left:
            changed[step.run] = None
    return tuple(found)


def named_runs(steps: Steps, wanted: RerunWanted) -> frozenset[ObjectId]:
    """Return the runs that made the datasets which are named; raises as `tasks`."""
    if wanted.force and not wanted.paths:
        raise UsageFault("--force needs to know what", hint="dsv rerun --force PATH")
    makers = steps.makers()
    return frozenset(_maker(steps, makers, path).run for path in wanted.paths)


def chosen_steps(steps: Steps, wanted: RerunWanted) -> dict[ObjectId, Step]:
    """Return the steps that matter: those behind what is named, or all; raises as `tasks`."""
    start = named_runs(steps, wanted) or steps.by_run.keys()
    if not wanted.upstream:
        return {run: steps.by_run[run] for run in start}
    makers = steps.makers()
    found: dict[ObjectId, Step] = {}
    waiting = list(start)
    while waiting:
        step = steps.by_run[waiting.pop()]
        if step.run not in found:
            found[step.run] = step
            waiting += steps.behind(step, makers)
    return found


def restored(steps: Steps, step: Step, done: Collection[ObjectId]) -> tuple[Input, ...]:
    """Return what has to be put back before `step`: what it updates, as far as no earlier step is `done` again."""
    made = {
        path for run in steps.earlier.get(step.run, ()) if run in done for path in steps.by_run[run].outputs
    }
    return tuple(one for one in step.inputs if one.path in step.in_place and one.path not in made)


def _names(behind: Mapping[ObjectId, Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted({path for paths in behind.values() for path in paths}))


def _left(
    steps: Steps, step: Step, changed: Collection[ObjectId], held: Callable[[Checkpoint], bool]
) -> tuple[str, ...]:
    """Return what a step updates and what cannot be put back, so that it cannot be repeated; empty if it can."""
    return tuple(one.path for one in restored(steps, step, changed) if not held(one.checkpoint))


def _maker(steps: Steps, makers: Mapping[str, Step], path: str) -> Step:
    if path in makers:
        return makers[path]
    if path in steps.edited:
        run = short(steps.edited[path])
        raise Refused(
            f"{path} was edited by hand after run {run} made it", hint=f"dsv lineage {path} shows the command"
        )
    if path in steps.lost:
        raise NotFound(f"the record of the run that made {path} is not here", hint="dsv fetch")
    raise NotFound(f"no run made {path}: it is a source", hint="dsv run -- COMMAND records one")


def _ordered(steps: Steps, makers: Mapping[str, Step], chosen: Mapping[ObjectId, Step]) -> Iterable[Step]:
    # The same order every time, whatever the ids: by what the steps make.
    graph = {
        run: list(steps.behind(chosen[run], makers))
        for run in sorted(chosen, key=lambda run: chosen[run].datasets)
    }
    try:
        return [chosen[run] for run in graphlib.TopologicalSorter(graph).static_order() if run in chosen]
    except graphlib.CycleError as error:
        circle = " <- ".join(steps.by_run[run].datasets[0] for run in error.args[1])
        raise Refused(
            f"datasets are made from each other in a circle: {circle}",
            hint="have one of the commands write to another path",
        ) from error


def _params(
    wanted: RerunWanted, chosen: Collection[ObjectId], runs: Mapping[ObjectId, Run]
) -> dict[ObjectId, tuple[str, ...]]:
    """Return by run which of its parameters get another value."""
    given = wanted.params or {}
    for key in given:
        if not any(key in runs[run].params for run in chosen):
            raise NotFound(f"no run to be repeated has a parameter {key}", hint="dsv lineage shows them")
    return {
        run: tuple(key for key, value in given.items() if runs[run].params.get(key, value) != value)
        for run in chosen
        if given
    }
