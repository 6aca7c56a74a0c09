"""Bring stale datasets up to date: repeat their runs, in order, on what there is now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from dsv import circumstances, committing, guard, origins, places
from dsv.circumstances import Aspect, Circumstance
from dsv.committing import Made
from dsv.errors import AnswerNo, NotFound, UsageFault, UserError
from dsv.ids import ObjectId
from dsv.model.checkpoint import Checkpoint
from dsv.model.run import Run
from dsv.progress import SILENT, Progress
from dsv.recording.result import INTERRUPTED, Recorded
from dsv.repeating import obstacles
from dsv.repeating.again import Means, Repeated, claim_again, run_again
from dsv.repeating.plan import Task, Wanted, tasks
from dsv.replay import trust
from dsv.replay.consent import Agree, command_of
from dsv.repo import Datasets, Repo
from dsv.staleness import now as nows
from dsv.staleness.judge import Bench, judge, listed
from dsv.staleness.now import Workplace
from dsv.staleness.steps import Step, Steps, steps_of


class State(StrEnum):
    """What became of a step. Append-only: JSON documents have these words."""

    STALE = "stale"
    DONE = "done"
    UNCHANGED = "unchanged"
    LEFT = "left"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One step.

    Attributes:
        step: The run that it repeats.
        state: What became of it; `STALE` where nothing was to be done.
        reason: Why, in a line; empty: nothing changed.
        recorded: What came of the new run; None if there was none.
        kept: Outputs that it did not write this time and that are as they were.
        environment: How its environment differs from the one that was recorded before.
    """

    step: Step
    state: State
    reason: str
    recorded: Recorded | None = None
    kept: tuple[str, ...] = ()
    environment: tuple[Circumstance, ...] = ()


@dataclass(frozen=True, slots=True)
class RerunResult:
    """What `rerun` did.

    Attributes:
        outcomes: The steps in their order.
        interrupted: Whether the user ended it.
        commit: The commit that was made, if one was asked for.
    """

    outcomes: tuple[Outcome, ...]
    interrupted: bool = False
    commit: Made | None = None

    @property
    def exit_code(self) -> int:
        """0 if all is up to date, 1 if something is stale or failed."""
        if self.interrupted:
            return INTERRUPTED
        bad = {State.STALE, State.FAILED, State.SKIPPED}
        return int(any(one.state in bad for one in self.outcomes))


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


Tell = Callable[[Step, str], None]
"""Told of each step before it is repeated, and why it is."""


def agenda(repo: Repo, wanted: Wanted, *, progress: Progress = SILENT) -> Agenda:
    """Return what `rerun` would do. Nothing is changed but the stat cache.

    Args:
        repo: The workspace.
        wanted: What is asked for; its paths may be folders that hold datasets.
        progress: Told of the bytes that are read.

    Raises:
        NotFound: There is no such dataset or parameter, or no run made it.
        Refused: Datasets are made from each other in a circle, or `dsv.lock` names another commit than HEAD.
    """
    refs = guard.ready(repo)
    local = repo.local(refs)
    staged = repo.datasets(repo.snapshot_of(refs.head) if local.staged is None else local.staged)
    place = nows.look(repo, staged, repo.datasets(local.present), progress=progress)
    steps = steps_of(repo, staged)
    judged = judge(Bench(repo), steps, place.now)
    repo.cache.commit()
    chosen = replace(wanted, paths=_made_paths(staged, steps, wanted.paths))
    runs = {oid: origins.run(repo, oid) for oid in steps.by_run} if wanted.params else {}
    found = tasks(steps, judged, chosen, runs)
    for task in found:
        if task.planned and task.step.run not in runs:
            runs[task.step.run] = origins.run(repo, task.step.run)
    return Agenda(steps, found, runs, place)


def preview(found: Agenda) -> RerunResult:
    """Return what is stale, with nothing done."""
    return RerunResult(
        tuple(
            Outcome(task.step, State.STALE if task.reason else State.UNCHANGED, _why(task))
            for task in found.tasks
        )
    )


def rerun(
    repo: Repo,
    wanted: Wanted,
    means: Means,
    agree: Agree,
    trusted: Path,
    *,
    execute: bool = True,
    message: str | None = None,
    author: str = "",
    tell: Tell = lambda _step, _reason: None,
    progress: Progress = SILENT,
) -> RerunResult:
    """Repeat the runs that are stale, each after those that it waits for, and stage what they give.

    A step whose inputs, code and parameters turn out to be as they were is not repeated. After a failure
    what waits for it is skipped, and the rest goes on.

    Args:
        repo: The workspace.
        wanted: What is asked for.
        means: What runs are repeated with.
        agree: Asks the user about commands of others.
        trusted: Where the user's trust is kept.
        execute: Whether commands are executed; otherwise the outputs that are there are accepted as made by them.
        message: Commit all that is staged then, if nothing failed; None: do not.
        author: Who makes the commit.
        tell: Told of each step before it is repeated.
        progress: Told of the bytes that are read.

    Raises:
        UsageFault: The message is empty; or nothing is named although nothing is executed.
        Refused, NotFound, InTheWay: As `agenda` and `dsv.repeating.obstacles.check`; nothing was run.
        Busy: Another run captures in this workspace; what was done is staged.
    """
    if not execute and not wanted.paths:
        raise UsageFault("--no-exec needs to know what", hint="dsv rerun --no-exec PATH")
    if message is not None:
        committing.check_message(message)
        guard.follow_git(repo, guard.ready(repo))
    found = agenda(repo, replace(wanted, upstream=execute), progress=progress)
    obstacles.check(repo, found.steps, found.planned, found.runs, found.place, means.env, execute=execute)
    if execute:
        _obtain(found, agree, trusted)
    outcomes, interrupted = _Session(repo, found, means, tell, progress, execute=execute).work()
    result = RerunResult(outcomes, interrupted)
    if message is None or result.exit_code:
        return result
    try:
        what = f"rerun -m {message.partition(chr(10))[0]}"
        made = committing.commit_staged(repo, message, author=author, what=what, updates={})
    except AnswerNo:
        return result
    return RerunResult(outcomes, interrupted, made)


