"""What is stale, and why: runs whose inputs, code or surroundings are not what they were.

Contents are compared, never origins. The same table in other bytes is no change where both are in
records of runs and the format says which types it has; what else is known of a version never counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from dsv.errors import DsvError
from dsv.ids import ObjectId
from dsv.model.checkpoint import Checkpoint
from dsv.model.run import Input
from dsv.records import dataset_names
from dsv.runs.stale.code_changes import CodeState, code_states
from dsv.runs.stale.stale_reasons import Reasons, StaleDataset, joined
from dsv.runs.stale.step import Step
from dsv.runs.stale.step_order import Steps
from dsv.runs.stale.surroundings_now import AroundRun
from dsv.workspace import Workspace
from dsv.worktree.sink import HashSink

Now = Mapping[str, Checkpoint]
"""By path what the datasets are now."""


def stale_datasets(
    workspace: Workspace, steps: Steps, now: Now, *, rehash: bool = False
) -> tuple[StaleDataset, ...]:
    """Return the datasets that are stale, by path; what is made from a stale one is stale too.

    Args:
        workspace: The workspace; its files are the code, and the inputs that dsv does not track.
        steps: What made the datasets.
        now: What they are now.
        rehash: Trust no stat.
    """
    found = judge(Bench(workspace, steps, rehash=rehash), steps, now)
    makers = steps.makers()
    told = ((path, reasons_for(steps, makers[path], found)) for path in sorted(makers))
    return tuple(StaleDataset(path, reasons) for path, reasons in told if reasons)


def reasons_for(steps: Steps, step: Step, found: Mapping[ObjectId, Reasons]) -> Reasons:
    """Return why what a step made is stale: for its own sake, and for that of the steps that it goes on from."""
    return joined([found[run] for run in steps.history(step)])


def judge(
    bench: "Bench", steps: Steps, now: Now, chosen: Iterable[Step] | None = None
) -> dict[ObjectId, Reasons]:
    """Return by run why its datasets are stale, be it that an input is; what is false is not stale.

    Only those of `chosen` are looked at, by default all: what they are made from has to be among them.
    """
    return _spread(steps, bench.judge(steps.by_run.values() if chosen is None else chosen, now))


class Bench:
    """Compares steps with what there is now; tables that it looked up are remembered.

    Args:
        workspace: The workspace.
        steps: All steps, of which some are judged.
        tree: Whether to look at the working tree. Otherwise code, inputs that dsv does not
            track, and what is outside are not checked, and of folders only what datasets tell.
        rehash: Trust no stat.
    """

    def __init__(
        self, workspace: Workspace, steps: Steps, *, tree: bool = True, rehash: bool = False
    ) -> None:
        self._workspace = workspace
        self._steps = steps
        self._tree = tree
        self._rehash = rehash
        self._alike: dict[tuple[ObjectId, ObjectId], bool] = {}

    def judge(self, steps: Iterable[Step], now: Now) -> dict[ObjectId, Reasons]:
        """Return by run why it should be repeated, as far as its own inputs and code say so."""
        chosen = list(steps)
        code = code_states(self._workspace, chosen, now, tree=self._tree, rehash=self._rehash)
        known = {**self._untracked(chosen, now), **now}
        around = AroundRun(self._workspace, self._steps, now, tree=self._tree, rehash=self._rehash)
        return {step.run: around.add(self._reasons(step, known, code[step.run]), step) for step in chosen}

    def _reasons(self, step: Step, now: Mapping[str, Checkpoint | None], code: CodeState) -> Reasons:
        changed, gone = [], []
        for one in step.needs:
            present = now[one.path]
            if present is None:
                gone.append(one.path)
            elif not self._is_alike(one, present):
                changed.append(one.path)
        data = [path for path in code.changed if path in step.in_git]
        text = tuple(path for path in code.changed if path not in step.in_git)
        return Reasons((*changed, *data), (*gone, *code.gone), text, (), code.absent)

    def _is_alike(self, read: Input, present: Checkpoint) -> bool:
        old = read.checkpoint
        if old.content == present.content:
            return True
        from dsv.records import origins  # which needs the index; equal contents do not

        key = (old.content, present.content)
        if key not in self._alike:
            table = origins.typed_table(self._workspace.repo, read.path, old)
            self._alike[key] = table is not None and table == origins.typed_table(
                self._workspace.repo, read.path, present
            )
        return self._alike[key]

    def _untracked(self, steps: Iterable[Step], now: Now) -> dict[str, Checkpoint | None]:
        """Look at the inputs that are no datasets (any more): git may keep them."""
        found: dict[str, Checkpoint | None] = {}
        for one in (one for step in steps for one in step.needs if one.path not in now):
            if one.path not in found:
                found[one.path] = self._look(one)
        return found

    def _look(self, read: Input) -> Checkpoint | None:
        if not self._tree:
            return read.checkpoint
        if not self._workspace.worktree.holds(read.path):
            return dataset_names.version_of(self._workspace.repo, read.path)
        old = read.checkpoint
        try:
            seen = self._workspace.worktree.look(
                read.path, HashSink(self._workspace.worktree.cache), rehash=self._rehash
            )
        except DsvError:
            return None
        return Checkpoint(seen.content, seen.kind, seen.size, seen.files, old.schema, old.origin)


def _spread(steps: Steps, found: dict[ObjectId, Reasons]) -> dict[ObjectId, Reasons]:
    """Make stale what is made from something stale, and what goes on from it."""
    waiting = [run for run, reasons in found.items() if reasons]
    reached = set(waiting)
    upstream: dict[ObjectId, set[str]] = {}
    while waiting:
        for user, paths in steps.users.get(waiting.pop(), {}).items():
            if user not in found:
                continue
            upstream.setdefault(user, set()).update(paths)
            if user not in reached:
                reached.add(user)
                waiting.append(user)
    spread = dict(found)
    for run, stale in upstream.items():
        own = found[run]
        fresh = sorted(stale - {*own.changed, *own.gone})
        updated = set(steps.by_run[run].in_place)
        spread[run] = replace(
            own,
            stale=tuple(path for path in fresh if path not in updated),
            earlier=tuple(path for path in fresh if path in updated),
        )
    return spread
