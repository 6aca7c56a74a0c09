"""All replays of a plan, carried out and judged."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from dsv.capture.execute import Executor, Here
from dsv.errors import Corrupt, Missing, NotFound, StorageError
from dsv.ids import ObjectId
from dsv.model.verdict import VerdictStatus
from dsv.progress import SILENT, Progress
from dsv.records import needs
from dsv.runs.rebuild import account, environments, feeding
from dsv.runs.rebuild.account import Replayed
from dsv.runs.rebuild.checked_dataset import Checked
from dsv.runs.rebuild.environments import Present
from dsv.runs.rebuild.evidence import Quoted
from dsv.runs.rebuild.feeding import Feed
from dsv.runs.rebuild.outside_check import Outsiders
from dsv.runs.rebuild.pythons import Pythons
from dsv.runs.rebuild.rebuild_plan import RebuildPlan, ReplayStep
from dsv.runs.rebuild.replay import ReplayMeans, replay
from dsv.runs.rebuild.schedule import carry_out
from dsv.runs.rebuild.scratch import clear
from dsv.store.repository import Repository
from dsv.tables import apart
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Settings:
    """How replays are made.

    Attributes:
        means: What they are made with.
        jobs: How many at once.
        twice: Whether each is made two times, to tell whether it gives the same both times.
        recreate: Whether each gets a virtual environment with the recorded packages.
        scratch: A folder outside of the workspace that they are made in.
        keep: Whether results stay where they are; otherwise they go as soon as nothing needs them.
        executor: Where commands are executed; by default on this machine.
    """

    means: ReplayMeans
    scratch: Path
    jobs: int = 1
    twice: bool = False
    recreate: bool = False
    keep: bool = False
    executor: Executor = field(default_factory=Here)


def replay_all(
    workspace: Workspace, plan: RebuildPlan, room: Path, settings: Settings, *, progress: Progress = SILENT
) -> dict[ObjectId, Replayed]:
    """Replay all that `plan` names, and return by run what came of it.

    What goes wrong with one run is told in its judgements; the others go on.

    Args:
        workspace: The workspace.
        plan: What to replay.
        room: An empty folder to do it in.
        settings: How.
        progress: Counts the runs.

    Raises:
        StorageError: The disk is full or fails.
    """
    session = _Session(workspace, plan, room, settings)
    stop = settings.executor.stop
    _bring(workspace.repo, plan, progress)
    if settings.jobs > 1 and len(plan.steps) > 1:
        apart.prepare()
    progress.begin("replaying", len(plan.steps), "runs")
    done = carry_out(plan.order, session.work, jobs=settings.jobs, stop=stop, progress=progress)
    if plan.chain:
        done = carry_out(plan.chained, session.settle, jobs=settings.jobs, stop=stop)
    return done


def _bring(repo: Repository, plan: RebuildPlan, progress: Progress) -> None:
    """Have the store get, all at once, the inputs that no replay gives."""
    wanted = [
        one.checkpoint
        for step in plan.steps.values()
        if step.obstacle is None
        for one in step.run.inputs
        if one.path not in step.makers
    ]
    # What is damaged or nowhere is reported for the run that needs it: each asks again for its own.
    with suppress(Missing, Corrupt, NotFound):
        needs.bring_versions(repo, wanted, progress=progress)


def checked(plan: RebuildPlan, path: str, done: Mapping[ObjectId, Replayed], policy: str) -> Checked:
    """Return what the replays say of the dataset `path`."""
    if path in plan.sources:
        return Checked(path, VerdictStatus.SOURCE, policy)
    if path in plan.obstacles:
        obstacle = plan.obstacles[path]
        return Checked(path, obstacle.status, policy, Quoted(obstacle.reason))
    run = plan.runs[path]
    own = done[run].judgements[plan.outputs[path].path]
    return Checked(path, own.status, policy, own.evidence, done[run].seconds, own.accepted)


class _Session:
    """The replays of one plan, while they are made.

    `work` replays each run on its recorded inputs, as far as they are here, so that none waits for another.
    In a chain `settle` comes after it, each run after those that it is made from: where these did not give the
    recorded bytes, it is replayed again, on what they gave.
    """

    def __init__(self, workspace: Workspace, plan: RebuildPlan, room: Path, settings: Settings) -> None:
        self._workspace = workspace
        self._plan = plan
        self._room = room
        self._settings = settings
        self._present = Present(workspace, settings.means.ambient)
        self._pythons = Pythons(workspace)
        self._outside = Outsiders(
            workspace, [step.run for step in plan.steps.values()], settings.means.openings
        )
        self._done: dict[ObjectId, Replayed] = {}
        self._settled: set[ObjectId] = set()
        self._users = plan.chain_users() if plan.chain else {oid: plan.users(oid) for oid in plan.steps}

    def work(self, oid: ObjectId) -> Replayed:
        step = self._plan.steps[oid]
        feed = feeding.at_first(self._plan, step, self._done)
        done = self._attempt(step, feed)
        if not self._plan.chain:
            done = feeding.told(done, feed)
            self._settled.add(oid)
        return self._keep(oid, done)

    def settle(self, oid: ObjectId) -> Replayed:
        step, before = self._plan.steps[oid], self._done[oid]
        feed = feeding.at_last(self._plan, step, self._done)
        if step.obstacle is None and feed.problem is not None:
            problem = feed.problem
            before = replace(before, judgements=problem.judgements, results={}, fed={}, root=problem.root)
        elif step.obstacle is None and (before.unsettled or feed.contents != before.fed):
            clear(_place(self._room, oid))
            before = self._attempt(step, feed)
        self._settled.add(oid)
        return self._keep(oid, feeding.told(before, feed))

    def _keep(self, oid: ObjectId, done: Replayed) -> Replayed:
        self._done[oid] = done
        self._tidy(oid)
        return done

    def _attempt(self, step: ReplayStep, feed: Feed) -> Replayed:
        if step.obstacle is not None:
            return account.without(step, step.obstacle.status, Quoted(step.obstacle.reason))
        if feed.problem is not None:
            return feed.problem
        try:
            return replace(self._replayed(step, feed), fed=feed.contents)
        except (Missing, Corrupt, NotFound) as error:
            return account.without(step, VerdictStatus.FAILED, Quoted(error.message))

    def _replayed(self, step: ReplayStep, feed: Feed) -> Replayed:
        missing = self._outside.missing(step.run)
        if missing:
            return account.elsewhere(step, missing)
        means = self._means(step)
        place = _place(self._room, step.id)
        replays = [replay(self._workspace, step, feed.made, place / "1", means, self._settings.executor)]
        changed = self._present.differences(step.id, step.run.environment, means.python)
        first = replays[0]
        if first.failed:
            failed = account.of_failure(self._workspace, step, first, means, feed.unlike)
            return replace(failed, changed=changed)
        if self._settings.twice:
            replays.append(
                replay(self._workspace, step, feed.made, place / "2", means, self._settings.executor)
            )
        judgements = {
            output.path: account.of_output(
                self._workspace, step, output, tuple(replays), changed, place / "recorded", means, feed.unlike
            )
            for output in step.run.outputs
        }
        assert first.execution is not None
        return Replayed(
            judgements,
            first.results,
            first.isolation,
            first.why,
            first.execution.started,
            first.seconds,
            changed,
        )

    def _means(self, step: ReplayStep) -> ReplayMeans:
        means = replace(self._settings.means, openings=self._outside.opened(step.run))
        if not self._settings.recreate:
            return replace(means, python=self._pythons.of(step.id, means))
        wanted = self._workspace.repo.environment(step.run.environment)
        if not wanted.python:
            return means
        try:
            python = environments.recreate(self._workspace, step.run.environment, means.ambient)
        except (Missing, NotFound):
            raise
        except StorageError as error:
            raise NotFound(error.message, hint=error.hint) from error
        return replace(means, python=python)

    def _tidy(self, oid: ObjectId) -> None:
        """Remove results that nothing needs any more."""
        if self._settings.keep:
            return
        for one in {oid, *self._plan.steps[oid].behind.values()} & self._done.keys():
            if not any(self._may_use(user, one) for user in self._users[one] if user not in self._settled):
                clear(_place(self._room, one))

    def _may_use(self, user: ObjectId, maker: ObjectId) -> bool:
        """Whether a run can still be replayed on what another gave: not if it has the same bytes."""
        step = self._plan.steps[user]
        return any(
            feeding.needs(self._plan, step, path, self._done)
            for path, oid in step.behind.items()
            if oid == maker
        )


def _place(room: Path, oid: ObjectId) -> Path:
    return room / oid[:16]
