"""Bring stale datasets up to date: repeat their runs, in order, on what there is now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dsv.errors import UsageFault
from dsv.ids import ObjectId
from dsv.model.code_list import CodeFile
from dsv.model.run import Input
from dsv.progress import SILENT, Progress
from dsv.runs.rebuild.consent import Agree, obtain
from dsv.runs.record.result import INTERRUPTED
from dsv.runs.rerun import obstacles
from dsv.runs.rerun.agenda import agenda
from dsv.runs.rerun.code_agreement import Agreement, loaded, refuse_loaders, unagreed
from dsv.runs.rerun.repeat import RepeatMeans
from dsv.runs.rerun.repeat_stale import Outcome, Session, State, Tell, why
from dsv.runs.rerun.rerun_plan import RerunWanted
from dsv.runs.stale.datasets_now import Workplace
from dsv.versions import commit as committing
from dsv.versions import preconditions, stage
from dsv.versions.commit import Made
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RerunResult:
    """What `rerun` did.

    Attributes:
        outcomes: The steps in their order.
        interrupted: Whether the user ended it.
        commit: The commit that was made, if one was asked for.
        brought: Changed datasets that the runs read and that were staged for the commit.
        unstaged: Changed datasets that the runs read and that are not staged.
        surprises: By new run what it loaded from the workspace and nobody had agreed to.
        edited: What steps that are not repeated made, and that was edited by hand since.
    """

    outcomes: tuple[Outcome, ...]
    interrupted: bool = False
    commit: Made | None = None
    brought: tuple[str, ...] = ()
    unstaged: tuple[str, ...] = ()
    surprises: Mapping[ObjectId, tuple[str, ...]] = field(default_factory=dict)
    edited: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 if all is up to date, 1 if something is stale or was left, or failed."""
        if self.interrupted:
            return INTERRUPTED
        bad = {State.STALE, State.LEFT, State.FAILED, State.SKIPPED}
        return int(any(one.state in bad for one in self.outcomes))


def preview(workspace: Workspace, wanted: RerunWanted, *, progress: Progress = SILENT) -> RerunResult:
    """Return what is stale, with nothing done.

    Raises:
        NotFound, Refused: As `dsv.runs.rerun.agenda.agenda`.
    """
    found = agenda(workspace, wanted, progress=progress)
    outcomes = tuple(
        Outcome(task.step, State.STALE if task.reason else State.UNCHANGED, why(task)) for task in found.tasks
    )
    return RerunResult(outcomes, edited=_edited(outcomes, found.place))


def rerun(
    workspace: Workspace,
    wanted: RerunWanted,
    means: RepeatMeans,
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
        workspace: The workspace.
        wanted: What is asked for.
        means: What runs are repeated with.
        agree: Asks the user about commands of others.
        trusted: Where the user's trust is kept.
        execute: Whether commands are executed; otherwise the outputs that are there are accepted as made by them.
        message: Commit all that is staged then, and what the runs read, if nothing failed; None: do not.
        author: Who makes the commit.
        tell: Called with each step before it is repeated.
        progress: Counts the bytes that are read.

    Raises:
        UsageFault: The message is empty; or nothing is named although nothing is executed.
        Refused, NotFound, InTheWay: As `dsv.runs.rerun.agenda.agenda` and `dsv.runs.rerun.obstacles.check`; nothing was run.
        Busy: Another run captures in this workspace; what was done is staged.
    """
    if not execute and not wanted.paths:
        raise UsageFault("--no-exec needs to know what", hint="dsv rerun --no-exec PATH")
    if message is not None:
        committing.check_message(message)
        preconditions.follow_git(workspace, preconditions.ready(workspace))
    found = agenda(workspace, replace(wanted, upstream=execute), progress=progress)
    obstacles.check(
        workspace, found.steps, found.planned, found.runs, found.place, means.env, execute=execute
    )
    if execute:
        steps = [task.step for task in found.planned]
        refuse_loaders(workspace, trusted, steps, found.runs, means.env)
        changed = unagreed(workspace, trusted, steps, found.runs)
        obtain(
            [(step.run, found.runs[step.run], step.code) for step in steps], trusted, agree, changed=changed
        )
    outcomes, interrupted = Session(workspace, found, means, tell, progress, execute=execute).work()
    surprises = _surprises(workspace, trusted, outcomes, changed) if execute else {}
    edited = _edited(outcomes, found.place)
    result = RerunResult(outcomes, interrupted, surprises=surprises, edited=edited)
    inputs = [one for outcome in outcomes for one in _read(outcome)]
    if message is None or result.exit_code:
        unstaged = stage.read_changes(workspace, workspace.repo.refs(), inputs)
        workspace.worktree.cache.commit()
        return replace(result, unstaged=tuple(sorted(unstaged)))
    what = f"rerun -m {message.partition(chr(10))[0]}"
    made = committing.commit_made(workspace, message, author=author, what=what, inputs=inputs)
    if made is None:
        return result
    commit, brought = made
    return replace(result, commit=commit, brought=brought, edited=tuple(sorted({*edited} - {*brought})))


def _edited(outcomes: Sequence[Outcome], place: Workplace) -> tuple[str, ...]:
    kept = {path for one in outcomes if one.state is State.UNCHANGED for path in one.step.outputs}
    return tuple(sorted(kept & place.unstaged))


def _surprises(
    workspace: Workspace,
    trusted: Path,
    outcomes: Sequence[Outcome],
    agreed: Mapping[ObjectId, Sequence[CodeFile]],
) -> dict[ObjectId, tuple[str, ...]]:
    """Return by new run what it has loaded from the workspace and nobody had agreed to."""
    agreement = Agreement(workspace, trusted)
    found = {}
    for one in outcomes:
        if one.recorded is None or one.recorded.run is None or one.recorded.id is None:
            continue
        asked = {(file.path, file.file) for file in agreed.get(one.step.run, ())}
        files = agreement.of(one.step, loaded(workspace.repo, one.recorded.run))
        paths = tuple(file.path for file in files if (file.path, file.file) not in asked)
        if paths:
            found[one.recorded.id] = paths
    return found


def _read(outcome: Outcome) -> tuple[Input, ...]:
    """Return what a step that is up to date now has read."""
    if outcome.recorded is not None and outcome.recorded.run is not None:
        return outcome.recorded.run.inputs
    return outcome.step.inputs if outcome.state is State.UNCHANGED else ()
