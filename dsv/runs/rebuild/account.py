"""What a replay comes to, output by output, and what may be the cause."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from dsv.capture.isolation import Isolation
from dsv.capture.secrets.masking import mask_text, mask_values, secret_values
from dsv.errors import StorageError
from dsv.ids import ObjectId, short
from dsv.model.policy import Policy
from dsv.model.run import Output
from dsv.model.verdict import VerdictStatus
from dsv.runs.differences import Circumstance
from dsv.runs.rebuild import causes, error_output
from dsv.runs.rebuild.cause import Cause, CauseKind, Manner, MoreNames, Weight
from dsv.runs.rebuild.clean_folder import Result
from dsv.runs.rebuild.evidence import (
    Evidence,
    Explained,
    Failure,
    Quoted,
    Remark,
    TimedOut,
    TwoReplays,
)
from dsv.runs.rebuild.judge import judge
from dsv.runs.rebuild.rebuild_plan import ReplayStep
from dsv.runs.rebuild.replay import Replay, ReplayMeans
from dsv.runs.rebuild.replay_variables import unset
from dsv.runs.rebuild.side_by_side import Judgement, compare
from dsv.workspace import Workspace

_NOTHING: Mapping[str, "Judgement"] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one run.

    Attributes:
        judgements: By path of an output.
        results: By path what the replay gave.
        isolation: How well it was isolated; None if no command was started.
        why: Why it was isolated no better; "" if it could not be.
        started: When, in seconds since 1970; 0 if it was not.
        seconds: How long its command took.
        changed: How the environment differs from the recorded one.
        fed: By path the contents of the inputs that were not those of the record.
        deferred: Whether it waits for what it is made from, and nothing was judged yet.
        root: The dataset that it could not be replayed without, and what that is; None if it was replayed.
    """

    judgements: Mapping[str, Judgement]
    results: Mapping[str, Result] = field(default_factory=dict)
    isolation: Isolation | None = None
    why: str = ""
    started: int = 0
    seconds: float = 0.0
    changed: tuple[Circumstance, ...] = ()
    fed: Mapping[str, ObjectId] = field(default_factory=dict)
    deferred: bool = False
    root: tuple[str, Judgement] | None = None

    @property
    def unsettled(self) -> bool:
        """Whether it was not replayed because of what it is made from."""
        return self.deferred or self.root is not None

    @property
    def good(self) -> bool:
        """Whether all of its outputs are what their policies ask for."""
        return all(judgement.good for judgement in self.judgements.values())


def without(step: ReplayStep, status: VerdictStatus, evidence: Evidence | None) -> Replayed:
    """Return what comes of a run that is not replayed."""
    return Replayed({output.path: Judgement(status, evidence) for output in step.run.outputs})


def elsewhere(step: ReplayStep, path: str) -> Replayed:
    """Return what comes of a run that read a file outside of the workspace which is not here as it was."""
    cause = Cause(CauseKind.OUTSIDE, path, detail=Manner.CHANGED)
    return without(step, VerdictStatus.FAILED, Failure((cause,)))


def of_failure(
    workspace: Workspace,
    step: ReplayStep,
    done: Replay,
    means: ReplayMeans,
    made: Mapping[str, Judgement] = _NOTHING,
) -> Replayed:
    """Return what comes of a replay whose command failed, or could not be started.

    Raises:
        StorageError: It failed because the disk is full: that is no answer.
    """
    if done.execution is None:
        return without(step, VerdictStatus.FAILED, Quoted(done.problem or "it was not started"))
    tail = done.execution.tail
    hidden = _hider(means)
    said = tuple(map(hidden, error_output.last_lines(tail, done.clean)))
    if done.execution.timed_out and done.limit is not None:
        return _failed(step, done, TimedOut(done.limit, said))
    if error_output.is_full(tail):
        raise StorageError(
            f"the replay of run {short(step.id)} found no space left on the disk",
            hint="free some space, then run the command again",
        )
    found = causes.of_failure(
        tail,
        done.execution.exit_code,
        root=workspace.root,
        clean=done.clean,
        expected=causes.expected_of(workspace, step, means),
        captured=done.captured,
    )
    secrets = ", ".join(unset(step.run, means.ambient))
    found += [Cause(CauseKind.UNSET, secrets)] if secrets else []
    found += _made(made)
    return _failed(step, done, Failure(tuple(_hidden(one, hidden) for one in found), said))


