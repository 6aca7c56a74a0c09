"""What has to be replayed to rebuild datasets: which runs, in which order, on which inputs."""

import graphlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dsv.capture.portable import IN_SESSION, SESSION
from dsv.errors import Corrupt, Missing
from dsv.ids import ObjectId, short
from dsv.model import tree as trees
from dsv.model.checkpoint import Checkpoint
from dsv.model.code_list import CodeFile
from dsv.model.origin import Source
from dsv.model.run import Input, Output, Run
from dsv.model.verdict import VerdictStatus
from dsv.records import needs
from dsv.store.repository import Repository


class Obstacle(NamedTuple):
    """Why something cannot be replayed.

    Attributes:
        status: What that makes of it: `FAILED`, or `UNRECORDED`.
        reason: One line.
    """

    status: VerdictStatus
    reason: str


@dataclass(frozen=True, slots=True)
class ReplayStep:
    """A run that is to be replayed.

    Attributes:
        id: The run.
        run: What was recorded.
        code: Its code files.
        makers: By path of an input whose bytes are not to be had: the run whose replay gives them.
        behind: By path of an input that a run made: that run, whether it is replayed or not.
        obstacle: Why it cannot be replayed; None if it can be tried.
    """

    id: ObjectId
    run: Run
    code: tuple[CodeFile, ...]
    makers: Mapping[str, ObjectId]
    behind: Mapping[str, ObjectId]
    obstacle: Obstacle | None = None


@dataclass(frozen=True, slots=True)
class RebuildPlan:
    """What has to be replayed for some datasets.

    Attributes:
        steps: By id, each after those that it needs.
        runs: By dataset the run that made it.
        outputs: By dataset what that run recorded of it.
        sources: Datasets that came from outside: nothing to replay.
        obstacles: Why other datasets cannot be replayed.
        chain: Whether all runs behind the datasets are replayed, not only what is needed for the last.
        on_rebuilt: Whether the steps of a chain get what was rebuilt wherever that is not the recorded bytes;
            otherwise recorded bytes where the store has them.
    """

    steps: Mapping[ObjectId, ReplayStep]
    runs: Mapping[str, ObjectId]
    outputs: Mapping[str, Output]
    sources: tuple[str, ...]
    obstacles: Mapping[str, Obstacle]
    chain: bool
    on_rebuilt: bool = False

    @property
    def order(self) -> dict[ObjectId, frozenset[ObjectId]]:
        """By step the steps whose results it needs."""
        return {oid: frozenset(step.makers.values()) for oid, step in self.steps.items()}

    @property
    def chained(self) -> dict[ObjectId, frozenset[ObjectId]]:
        """By step the steps that it is made from."""
        return {oid: frozenset(step.behind.values()) & self.steps.keys() for oid, step in self.steps.items()}

    def chain_users(self) -> dict[ObjectId, tuple[ObjectId, ...]]:
        """By step the steps that are made from it."""
        users: dict[ObjectId, list[ObjectId]] = {oid: [] for oid in self.steps}
        for oid, behind in self.chained.items():
            for maker in behind:
                users[maker].append(oid)
        return {oid: tuple(found) for oid, found in users.items()}

    def needing(self, run: ObjectId) -> tuple[ObjectId, ...]:
        """Return the steps of the chain that ends with `run`, itself first."""
        found, waiting = {run: None}, [run]
        while waiting:
            for oid in self.steps[waiting.pop()].behind.values():
                if oid in self.steps and oid not in found:
                    found[oid] = None
                    waiting.append(oid)
        return tuple(found)

    def made(self, run: ObjectId, path: str) -> Output:
        """Return the output that the input `path` of `run` is, of the run behind it."""
        step = self.steps[run]
        one = step.run.input(path)
        assert one is not None
        output = output_of(self.steps[step.behind[path]].run, path, one.checkpoint)
        assert output is not None
        return output

    def users(self, run: ObjectId) -> tuple[ObjectId, ...]:
        """Return the steps that are replayed on results of `run`."""
        return tuple(oid for oid, step in self.steps.items() if run in step.makers.values())


@dataclass(slots=True)
class _Found:
    """A plan in the making."""

    dropped: frozenset[ObjectId]
    steps: dict[ObjectId, ReplayStep] = field(default_factory=dict)
    held: dict[ObjectId, bool] = field(default_factory=dict)


def plan(
    repo: Repository, datasets: Mapping[str, Checkpoint], *, chain: bool, on_rebuilt: bool = False
) -> RebuildPlan:
    """Return what has to be replayed to rebuild `datasets`.

    Args:
        repo: The repository.
        datasets: What is wanted, by path.
        chain: Replay all runs back to the raw sources; otherwise the last run of each dataset, and what
            makes inputs whose bytes are neither here nor on the remote. A chain asks no remote: what
            lies between the sources and the datasets is not fetched.
        on_rebuilt: Have the steps of a chain get what was rebuilt wherever that is not the recorded bytes.

    Raises:
        Corrupt: A record is damaged, or a run depends on itself, which no record can.
    """
    found = _Found(frozenset(repo.refs().mine.dropped))
    runs: dict[str, ObjectId] = {}
    outputs: dict[str, Output] = {}
    sources: list[str] = []
    obstacles: dict[str, Obstacle] = {}
    for path, checkpoint in datasets.items():
        try:
            origin = repo.origin(checkpoint.origin)
        except Missing:
            obstacles[path] = Obstacle(VerdictStatus.FAILED, "the record of where it came from is not here")
            continue
        if isinstance(origin, Source):
            obstacle = of_source(origin)
            if obstacle is None:
                sources.append(path)
            else:
                obstacles[path] = obstacle
            continue
        output = output_of(origin, path, checkpoint)
        if output is None:
            obstacles[path] = Obstacle(
                VerdictStatus.UNRECORDED, f"run {short(checkpoint.origin)} did not give this data"
            )
            continue
        runs[path], outputs[path] = checkpoint.origin, output
    _collect(repo, found, list(dict.fromkeys(runs.values())), chain=chain)
    return RebuildPlan(
        _sorted(found.steps), runs, outputs, tuple(sources), obstacles, chain, chain and on_rebuilt
    )


