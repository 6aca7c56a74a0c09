"""Steps: the runs that made datasets, with what they read and wrote.

What a run recorded never changes, so the stat cache remembers it: `status` opens no index to
learn that nothing is stale.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dsv.errors import Missing
from dsv.ids import ObjectId
from dsv.lineage.portable import SESSION
from dsv.model.checkpoint import Checkpoint
from dsv.model.code import CodeFile
from dsv.model.origin import Source
from dsv.model.run import Input, Run
from dsv.repo import Datasets, Repo

_KEY = "origins"

_RUN, _SOURCE, _CODE = "run", "source", "code"

_SPARE = 256
"""So many origins that were not asked for are remembered besides as many again."""


@dataclass(frozen=True, slots=True)
class Step:
    """A run that made datasets.

    Attributes:
        run: Its id.
        command: Its command as people are shown it.
        makes: The datasets that it made, under the names that they have now.
        inputs: What it read.
        outputs: By path the content that it wrote; some may belong to other runs now, or be gone.
        code: The code files that it read.
        masked: Whether a part of its command is masked, so that it cannot be repeated.
        session: Whether that is because there is no command: it ran in a notebook, or the like.
    """

    run: ObjectId
    command: str
    makes: tuple[str, ...]
    inputs: tuple[Input, ...]
    outputs: Mapping[str, ObjectId]
    code: tuple[CodeFile, ...]
    masked: bool
    session: bool = False

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
    """Where datasets came from.

    Attributes:
        by_run: The steps by the id of their run.
        edited: By path the run whose data was edited by hand, or merged file by file, to give it.
        lost: By path the origin whose record the store lacks, or that did not give this data.
    """

    by_run: Mapping[ObjectId, Step]
    edited: Mapping[str, ObjectId]
    lost: Mapping[str, ObjectId]

    def makers(self) -> dict[str, Step]:
        """Return by path the step that made a dataset; raw ones have none."""
        return {path: step for step in self.by_run.values() for path in step.makes}


def steps_of(repo: Repo, datasets: Datasets) -> Steps:
    """Return the steps behind `datasets`. The caller commits the stat cache.

    Raises:
        Corrupt: A record is damaged.
    """
    by_origin: dict[ObjectId, list[str]] = {}
    for path, one in datasets.items():
        by_origin.setdefault(one.checkpoint.origin, []).append(path)
    found = _remembered(repo, by_origin)
    by_run: dict[ObjectId, Step] = {}
    edited: dict[str, ObjectId] = {}
    lost: dict[str, ObjectId] = {}
    for oid, paths in by_origin.items():
        origin = found.get(oid)
        if isinstance(origin, Step):
            given = set(origin.outputs.values())
            makes = tuple(path for path in paths if datasets[path].checkpoint.content in given)
            if makes:
                by_run[oid] = _named(origin, makes)
            lost.update((path, oid) for path in paths if path not in makes)
        elif oid not in found:
            lost.update(dict.fromkeys(paths, oid))
        elif origin is not None:
            edited.update(dict.fromkeys(paths, origin))
    return Steps(by_run, edited, lost)


def command_of(run: Run) -> str:
    """Return the command of a run as people are shown it: its name, or its words on one line."""
    return run.name or " ".join(" ".join(run.argv).split())


_Origins = dict[ObjectId, Step | ObjectId | None]
"""By origin the step that it is (of no datasets yet), or the run behind an edited source; None: raw."""


def _remembered(repo: Repo, wanted: Collection[ObjectId]) -> _Origins:
    """Return what is known of origins; those without a record are left out."""
    rows = repo.cache.snapshot(_KEY) or []
    known = _decoded(rows)
    missing = [oid for oid in wanted if oid not in known]
    if not missing:
        return known
    rows += _read(repo, missing)
    used = [row for row in rows if row[0] != _CODE and row[1] in wanted]
    spare = [row for row in rows if row[0] != _CODE and row[1] not in wanted]
    kept = [*spare[-len(used) - _SPARE :], *used]
    lists = {row[-1] for row in kept}
    codes = {row[1]: row for row in rows if row[0] == _CODE and row[1] in lists}
    rows = [*codes.values(), *kept]
    repo.cache.remember_snapshot(_KEY, rows)
    return _decoded(rows)


def _read(repo: Repo, oids: Iterable[ObjectId]) -> list[list[Any]]:
    """Return rows of what the store has of origins; code lists come before the runs that name them."""
    from dsv import origins  # which needs the index; what is remembered does not

    codes: dict[ObjectId, list[Any]] = {}
    rows: list[list[Any]] = []
    for oid in oids:
        try:
            found = origins.origin(repo, oid)
            if isinstance(found, Source):
                rows.append([_SOURCE, oid, _run_behind(repo, found)])
                continue
            if found.code not in codes:  # most runs share their code
                files = origins.code(repo, found.code).files
                codes[found.code] = [_CODE, found.code, [list(file) for file in files]]
            rows.append([_RUN, oid, *_row(found)])
        except Missing:
            continue
    return [*codes.values(), *rows]


def _row(run: Run) -> list[Any]:
    return [
        command_of(run),
        [_input(one.path, one.checkpoint) for one in run.inputs],
        {one.path: one.content for one in run.outputs},
        SESSION if run.argv[0] == SESSION else run.masked,
        run.code,
    ]


def _input(path: str, one: Checkpoint) -> list[Any]:
    return [path, one.content, one.kind, one.size, one.files, one.schema, one.origin]


def _decoded(rows: Iterable[list[Any]]) -> _Origins:
    code: dict[str, tuple[CodeFile, ...]] = {}
    found: _Origins = {}
    for kind, oid, *fields in rows:
        if kind == _CODE:
            code[oid] = tuple(CodeFile(*file) for file in fields[0])
        elif kind == _SOURCE:
            found[oid] = fields[0]
        else:
            command, inputs, outputs, masked, listed = fields
            read = tuple(Input(path, Checkpoint(*checkpoint)) for path, *checkpoint in inputs)
            found[oid] = Step(oid, command, (), read, outputs, code[listed], bool(masked), masked == SESSION)
    return found


def _named(step: Step, makes: tuple[str, ...]) -> Step:
    return replace(step, makes=makes)


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