def _hider(means: ReplayMeans) -> Callable[[str], str]:
    """Return what replaces secrets in a text: reports are kept by others than who runs this."""
    secret = secret_values(means.ambient)
    return lambda text: mask_text(mask_values(text, secret))


def _hidden(cause: Cause, hidden: Callable[[str], str]) -> Cause:
    """Return a cause without secrets."""
    detail = cause.detail
    return replace(
        cause,
        subject=hidden(cause.subject),
        before=None if cause.before is None else hidden(cause.before),
        after=None if cause.after is None else hidden(cause.after),
        detail=MoreNames(tuple(map(hidden, detail.names))) if isinstance(detail, MoreNames) else detail,
    )


def _failed(step: ReplayStep, done: Replay, evidence: Failure | TimedOut) -> Replayed:
    assert done.execution is not None
    judgement = Judgement(VerdictStatus.FAILED, evidence)
    judgements = {output.path: judgement for output in step.run.outputs}
    return Replayed(judgements, {}, done.isolation, done.why, done.execution.started, done.seconds)


def _made(made: Mapping[str, Judgement]) -> list[Cause]:
    return [Cause(CauseKind.MADE, path, None, one.status) for path, one in made.items()]


def of_output(
    workspace: Workspace,
    step: ReplayStep,
    output: Output,
    replays: tuple[Replay, ...],
    changed: tuple[Circumstance, ...],
    space: Path,
    means: ReplayMeans,
    made: Mapping[str, Judgement] = _NOTHING,
) -> Judgement:
    """Return what one output of a run is, given one or two replays that ended well.

    Args:
        workspace: The workspace.
        step: The run.
        output: What was recorded.
        replays: The replays.
        changed: How the environment differs from the recorded one.
        space: A folder that is not there, for recorded bytes.
        means: What the replays were made with.
        made: By path the inputs that were rebuilt in other bytes, with what they are beside the recorded ones.

    Raises:
        Missing, Corrupt: The store cannot give the recorded bytes that it seems to have.
        StorageError: The disk is full or fails.
    """
    policy = workspace.config.policy_for(output.path)
    results = [one.results.get(output.path) for one in replays]
    first = results[0]
    if first is None:
        found = Judgement(VerdictStatus.FAILED, Remark.NOT_WRITTEN)
    else:
        found = judge(workspace, output, first, policy, space)
        if len(results) > 1:
            found = _both(workspace, output, found, first, results[1], policy, space)
    if found.good or (found.status is VerdictStatus.FAILED and first is not None):
        return found
    told = causes.of_difference(
        workspace.repo,
        step,
        causes.expected_of(workspace, step, means),
        replays[0].captured,
        changed,
        found.suggestion,
        {path: one.status for path, one in made.items()},
    )
    return _explained(found, told, replays)


def _both(
    workspace: Workspace,
    output: Output,
    found: Judgement,
    one: Result,
    other: Result | None,
    policy: Policy,
    space: Path,
) -> Judgement:
    """Return what two replays come to: nondeterministic if they are not the same to the policy, else the worse."""
    if other is None:
        return Judgement(VerdictStatus.NONDETERMINISTIC, Remark.WRITTEN_ONCE)
    beside = compare(one, other, policy.applied(table=output.table is not None))
    if not beside.good:
        return Judgement(
            VerdictStatus.NONDETERMINISTIC, TwoReplays(beside.evidence), suggestion=beside.suggestion
        )
    order = list(VerdictStatus)
    return max(
        found, judge(workspace, output, other, policy, space), key=lambda judged: order.index(judged.status)
    )


def _explained(found: Judgement, told: list[Cause], replays: tuple[Replay, ...]) -> Judgement:
    """Add the causes to what is wrong with an output, and whether anything is known to be other than recorded."""
    captured = replays[0].captured
    other = any(one.weight >= Weight.CHANGED for one in told) or (
        captured is not None and not captured.complete
    )
    if found.status is VerdictStatus.NONDETERMINISTIC:  # what changed since is the same in both replays
        told = [one for one in told if one.kind is not CauseKind.PACKAGE]
    once = found.status is VerdictStatus.DIFFERENT and len(replays) == 1
    return replace(found, evidence=Explained(found.evidence, tuple(told), as_recorded=not other, once=once))
