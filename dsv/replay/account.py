"""What a replay comes to, output by output, and in words that name the likely cause."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from dsv import origins
from dsv.circumstances import Circumstance
from dsv.errors import StorageError
from dsv.ids import ObjectId, short
from dsv.lineage.isolation import Isolation
from dsv.model.policy import Policy
from dsv.model.run import Output
from dsv.model.verdict import LIKELY, Status
from dsv.replay import causes
from dsv.replay.beside import Judgement, compare
from dsv.replay.folder import Result
from dsv.replay.judge import judge
from dsv.replay.plan import Step
from dsv.replay.step import Means, Replay
from dsv.replay.traces import named, traces
from dsv.replay.variables import unset
from dsv.repo import Repo

_TO_EXPLAIN = (Status.DIFFERENT, Status.NONDETERMINISTIC, Status.EQUAL_BUT_FOR_METADATA)
"""What a likely cause is looked for of."""

_CHANGES = 8
"""Changes of the environment that are told of one dataset."""


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


def without(step: Step, status: Status, reason: str, *details: str) -> Replayed:
    """Return what comes of a run that is not replayed."""
    return Replayed({output.path: Judgement(status, reason, details) for output in step.run.outputs})


def of_failure(repo: Repo, step: Step, done: Replay, means: Means) -> Replayed:
    """Return what comes of a replay whose command failed, or could not be started.

    Raises:
        StorageError: It failed because the disk is full: that is no answer.
    """
    if done.execution is None:
        return without(step, Status.FAILED, done.problem or "it was not started")
    tail = done.execution.tail
    if done.execution.timed_out:
        reason = f"it ran longer than {done.limit}"
        return _failed(step, done, reason)
    if causes.is_full(tail):
        raise StorageError(
            f"the replay of run {short(step.id)} found no space left on the disk",
            hint="free some space, then run the command again",
        )
    attempt = origins.attempt(repo, repo.refs(), step.id)
    reason = causes.failure(
        tail,
        done.execution.exit_code,
        root=repo.root,
        clean=done.clean,
        withheld=() if attempt is None else attempt.withheld,
    )
    secret = unset(step.run, means.ambient)
    if secret:
        reason += f"; {', '.join(secret)}, whose value was not recorded, is not set"
    return _failed(step, done, reason)


def _failed(step: Step, done: Replay, reason: str) -> Replayed:
    assert done.execution is not None
    judgement = Judgement(Status.FAILED, reason, causes.last_lines(done.execution.tail, done.clean))
    judgements = {output.path: judgement for output in step.run.outputs}
    return Replayed(judgements, {}, done.isolation, done.why, done.execution.started, done.seconds)


def of_output(
    repo: Repo,
    step: Step,
    output: Output,
    replays: tuple[Replay, ...],
    changed: tuple[Circumstance, ...],
    space: Path,
) -> Judgement:
    """Return what one output of a run is, given one or two replays that ended well.

    Args:
        repo: The workspace.
        step: The run.
        output: What was recorded.
        replays: The replays.
        changed: How the environment differs from the recorded one.
        space: A folder that is not there, for recorded bytes.

    Raises:
        Missing, Corrupt: The store cannot give the recorded bytes that it seems to have.
        StorageError: The disk is full or fails.
    """
    policy = repo.config.policy_for(output.path)
    results = [one.results.get(output.path) for one in replays]
    first = results[0]
    if first is None:
        return Judgement(Status.FAILED, "the command ended well and did not write it")
    found = judge(repo, output, first, policy, space)
    if len(results) > 1:
        found = _both(repo, output, found, first, results[1], policy, space)
    if found.status in _TO_EXPLAIN and not found.good:
        return _explained(repo, step, found, changed, twice=len(results) > 1)
    return found


def _both(
    repo: Repo,
    output: Output,
    found: Judgement,
    one: Result,
    other: Result | None,
    policy: Policy,
    space: Path,
) -> Judgement:
    """Return what two replays come to: nondeterministic if they are not the same to the policy, else the worse."""
    if other is None:
        return Judgement(Status.NONDETERMINISTIC, "only one of two replays wrote it")
    beside = compare(one, other, policy.applied(table=output.table is not None))
    if not beside.good:
        return Judgement(
            Status.NONDETERMINISTIC, f"two replays differ: {beside.reason}", beside.details, beside.cause
        )
    order = list(Status)
    return max(
        found, judge(repo, output, other, policy, space), key=lambda judged: order.index(judged.status)
    )


def _explained(
    repo: Repo, step: Step, found: Judgement, changed: tuple[Circumstance, ...], *, twice: bool
) -> Judgement:
    """Add the likely cause, first of the details: what is not as it was, or may differ each time in the code."""
    weighty = [one for one in changed if one.matters]
    by_name = named(repo, step.code, [one.name for one in weighty])
    # What is merely loaded by something else was never what the code asked for.
    weighty.sort(key=lambda one: (one.before is None or one.after is None, one.name not in by_name))
    matter = [one.text for one in weighty]
    signs = [one.text for one in traces(repo, step.run.argv, step.code)]
    likely = signs[0] if signs else ""
    if found.cause:
        likely = f"{found.cause} ({likely})" if likely else found.cause
    if matter and found.status is Status.DIFFERENT:
        likely = matter[0] + (f", and {len(matter) - 1} more" if len(matter) > 1 else "")
    rest = [text for text in (found.cause, *signs) if text and text not in likely]
    lines = [
        *([f"{LIKELY}{likely}"] if likely else ()),
        *found.details,
        *(f"changed since: {text}" for text in (matter[:_CHANGES] if len(matter) > 1 else ())),
        *(text if text == found.cause else f"may differ each time: {text}" for text in rest),
    ]
    if not matter:
        lines.append("code, parameters, inputs and environment are those of the record")
    if found.status is Status.DIFFERENT and not twice:
        lines.append("--twice tells whether two replays agree with each other")
    return replace(found, details=tuple(lines))
