"""Repeating what is stale, step after step, each as what came before it turned out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from dsv.errors import UserError
from dsv.ids import ObjectId
from dsv.model.checkpoint import Checkpoint
from dsv.model.run import Run
from dsv.progress import Progress
from dsv.records import origins
from dsv.runs import differences
from dsv.runs.differences import Aspect, Circumstance
from dsv.runs.record.closure import around
from dsv.runs.record.result import Recorded
from dsv.runs.rerun import obstacles
from dsv.runs.rerun.agenda import Agenda
from dsv.runs.rerun.repeat import Repeated, RepeatMeans, claim_again, run_again
from dsv.runs.rerun.rerun_plan import RepeatReason, Task, restored
from dsv.runs.rerun.standing import PutBack, is_held
from dsv.runs.stale.find_stale import Bench
from dsv.runs.stale.step import Step
from dsv.store.repository import Datasets
from dsv.workspace import Workspace


class State(StrEnum):
    """What became of a step. Append-only: JSON documents have these words."""

    STALE = "stale"
    DONE = "done"
    UNCHANGED = "unchanged"
    LEFT = "left"
    FAILED = "failed"
    SKIPPED = "skipped"


class Ground(StrEnum):
    """Why a step ended as it did."""

    REPEATED = "repeated"  # for its `RepeatReason`, or left in spite of it
    WAITS = "waits"  # for others that failed
    LEFT_BEHIND = "left behind"  # others that it waits for were left as they are
    SAME = "same"  # what it reads turned out to be as it was
    NOT_HERE = "not here"  # an input
    SAID = "said"  # what an error says
    INTERRUPTED = "interrupted"
    EXIT_CODE = "exit code"  # of its command, which failed
    WROTE_NOTHING = "wrote nothing"


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a step ended as it did.

    Attributes:
        ground: Why.
        paths: The datasets that it is about; for `REPEATED` those that cannot be put back.
        reason: For `REPEATED`, why it is repeated.
        code: For `EXIT_CODE`, the exit code.
        message: For `SAID`, what the error says.
    """

    ground: Ground
    paths: tuple[str, ...] = ()
    reason: RepeatReason = field(default_factory=RepeatReason)
    code: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One step.

    Attributes:
        step: The run that it repeats.
        state: What became of it; `STALE` where nothing was to be done.
        ending: Why; None: nothing changed.
        recorded: What came of the new run; None if there was none.
        gone: Outputs that it did not make this time, and that are no datasets any more.
        python: The interpreter that was chosen for it, if any.
        environment: How its environment differs from the one that was recorded before.
    """

    step: Step
    state: State
    ending: Ending | None
    recorded: Recorded | None = None
    gone: tuple[str, ...] = ()
    python: Path | None = None
    environment: tuple[Circumstance, ...] = ()


Tell = Callable[[Step, RepeatReason], None]
"""Called with each step before it is repeated, and why it is."""


class Session:
    """One walk through what there is to do.

    Args:
        workspace: The workspace.
        found: What there is to do; nothing is in its way.
        means: What runs are repeated with.
        tell: Called with each step before it is repeated.
        progress: Counts the bytes that are read.
        execute: Whether commands are executed; otherwise the outputs that are there are accepted.
    """

    def __init__(
        self,
        workspace: Workspace,
        found: Agenda,
        means: RepeatMeans,
        tell: Tell,
        progress: Progress,
        *,
        execute: bool,
    ) -> None:
        self._workspace = workspace
        self._found = found
        self._means = means
        self._tell = tell
        self._progress = progress
        self._repeat = run_again if execute else claim_again
        self._execute = execute
        self._bench = Bench(workspace, found.steps)
        self._now: dict[str, Checkpoint] = dict(found.place.now)
        self._makers = found.steps.makers()
        self._states: dict[ObjectId, State] = {}
        self._standing = PutBack(workspace)

    def work(self) -> tuple[tuple[Outcome, ...], bool]:
        """Return what became of the steps, and whether the user ended it."""
        outcomes = []
        interrupted = False
        try:
            for task in self._found.tasks:
                outcome = self._turn(task)
                self._states[task.step.run] = outcome.state
                outcomes.append(outcome)
                execution = None if outcome.recorded is None else outcome.recorded.execution
                interrupted = execution is not None and execution.signalled is not None
                if interrupted:
                    break
        finally:
            self._standing.back(self._finished())
            self._workspace.worktree.cache.commit()
        return tuple(outcomes), interrupted

    def _finished(self) -> set[str]:
        """Return the datasets whose last step was repeated."""
        done = {run for run, state in self._states.items() if state is State.DONE}
        return {
            path
            for run in done
            for path in self._found.steps.by_run[run].outputs
            if path not in self._found.steps.by_run[run].updated
        }

    def _turn(self, task: Task) -> Outcome:
        if not task.reason:
            return Outcome(task.step, State.UNCHANGED, None)
        failed = self._waits_for(task.step, State.FAILED, State.SKIPPED)
        if failed:
            return Outcome(task.step, State.SKIPPED, Ending(Ground.WAITS, failed))
        if task.left:
            return Outcome(task.step, State.LEFT, why(task))
        reasons = self._bench.judge([task.step], self._now)[task.step.run]
        again = [run for run in self._found.steps.earlier.get(task.step.run, ()) if self._is_done(run)]
        if not task.own and not reasons and not again:
            left = self._waits_for(task.step, State.LEFT)
            if left:
                return Outcome(task.step, State.LEFT, Ending(Ground.LEFT_BEHIND, left))
            return Outcome(task.step, State.UNCHANGED, Ending(Ground.SAME))
        return self._run(task.step, RepeatReason(reasons) if reasons else task.reason)

    def _is_done(self, run: ObjectId) -> bool:
        return self._states.get(run) is State.DONE

    def _run(self, step: Step, reason: RepeatReason) -> Outcome:
        self._tell(step, reason)
        run = self._found.runs[step.run]
        try:
            self._put_back(step)
            missing = obstacles.missing_inputs(self._workspace, step)
            if missing:
                return Outcome(step, State.FAILED, Ending(Ground.NOT_HERE, tuple(missing)))
            done = self._repeat(self._workspace, step, run, self._means, progress=self._progress)
        except UserError as error:
            return Outcome(step, State.FAILED, Ending(Ground.SAID, message=error.message))
        if done.recorded.id is None or done.recorded.run is None:
            return Outcome(
                step,
                State.FAILED,
                _failure(done.recorded),
                done.recorded,
                python=done.python,
                environment=self._variables(run),
            )
        self._learn(step, done)
        return Outcome(
            step,
            State.DONE,
            Ending(Ground.REPEATED, reason=reason),
            done.recorded,
            done.gone,
            done.python,
            self._environment(step, run, done.recorded.run),
        )

    def _put_back(self, step: Step) -> None:
        """Make what a step updates what it was, unless an earlier step has just made it again."""
        if not self._execute:
            return
        done = {run for run in self._states if self._is_done(run)}
        wanted = [
            one for one in restored(self._found.steps, step, done) if is_held(self._workspace, one.checkpoint)
        ]
        self._standing.keep(step)
        if wanted:
            self._standing.put(step, wanted)

    def _learn(self, step: Step, done: Repeated) -> None:
        """Take what a run staged for what the datasets are now."""
        workspace = self._workspace
        staged: Datasets = workspace.repo.datasets(workspace.repo.refs().mine.staged)
        assert done.recorded.run is not None
        for output in done.recorded.run.outputs:
            path = step.renamed.get(output.path, output.path)
            self._now[path] = staged[path].checkpoint
        for path in done.gone:
            self._now.pop(path, None)

    def _waits_for(self, step: Step, *states: State) -> tuple[str, ...]:
        behind = self._found.steps.behind(step, self._makers)
        return tuple(
            path for run, paths in behind.items() if self._states.get(run) in states for path in paths
        )

    def _environment(self, step: Step, old: Run, new: Run) -> tuple[Circumstance, ...]:
        attempt = origins.attempt(self._workspace.repo, self._workspace.repo.refs(), step.run)
        imported = None if attempt is None else attempt.imported
        found = differences.changed(self._workspace.repo, old, new, imported=imported)
        return (*self._variables(old), *(one for one in found if one.aspect is Aspect.ENVIRONMENT))

    def _variables(self, run: Run) -> tuple[Circumstance, ...]:
        """Return which of the variables that are recorded of every run are not as they were."""
        if run.version <= 1:  # older records do not have them
            return ()
        now = around(self._workspace, self._means.env, run.cwd)
        return tuple(differences.values_changed(Aspect.VARIABLE, run.surroundings, now))


def why(task: Task) -> Ending | None:
    """Return why a task is repeated, or why it is left although something changed; None if nothing did."""
    return Ending(Ground.REPEATED, task.left, task.reason) if task.reason else None


def _failure(recorded: Recorded) -> Ending:
    execution = recorded.execution
    if execution is not None and execution.signalled is not None:
        return Ending(Ground.INTERRUPTED)
    if recorded.exit_code:
        return Ending(Ground.EXIT_CODE, code=recorded.exit_code)
    return Ending(Ground.WROTE_NOTHING)
