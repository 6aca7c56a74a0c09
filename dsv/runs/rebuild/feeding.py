"""What a run is replayed on: its recorded inputs, or what was just rebuilt.

To verify a chain, from the raw sources on, a step gets what was rebuilt wherever that is not the recorded
bytes (`RebuildPlan.on_rebuilt`); so the answer does not depend on which bytes happen to be here. Otherwise it gets its
recorded inputs, and what was rebuilt only where their bytes are not to be had.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dsv.ids import ObjectId
from dsv.model.verdict import VerdictStatus
from dsv.runs.rebuild.account import Replayed, without
from dsv.runs.rebuild.clean_folder import Result
from dsv.runs.rebuild.evidence import MadeFrom, NotRebuilt, Remark
from dsv.runs.rebuild.rebuild_plan import RebuildPlan, ReplayStep
from dsv.runs.rebuild.side_by_side import Judgement

Done = Mapping[ObjectId, Replayed]
"""By run what came of it so far."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What one step gets.

    Attributes:
        made: By path the inputs that come from other replays.
        unlike: Of these, those that have other bytes than were recorded, with what they are beside them.
        problem: What comes of the step if it cannot be replayed on them, or not yet; None if it can be.
        chain: Whether it is meant to get what was rebuilt.
    """

    made: Mapping[str, Result] = field(default_factory=dict)
    unlike: Mapping[str, Judgement] = field(default_factory=dict)
    problem: Replayed | None = None
    chain: bool = False

    @property
    def contents(self) -> dict[str, ObjectId]:
        """By path the contents that are not those of the record."""
        return {path: self.made[path].checkpoint.content for path in self.unlike}


def at_first(plan: RebuildPlan, step: ReplayStep, done: Done) -> Feed:
    """Return what a step gets before all that it is made from is settled: recorded bytes as far as they are here."""
    if plan.on_rebuilt and any(
        oid in done and not is_as_recorded(plan, step, path, done) for path, oid in step.behind.items()
    ):
        return Feed(problem=Replayed({}, deferred=True), chain=True)
    return _feed(plan, step, done, step.makers)


def at_last(plan: RebuildPlan, step: ReplayStep, done: Done) -> Feed:
    """Return what a step of a chain gets when all that it is made from is settled."""
    for path, oid in step.behind.items():
        found = _judgement(plan, step, path, done)
        if not found.good:
            return Feed(problem=_not_rebuilt(plan, step, path, found, done[oid]), chain=plan.on_rebuilt)
    return _feed(
        plan, step, done, {path: step.behind[path] for path in step.behind if needs(plan, step, path, done)}
    )


def needs(plan: RebuildPlan, step: ReplayStep, path: str, done: Done) -> bool:
    """Whether a step gets an input as it was rebuilt, as far as that is known."""
    return path in step.makers or (plan.on_rebuilt and not is_as_recorded(plan, step, path, done))


def is_as_recorded(plan: RebuildPlan, step: ReplayStep, path: str, done: Done) -> bool:
    """Whether the replay behind an input gave the recorded bytes; it was made."""
    return _judgement(plan, step, path, done).status is VerdictStatus.IDENTICAL


def told(done: Replayed, feed: Feed) -> Replayed:
    """Return what came of a step that was meant to get its recorded inputs, and got others that are like them.

    What it gave of them and should not have proves nothing: that cannot be told.
    """
    if not done.fed or feed.chain:
        return done
    inputs = tuple((path, one.status) for path, one in feed.unlike.items())
    judgements = {path: one if one.good else _untold(one, inputs) for path, one in done.judgements.items()}
    return replace(done, judgements=judgements)


def _untold(found: Judgement, inputs: tuple[tuple[str, VerdictStatus], ...]) -> Judgement:
    evidence = MadeFrom(inputs, found.status, found.evidence)
    return replace(found, status=VerdictStatus.FAILED, evidence=evidence)


def _feed(plan: RebuildPlan, step: ReplayStep, done: Done, wanted: Mapping[str, ObjectId]) -> Feed:
    made: dict[str, Result] = {}
    unlike: dict[str, Judgement] = {}
    for path, oid in wanted.items():
        found = _judgement(plan, step, path, done)
        if not found.good:
            return Feed(problem=_not_rebuilt(plan, step, path, found, done[oid]), chain=plan.on_rebuilt)
        made[path] = done[oid].results[plan.made(step.id, path).path]
        if found.status is not VerdictStatus.IDENTICAL:
            unlike[path] = found
    return Feed(made, unlike, chain=plan.on_rebuilt)


def _judgement(plan: RebuildPlan, step: ReplayStep, path: str, done: Done) -> Judgement:
    replayed = done[step.behind[path]]
    found = replayed.judgements.get(plan.made(step.id, path).path)
    return found or Judgement(VerdictStatus.FAILED, Remark.NOT_YET)


def _not_rebuilt(
    plan: RebuildPlan, step: ReplayStep, path: str, found: Judgement, behind: Replayed
) -> Replayed:
    """Return what comes of a step that one of its inputs is missing for; what all began with is told, and once."""
    root = behind.root or (path, found)
    begun, first = root
    if plan.chain:
        failed = without(step, first.status, NotRebuilt(begun, first.status, first.evidence))
    else:
        evidence = NotRebuilt(begun, first.status, first.evidence, own_input=path)
        failed = without(step, VerdictStatus.FAILED, evidence)
    return replace(failed, root=root)
