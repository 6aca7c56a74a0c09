"""Steps: the runs that made the datasets of a snapshot, with what they read and wrote.

What a snapshot says of its runs never changes, so the stat cache remembers it: `status` reads
no index to learn that nothing is stale.
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from dsv.errors import Missing
from dsv.ids import ObjectId
from dsv.model.checkpoint import Checkpoint
from dsv.model.code import CodeFile
from dsv.model.origin import Source
from dsv.model.run import Input, Run
from dsv.repo import Repo

_KEY = "steps "


@dataclass(frozen=True, slots=True)
class Step:
    """A run that made datasets of a snapshot.

    Attributes:
        run: Its id.
        command: Its command as people are shown it.
        makes: The datasets of the snapshot that it made, under the names that they have there.
        inputs: What it read.
        outputs: By path the content that it wrote; some may belong to other runs now, or be gone.
        code: The code files that it read.
        masked: Whether a part of its command is masked, so that it cannot be repeated.
    """

    run: ObjectId
    command: str
    makes: tuple[str, ...]
    inputs: tuple[Input, ...]
    outputs: Mapping[str, ObjectId]
    code: tuple[CodeFile, ...]
    masked: bool

    @property
    def needs(self) -> tuple[Input, ...]:
        """What it read, but for what it also wrote: for that it is never stale."""
        return tuple(one for one in self.inputs if one.path not in self.outputs)

    @property
    def in_place(self) -> tuple[str, ...]:
        """The datasets that it both read and wrote."""
        return tuple(one.path for one in self.inputs if one.path in self.outputs)


@dataclass(frozen=True, slots=True)
class Steps:
    """Where the datasets of a snapshot came from.

    Attributes:
        by_run: The steps by the id of their run, in the order of what they made.
        edited: By path the run whose data was edited by hand, or merged file by file, to give it.
        lost: By path the origin whose record the store lacks, or that did not give this data.
    """

    by_run: Mapping[ObjectId, Step]
    edited: Mapping[str, ObjectId]
    lost: Mapping[str, ObjectId]

    def makers(self) -> dict[str, Step]:
        """Return by path the step that made a dataset; raw ones have none."""
        return {path: step for step in self.by_run.values() for path in step.makes}


def steps_of(repo: Repo, snapshot: ObjectId | None) -> Steps:
    """Return the steps behind the datasets of `snapshot`; None stands for the empty one.

    Raises:
        Missing: The store does not hold all of the snapshot.
        Corrupt: A record is damaged.
    """
    if snapshot is None:
        return Steps({}, {}, {})
    rows = repo.cache.snapshot(_KEY + snapshot)
    if rows is None:
        rows = _rows(repo, snapshot)
        repo.cache.remember_snapshot(_KEY + snapshot, rows)
    return _decoded(rows)


def command_of(run: Run) -> str:
    """Return the command of a run as people are shown it: its name, or its words on one line."""
    return run.name or " ".join(" ".join(run.argv).split())


def _rows(repo: Repo, snapshot: ObjectId) -> list[list[Any]]:
    from dsv import origins  # which needs the index; what is remembered does not

    by_origin: dict[ObjectId, list[str]] = {}
    datasets = repo.datasets(snapshot)
    for path, one in datasets.items():
        by_origin.setdefault(one.checkpoint.origin, []).append(path)
    rows: list[list[Any]] = []
    lists: dict[ObjectId, None] = {}
    for oid, paths in by_origin.items():
        try:
            found = origins.origin(repo, oid)
            if isinstance(found, Run):
                given = {one.content for one in found.outputs}
                mine = [path for path in paths if datasets[path].checkpoint.content in given]
                rows.append(["run", oid, *_row(found, mine)])
                rows += [["lost", path, oid] for path in paths if path not in mine]
                lists[found.code] = None
            else:
                behind = _run_behind(repo, found)
                rows += [["edited", path, behind] for path in paths if behind is not None]
        except Missing:
            rows += [["lost", path, oid] for path in paths]
    # Most runs share their code: each list once, and before the runs that name it.
    codes = [["code", oid, [list(file) for file in origins.code(repo, oid).files]] for oid in lists]
    return [*codes, *rows]


def _row(run: Run, paths: Sequence[str]) -> list[Any]:
    return [
        command_of(run),
        list(paths),
        [[one.path, *astuple(one.checkpoint)] for one in run.inputs],
        {one.path: one.content for one in run.outputs},
        run.code,
        run.masked,
    ]


def _decoded(rows: Sequence[Sequence[Any]]) -> Steps:
    code: dict[str, tuple[CodeFile, ...]] = {}
    by_run: dict[ObjectId, Step] = {}
    found: dict[str, dict[str, ObjectId]] = {"edited": {}, "lost": {}}
    for kind, name, *fields in rows:
        if kind == "code":
            code[name] = tuple(CodeFile(*file) for file in fields[0])
        elif kind == "run":
            command, makes, inputs, outputs, listed, masked = fields
            read = tuple(Input(path, Checkpoint(*checkpoint)) for path, *checkpoint in inputs)
            by_run[name] = Step(name, command, tuple(makes), read, outputs, code[listed], masked)
        else:
            found[kind][name] = fields[0]
    return Steps(by_run, found["edited"], found["lost"])


def _run_behind(repo: Repo, source: Source) -> ObjectId | None:
    """Return the run whose data was changed by hand or by a merge to give `source`; None: it is raw."""
    from dsv import origins

    waiting = [source]
    while waiting:
        one = waiting.pop()
        for oid in (one.edited, *one.merged):
            if oid is None:
                continue
            found = origins.origin(repo, oid)
            if isinstance(found, Run):
                return oid
            waiting.append(found)
    return None