def of_source(source: Source) -> Obstacle | None:
    """Return why data that no run gave is not raw; None if it is."""
    if source.merged:
        return Obstacle(VerdictStatus.UNRECORDED, "a merge joined it from two versions, file by file")
    if source.edited is not None:
        return Obstacle(
            VerdictStatus.UNRECORDED, f"it was edited by hand after {short(source.edited)} gave it"
        )
    return None


def output_of(run: Run, path: str, checkpoint: Checkpoint) -> Output | None:
    """Return the output of `run` that a dataset is; by its content if it was renamed. None if there is none."""
    same = [one for one in run.outputs if one.content == checkpoint.content]
    return next((one for one in same if one.path == path), same[0] if same else None)


def holds(repo: Repository, checkpoint: Checkpoint) -> bool:
    """Whether the store has all bytes of a version, as far as its entries tell; dropped counts as gone."""
    return _holds(repo, checkpoint, repo.refs().mine.dropped)


def _holds(repo: Repository, checkpoint: Checkpoint, dropped: Collection[ObjectId]) -> bool:
    if checkpoint.content in dropped:
        return False
    if not checkpoint.is_dir:
        return repo.contents.has(checkpoint.content)
    try:
        return all(
            repo.contents.has(ObjectId(entry.target))
            for _, entry in trees.files(checkpoint.content, repo.node)
        )
    except Missing:
        return False


def _collect(repo: Repository, found: _Found, waiting: list[ObjectId], *, chain: bool) -> None:
    while waiting:
        runs = {oid: repo.run(oid) for oid in waiting}
        _locate(repo, found, runs.values(), chain=chain)
        for oid, run in runs.items():
            found.steps[oid] = _step(repo, found, oid, run, chain=chain)
        steps = [found.steps[oid] for oid in waiting]
        behind = [oid for step in steps for oid in (step.behind if chain else step.makers).values()]
        waiting = [oid for oid in dict.fromkeys(behind) if oid not in found.steps]


def _locate(repo: Repository, found: _Found, runs: Iterable[Run], *, chain: bool) -> None:
    """Note which inputs need no replay: what is here, and, except for a chain, what the remote has."""
    inputs = {one.checkpoint.content: one.checkpoint for run in runs for one in run.inputs}
    for content in inputs.keys() - found.held.keys():
        found.held[content] = _holds(repo, inputs[content], found.dropped)
    if not chain:
        absent = [one for content, one in inputs.items() if not found.held[content]]
        found.held |= {one.content: True for one in needs.to_be_had(repo, absent)}


def _step(repo: Repository, found: _Found, oid: ObjectId, run: Run, *, chain: bool) -> ReplayStep:
    makers: dict[str, ObjectId] = {}
    behind: dict[str, ObjectId] = {}
    obstacle: Obstacle | None = None
    if run.argv[0] == SESSION:
        obstacle = Obstacle(VerdictStatus.UNRECORDED, IN_SESSION)
    elif run.masked:
        obstacle = Obstacle(VerdictStatus.UNRECORDED, "its command holds a secret that was not recorded")
    for one in run.inputs:
        problem = _trace(repo, found, one, makers, behind, chain=chain)
        obstacle = obstacle or problem
    code, problem = _code(repo, run)
    return ReplayStep(oid, run, code, makers, behind, obstacle or problem)


def _trace(
    repo: Repository,
    found: _Found,
    one: Input,
    makers: dict[str, ObjectId],
    behind: dict[str, ObjectId],
    *,
    chain: bool,
) -> Obstacle | None:
    """Find out where an input is to come from, and return what stands in the way."""
    oid, held = one.checkpoint.origin, found.held[one.checkpoint.content]
    try:
        origin = repo.origin(oid)
    except Missing:
        if held and not chain:
            return None
        return Obstacle(
            VerdictStatus.FAILED, f"the record of where its input {one.path} came from is not here"
        )
    if isinstance(origin, Source):
        # Raw bytes that are not here may be had from a remote: that is seen when they are needed.
        obstacle = of_source(origin) if chain else None
        return obstacle and Obstacle(obstacle.status, f"input {one.path}: {obstacle.reason}")
    if output_of(origin, one.path, one.checkpoint) is None:
        lost = held and not chain
        return (
            None
            if lost
            else Obstacle(VerdictStatus.FAILED, f"run {short(oid)} did not give its input {one.path}")
        )
    behind[one.path] = oid
    if not held:
        makers[one.path] = oid
    return None


def _code(repo: Repository, run: Run) -> tuple[tuple[CodeFile, ...], Obstacle | None]:
    try:
        files = repo.code(run.code).files
    except Missing:
        return (), Obstacle(VerdictStatus.FAILED, "the list of its code is not here")
    return files, None


def _sorted(steps: Mapping[ObjectId, ReplayStep]) -> dict[ObjectId, ReplayStep]:
    graph = {oid: set(step.behind.values()) & steps.keys() for oid, step in steps.items()}
    try:
        return {oid: steps[oid] for oid in graphlib.TopologicalSorter(graph).static_order()}
    except graphlib.CycleError as error:
        raise Corrupt(f"run {short(error.args[1][0])} is recorded as made from its own output") from error