class _Session:
    """One walk through the tasks."""

    def __init__(
        self, repo: Repo, found: Agenda, means: Means, tell: Tell, progress: Progress, *, execute: bool
    ) -> None:
        self._repo = repo
        self._found = found
        self._means = means
        self._tell = tell
        self._progress = progress
        self._repeat = run_again if execute else claim_again
        self._bench = Bench(repo)
        self._now: dict[str, Checkpoint] = dict(found.place.now)
        self._makers = found.steps.makers()
        self._states: dict[ObjectId, State] = {}

    def work(self) -> tuple[tuple[Outcome, ...], bool]:
        """Return what became of the steps, and whether the user ended it."""
        outcomes = []
        for task in self._found.tasks:
            outcome = self._turn(task)
            self._states[task.step.run] = outcome.state
            outcomes.append(outcome)
            execution = None if outcome.recorded is None else outcome.recorded.execution
            if execution is not None and execution.signalled is not None:
                return tuple(outcomes), True
        self._repo.cache.commit()
        return tuple(outcomes), False

    def _turn(self, task: Task) -> Outcome:
        if not task.reason:
            return Outcome(task.step, State.UNCHANGED, "")
        failed = self._waits_for(task.step, State.FAILED, State.SKIPPED)
        if failed:
            return Outcome(task.step, State.SKIPPED, f"it waits for {listed(failed)}")
        if task.left:
            return Outcome(task.step, State.LEFT, _why(task))
        reasons = self._bench.judge([task.step], self._now)[task.step.run]
        if not task.own and not reasons:
            left = self._waits_for(task.step, State.LEFT)
            if left:
                return Outcome(task.step, State.LEFT, f"{listed(left)} was left as it is")
            return Outcome(task.step, State.UNCHANGED, "what it reads is as it was")
        return self._run(task.step, reasons.text or task.reason)

    def _run(self, step: Step, reason: str) -> Outcome:
        missing = obstacles.missing_inputs(self._repo, step)
        if missing:
            return Outcome(step, State.FAILED, f"{listed(missing)} is not here")
        self._tell(step, reason)
        run = self._found.runs[step.run]
        try:
            done = self._repeat(self._repo, step, run, self._means, progress=self._progress)
        except UserError as error:
            return Outcome(step, State.FAILED, error.message)
        if done.recorded.id is None or done.recorded.run is None:
            return Outcome(step, State.FAILED, _failure(done.recorded), done.recorded)
        self._learn(done)
        return Outcome(
            step,
            State.DONE,
            reason,
            done.recorded,
            done.kept,
            self._environment(step, run, done.recorded.run),
        )

    def _learn(self, done: Repeated) -> None:
        """Take what a run staged for what the datasets are now."""
        repo = self._repo
        staged: Datasets = repo.datasets(repo.local(repo.refs()).staged)
        assert done.recorded.run is not None
        for output in done.recorded.run.outputs:
            self._now[output.path] = staged[output.path].checkpoint

    def _waits_for(self, step: Step, *states: State) -> list[str]:
        return [
            one.path
            for one in step.needs
            if one.path in self._makers and self._states.get(self._makers[one.path].run) in states
        ]

    def _environment(self, step: Step, old: Run, new: Run) -> tuple[Circumstance, ...]:
        attempt = origins.attempt(self._repo, self._repo.refs(), step.run)
        imported = None if attempt is None else attempt.imported
        found = circumstances.changed(self._repo, old, new, imported=imported)
        return tuple(one for one in found if one.aspect is Aspect.ENVIRONMENT)


def _made_paths(staged: Datasets, steps: Steps, paths: Sequence[str]) -> tuple[str, ...]:
    """Return the datasets that `paths` name; a folder stands for those in it that runs made."""
    makers = steps.makers()
    found: dict[str, None] = {}
    for path in paths:
        named = [one for one in places.select(staged, [path], "HEAD") if one == path or one in makers]
        if not named:
            raise NotFound(f"no run made anything in {path}", hint="dsv run -- COMMAND records one")
        found.update(dict.fromkeys(named))
    return tuple(found)


def _why(task: Task) -> str:
    return f"{task.reason}; {task.left}" if task.left else task.reason


def _failure(recorded: Recorded) -> str:
    execution = recorded.execution
    if execution is not None and execution.signalled is not None:
        return "it was interrupted"
    if recorded.exit_code:
        return f"its command failed with exit code {recorded.exit_code}"
    return "its command wrote nothing"


def _obtain(found: Agenda, agree: Agree, trusted: Path) -> None:
    """Have the user agree to the commands that are not trusted."""
    known = trust.trusted(trusted)
    new = [
        command_of(task.step.run, found.runs[task.step.run], task.step.code)
        for task in found.planned
        if task.step.run not in known
    ]
    if new:
        agree(new)
