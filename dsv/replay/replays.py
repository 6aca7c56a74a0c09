"""All replays of a plan, carried out and judged."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from dsv import needs, origins
from dsv.errors import Corrupt, Missing, NotFound, StorageError
from dsv.ids import ObjectId
from dsv.lineage.execute import Here
from dsv.model.verdict import Checked, Status
from dsv.progress import SILENT, Progress
from dsv.replay import account, environments
from dsv.replay.account import Replayed
from dsv.replay.beside import Judgement
from dsv.replay.environments import Present
from dsv.replay.folder import Result
from dsv.replay.plan import Plan, Step
from dsv.replay.room import clear
from dsv.replay.schedule import carry_out
from dsv.replay.step import Means, replay
from dsv.repo import Repo


@dataclass(frozen=True, slots=True)
class Settings:
    """How replays are made.

    Attributes:
        means: What they are made with.
        jobs: How many at once.
        twice: Whether each is made two times, to tell whether it gives the same both times.
        recreate: Whether each gets a virtual environment with the recorded packages.
        keep: Whether results stay where they are; otherwise they go as soon as nothing needs them.
    """

    means: Means
    jobs: int = 1
    twice: bool = False
    recreate: bool = False
    keep: bool = False


def replay_all(
    repo: Repo, plan: Plan, room: Path, settings: Settings, *, progress: Progress = SILENT
) -> dict[ObjectId, Replayed]:
    """Replay all that `plan` names, and return by run what came of it.

    What goes wrong with one run is told in its judgements; the others go on.

    Args:
        repo: The workspace.
        plan: What to replay.
        room: An empty folder to do it in.
        settings: How.
        progress: Counts the runs.

    Raises:
        StorageError: The disk is full or fails.
    """
    session = _Session(repo, plan, room, settings)
    _bring(repo, plan, progress)
    progress.begin("replaying", len(plan.steps), "runs")
    return carry_out(
        plan.order, session.work, jobs=settings.jobs, stop=session.executor.stop, progress=progress
    )


def _bring(repo: Repo, plan: Plan, progress: Progress) -> None:
    """Have the store get, all at once, the inputs that no replay gives."""
    wanted = [
        one.checkpoint
        for step in plan.steps.values()
        if step.obstacle is None
        for one in step.run.inputs
        if one.path not in step.makers
    ]
    # What is damaged or nowhere is told of the run that needs it: each asks again for its own.
    with suppress(Missing, Corrupt, NotFound):
        needs.bring_versions(repo, wanted, progress=progress)


def checked(plan: Plan, path: str, done: Mapping[ObjectId, Replayed], policy: str) -> Checked:
    """Return what the replays say of the dataset `path`.

    In a chain it is only as good as all that it was made from.
    """
    if path in plan.sources:
        return Checked(path, Status.SOURCE, policy)
    if path in plan.obstacles:
        return Checked(path, plan.obstacles[path].status, policy, plan.obstacles[path].reason)
    run = plan.runs[path]
    own = done[run].judgements[plan.outputs[path].path]
    if own.good and plan.chain:
        own = _behind(plan, run, done) or own
    return Checked(path, own.status, policy, own.reason, done[run].seconds, own.details, own.accepted)


def _behind(plan: Plan, run: ObjectId, done: Mapping[ObjectId, Replayed]) -> Judgement | None:
    """Return what is wrong with something that a run was made from, however far back; None if nothing is."""
    for oid in plan.needing(run):
        for path, maker in plan.steps[oid].behind.items():
            judgement = done[maker].judgements[plan.made(oid, path).path]
            if not judgement.good:
                reason = f"{path} ({judgement.status}), which it was made from: {judgement.reason}"
                return Judgement(judgement.status, reason, judgement.details)
    return None


class _Session:
    """The replays of one plan, while they are made."""

    def __init__(self, repo: Repo, plan: Plan, room: Path, settings: Settings) -> None:
        self.executor = Here()
        self._repo = repo
        self._plan = plan
        self._room = room
        self._settings = settings
        self._present = Present(repo, settings.means.ambient)
        self._done: dict[ObjectId, Replayed] = {}
        self._roots: dict[ObjectId, str] = {}
        self._waiting = {oid: set(plan.users(oid)) for oid in plan.steps}

    def work(self, oid: ObjectId) -> Replayed:
        step = self._plan.steps[oid]
        try:
            done = self._replayed(step)
        except (Missing, Corrupt, NotFound) as error:
            done = account.without(step, Status.FAILED, error.message)
        self._done[oid] = done
        self._tidy(step)
        return done

    def _replayed(self, step: Step) -> Replayed:
        if step.obstacle is not None:
            return account.without(step, step.obstacle.status, step.obstacle.reason)
        made: dict[str, Result] = {}
        for path, maker in step.makers.items():
            output = self._plan.made(step.id, path)
            judgement = self._done[maker].judgements[output.path]
            if not judgement.good:
                # Its reason is told once, of itself; here only what all of it began with.
                root = self._roots.get(maker) or f"{path}: {judgement.reason or judgement.status.meaning}"
                self._roots[step.id] = root
                return account.without(step, Status.FAILED, f"its input {path} could not be rebuilt", root)
            made[path] = self._done[maker].results[output.path]
        means = self._means(step)
        place = _place(self._room, step.id)
        replays = [replay(self._repo, step, made, place / "1", means, self.executor)]
        changed = self._present.differences(step.id, step.run.environment, means.python)
        first = replays[0]
        if first.failed:
            return replace(account.of_failure(self._repo, step, first, means, self._room), changed=changed)
        if self._settings.twice:
            replays.append(replay(self._repo, step, made, place / "2", means, self.executor))
        judgements = {
            output.path: account.of_output(
                self._repo, step, output, tuple(replays), changed, place / "recorded"
            )
            for output in step.run.outputs
        }
        assert first.execution is not None
        return Replayed(
            judgements, first.results, first.isolation, first.execution.started, first.seconds, changed
        )

    def _means(self, step: Step) -> Means:
        means = self._settings.means
        if not self._settings.recreate:
            return means
        wanted = origins.environment(self._repo, step.run.environment)
        if not wanted.python:
            return means
        try:
            python = environments.recreate(self._repo, step.run.environment, means.ambient)
        except (Missing, NotFound):
            raise
        except StorageError as error:
            raise NotFound(error.message, hint=error.hint) from error
        return replace(means, python=python)

    def _tidy(self, step: Step) -> None:
        """Remove results that nothing needs any more."""
        if self._settings.keep:
            return
        for maker in step.makers.values():
            self._waiting[maker].discard(step.id)
        for oid in {step.id, *step.makers.values()}:
            if not self._waiting[oid] and oid in self._done:
                clear(_place(self._room, oid))


def _place(room: Path, oid: ObjectId) -> Path:
    return room / oid[:16]
