"""What to repeat, and in which order: the stale steps, those that they wait for first."""

import graphlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from dsv.errors import NotFound, Refused, UsageFault
from dsv.ids import ObjectId, short
from dsv.model.run import Run
from dsv.staleness.reasons import Reasons, listed
from dsv.staleness.step import Step
from dsv.staleness.steps import Steps


@dataclass(frozen=True, slots=True)
class Wanted:
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
class Task:
    """A step in its turn.

    Attributes:
        step: The step.
        reason: Why it is repeated, in a line; empty: nothing changed.
        own: Whether it is repeated whatever the steps before it give: forced, or with other parameters.
        left: Why it is not repeated although something changed, in a line; else empty.
    """

    step: Step
    reason: str = ""
    own: bool = False
    left: str = ""

    @property
    def planned(self) -> bool:
        """Whether it is repeated, or may be, depending on what the steps before it give."""
        return bool(self.reason) and not self.left


def tasks(
    steps: Steps,
    judged: Mapping[ObjectId, Reasons],
    wanted: Wanted,
    runs: Mapping[ObjectId, Run] | None = None,
) -> tuple[Task, ...]:
    """Return the steps behind what is wanted, each after those that it waits for.

    Args:
        steps: What made the datasets.
        judged: By run why it is stale.
        wanted: What the user asks for.
        runs: The records of the runs; needed where parameters are given.

    Raises:
        NotFound: No run has a parameter that was given, or no run made a dataset that was named.
        Refused: Datasets are made from each other in a circle, or one was edited by hand.
        UsageFault: Steps are forced without a dataset being named.
    """
    if wanted.force and not wanted.paths:
        raise UsageFault("--force needs to know what", hint="dsv rerun --force PATH")
    makers = steps.makers()
    named = {_maker(steps, makers, path).run for path in wanted.paths}
    start = named or steps.by_run.keys()
    chosen = (
        _with_upstream(steps, makers, start) if wanted.upstream else {run: steps.by_run[run] for run in start}
    )
    params = _params(wanted, chosen, runs or {})
    changed: set[ObjectId] = set()
    found = []
    for step in _ordered(steps, makers, chosen):
        reasons = judged[step.run]
        clauses = [reasons.text] if reasons else []
        clauses += [f"parameter {key} changed" for key in params.get(step.run, ())]
        forced = wanted.force and step.run in named
        upstream = {makers[one.path].run for one in step.needs if one.path in makers}
        if upstream & changed and not reasons.stale:
            again = sorted(
                one.path for one in step.needs if one.path in makers and makers[one.path].run in changed
            )
            clauses.append(f"{listed(again)} {'is' if len(again) == 1 else 'are'} made again")
        own = forced or bool(params.get(step.run))
        reason = "; ".join(clauses) or ("forced" if forced else "")
        left = ""
        if reason and step.in_place and not forced:
            left = f"it updates {listed(step.in_place)} in place, and would do so twice"
        found.append(Task(step, reason, own, left))
        if reason and not left:
            changed.add(step.run)
    return tuple(found)


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


def _with_upstream(
    steps: Steps, makers: Mapping[str, Step], runs: Iterable[ObjectId]
) -> dict[ObjectId, Step]:
    """Return `runs` and all that they are made from, by way of what the datasets are now."""
    found: dict[ObjectId, Step] = {}
    waiting = list(runs)
    while waiting:
        step = steps.by_run[waiting.pop()]
        if step.run not in found:
            found[step.run] = step
            waiting += [makers[one.path].run for one in step.needs if one.path in makers]
    return found


def _ordered(steps: Steps, makers: Mapping[str, Step], chosen: Mapping[ObjectId, Step]) -> Iterable[Step]:
    # The same order every time, whatever the ids: by what the steps make.
    graph = {
        run: [makers[one.path].run for one in chosen[run].needs if one.path in makers]
        for run in sorted(chosen, key=lambda run: chosen[run].makes)
    }
    try:
        return [chosen[run] for run in graphlib.TopologicalSorter(graph).static_order() if run in chosen]
    except graphlib.CycleError as error:
        circle = " <- ".join(steps.by_run[run].makes[0] for run in error.args[1])
        raise Refused(
            f"datasets are made from each other in a circle: {circle}",
            hint="have one of the commands write to another path",
        ) from error


def _params(
    wanted: Wanted, chosen: Collection[ObjectId], runs: Mapping[ObjectId, Run]
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
