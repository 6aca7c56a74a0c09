"""What is stale, and why: runs whose inputs or code are not what they were.

Contents are compared, never origins, and tables where both are known: an input that was made
again and is the same makes nothing stale.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dsv import places
from dsv.errors import DsvError
from dsv.ids import ObjectId
from dsv.model.checkpoint import Checkpoint
from dsv.model.run import Input, Run
from dsv.repo import Repo
from dsv.staleness.code import CodeState, code_states
from dsv.staleness.steps import Step, Steps
from dsv.tables.keys import DIGEST_VERSION
from dsv.workspace.sink import HashSink

Now = Mapping[str, Checkpoint]
"""By path what the datasets are now."""

_NAMED = 3
"""So many files are named in a reason; of the rest only the number."""


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why the datasets of a step are stale. Paths are relative to the workspace.

    Attributes:
        changed: Inputs with other content.
        gone: Inputs that are nowhere any more.
        code: Code files that are not what they were.
        stale: Inputs that are stale themselves.
        unchecked: Code files that are not here; by themselves they make nothing stale.
    """

    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it is stale."""
        return bool(self.changed or self.gone or self.code or self.stale)

    @property
    def text(self) -> str:
        """All of it in words, on one line: `raw.csv and clean.py changed; trips.parquet is stale`."""
        clauses = []
        changed = (*self.changed, *self.code)
        if changed:
            clauses.append(f"{listed(changed)} changed")
        for paths, one, many in ((self.gone, "is gone", "are gone"), (self.stale, "is stale", "are stale")):
            if paths:
                clauses.append(f"{listed(paths)} {one if len(paths) == 1 else many}")
        return "; ".join(clauses)


class Stale(NamedTuple):
    """A dataset that is stale.

    Attributes:
        path: The dataset.
        reason: Why, in a line.
    """

    path: str
    reason: str


def listed(paths: Sequence[str]) -> str:
    """Return paths as text: `a`, `a and b`, `a, b, c and 4 more`."""
    if len(paths) > _NAMED:
        return f"{', '.join(paths[:_NAMED])} and {len(paths) - _NAMED} more"
    *front, last = paths
    return f"{', '.join(front)} and {last}" if front else last


def stale_datasets(repo: Repo, steps: Steps, now: Now, *, rehash: bool = False) -> tuple[Stale, ...]:
    """Return the datasets that are stale, by path; what is made from a stale one is stale too.

    Args:
        repo: The workspace; its files are the code, and the inputs that dsv does not track.
        steps: What made the datasets.
        now: What they are now.
        rehash: Trust no stat.
    """
    found = judge(Bench(repo, rehash=rehash), steps, now)
    makers = steps.makers()
    return tuple(Stale(path, reasons.text) for path in sorted(makers) if (reasons := found[makers[path].run]))


def judge(bench: "Bench", steps: Steps, now: Now) -> dict[ObjectId, Reasons]:
    """Return by run why its datasets are stale, be it that an input is; what is false is not stale."""
    return _spread(steps, bench.judge(steps.by_run.values(), now))


class Bench:
    """Compares steps with what there is now; tables that it looked up are remembered.

    Args:
        repo: The workspace.
        tree: Whether to look at the working tree. Otherwise code, and inputs that dsv does not
            track, are not checked.
        rehash: Trust no stat.
    """

    def __init__(self, repo: Repo, *, tree: bool = True, rehash: bool = False) -> None:
        self._repo = repo
        self._tree = tree
        self._rehash = rehash
        self._alike: dict[tuple[ObjectId, ObjectId], bool] = {}

    def judge(self, steps: Iterable[Step], now: Now) -> dict[ObjectId, Reasons]:
        """Return by run why it should be repeated, as far as its own inputs and code say so."""
        chosen = list(steps)
        code = self._code(chosen)
        known = {**self._untracked(chosen, now), **now}
        return {step.run: self._reasons(step, known, code[step.run]) for step in chosen}

    def _reasons(self, step: Step, now: Mapping[str, Checkpoint | None], code: CodeState) -> Reasons:
        changed, gone = [], []
        for one in step.needs:
            present = now[one.path]
            if present is None:
                gone.append(one.path)
            elif not self._is_alike(one, present):
                changed.append(one.path)
        return Reasons(tuple(changed), tuple(gone), code.changed, (), code.absent)

    def _is_alike(self, read: Input, present: Checkpoint) -> bool:
        old = read.checkpoint
        if old.content == present.content:
            return True
        key = (old.content, present.content)
        if key not in self._alike:
            table = _table(self._repo, read.path, old)
            self._alike[key] = table is not None and table == _table(self._repo, read.path, present)
        return self._alike[key]

    def _code(self, steps: Iterable[Step]) -> dict[ObjectId, CodeState]:
        lists = {step.run: step.code for step in steps}
        if self._tree:
            return code_states(self._repo, lists, rehash=self._rehash)
        return {run: CodeState((), tuple(file.path for file in files)) for run, files in lists.items()}

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
        if not self._repo.holds(read.path):
            return places.version_of(self._repo, read.path)
        old = read.checkpoint
        try:
            seen = self._repo.look(read.path, HashSink(self._repo.cache), rehash=self._rehash)
        except DsvError:
            return None
        return Checkpoint(seen.content, seen.kind, seen.size, seen.files, old.schema, old.origin)


def _spread(steps: Steps, found: dict[ObjectId, Reasons]) -> dict[ObjectId, Reasons]:
    """Make stale what is made from something stale."""
    users: dict[str, list[Step]] = {}
    for step in steps.by_run.values():
        for one in step.needs:
            users.setdefault(one.path, []).append(step)
    waiting = [step for step in steps.by_run.values() if found[step.run]]
    reached = {step.run for step in waiting}
    upstream: dict[ObjectId, set[str]] = {}
    while waiting:
        step = waiting.pop()
        for path in step.makes:
            for user in users.get(path, ()):
                upstream.setdefault(user.run, set()).add(path)
                if user.run not in reached:
                    reached.add(user.run)
                    waiting.append(user)
    spread = dict(found)
    for run, paths in upstream.items():
        own = found[run]
        stale = tuple(sorted(paths - {*own.changed, *own.gone}))
        spread[run] = Reasons(own.changed, own.gone, own.code, stale, own.unchecked)
    return spread


def _table(repo: Repo, path: str, checkpoint: Checkpoint) -> tuple[object, object] | None:
    """Return the table id of a version and the version of the digest, as far as they are known without reading it."""
    from dsv import origins
    from dsv.derived import facts_record

    record = facts_record(repo, checkpoint)
    if record is not None:
        return (record["table"], DIGEST_VERSION) if record.get("table") else None
    try:
        made = origins.origin(repo, checkpoint.origin)
    except DsvError:
        return None
    output = made.output(path) if isinstance(made, Run) else None
    if output is None or output.table is None or output.content != checkpoint.content:
        return None
    return output.table, output.digest
