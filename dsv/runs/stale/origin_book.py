"""What is known of origins: remembered by the stat cache, else read from the store.

What a run recorded never changes, so it can be remembered: `status` opens no index to learn that
nothing is stale.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from dsv.capture.portable import SESSION
from dsv.errors import Missing
from dsv.hashing import file_id
from dsv.ids import ObjectId
from dsv.model import canonical
from dsv.model.checkpoint import Checkpoint
from dsv.model.code_list import CodeFile
from dsv.model.listing import Name
from dsv.model.origin import Source
from dsv.model.run import Input, Led, Outside, Run
from dsv.runs.stale.step import ListedFolder, Step, command_of
from dsv.store.repository import Repository
from dsv.workspace import Workspace

_KEY = "origins 4"

_RUN, _SOURCE, _CODE, _NAMES = "run", "source", "code", "names"

_PARTS = frozenset({_CODE, _NAMES})
"""Rows that others name: most runs share their code, and many what they listed."""

_SPARE = 256
"""So many origins that were not asked for are remembered besides as many again."""

Known = dict[ObjectId, Step | ObjectId | None]
"""By origin the step that it is (of no datasets yet), or the run behind an edited source; None: raw."""


class Book:
    """Reads origins, and remembers them.

    Args:
        workspace: The workspace; the caller commits its stat cache.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._rows = workspace.worktree.cache.snapshot(_KEY) or []
        self._parts: dict[ObjectId, Any] = {row[1]: row for row in self._rows if row[0] in _PARTS}
        self._known: Known = {}
        self._asked: dict[ObjectId, None] = {}
        self._learnt = False
        for row in self._rows:
            self._learn(row)

    def read(self, oids: Iterable[ObjectId]) -> Known:
        """Return what is known of origins, at least of `oids`; those without a record are left out.

        Raises:
            Corrupt: A record is damaged.
        """
        for oid in oids:
            self._asked[oid] = None
            if oid not in self._known:
                for row in self._load(oid):
                    self._rows.append(row)
                    self._learn(row)
                    self._learnt = True
        return self._known

    def close(self) -> None:
        """Have the stat cache remember what was asked for, and some of the rest, if anything was new."""
        if not self._learnt:
            return
        origins = [row for row in self._rows if row[0] not in _PARTS]
        used = [row for row in origins if row[1] in self._asked]
        spare = [row for row in origins if row[1] not in self._asked]
        kept = [*spare[-len(used) - _SPARE :], *used]
        named = {oid for row in kept if row[0] == _RUN for oid in _named(row)}
        rows = [*(row for oid, row in self._parts.items() if oid in named), *kept]
        self._workspace.worktree.cache.remember_snapshot(_KEY, rows)

    def _learn(self, row: list[Any]) -> None:
        kind, oid, *fields = row
        if kind in _PARTS:
            self._parts[oid] = row
        else:
            self._known[oid] = fields[0] if kind == _SOURCE else self._step(oid, fields)

    def _step(self, oid: ObjectId, fields: list[Any]) -> Step:
        command, task, inputs, outputs, masked, code, in_git, listings, absent, outside, links, converts = (
            fields
        )
        return Step(
            run=oid,
            command=command,
            makes=(),
            inputs=tuple(Input(path, Checkpoint(*checkpoint)) for path, *checkpoint in inputs),
            outputs=outputs,
            code=tuple(CodeFile(*file) for file in self._parts[code][2]),
            masked=bool(masked),
            session=masked == SESSION,
            in_git=frozenset(in_git),
            listings=tuple(
                ListedFolder(path, tuple(Name(*name) for name in self._parts[names][2]))
                for path, names in listings
            ),
            absent=tuple(absent),
            outside=tuple(Outside(*one) for one in outside),
            links=tuple(Led(*one) for one in links),
            task=task,
            converts=converts,
        )

    def _load(self, oid: ObjectId) -> Iterator[list[Any]]:
        """Yield rows of what the store has of an origin; parts come before the run that names them."""
        try:
            found = self._workspace.repo.origin(oid)
            if isinstance(found, Source):
                yield [_SOURCE, oid, _run_behind(self._workspace.repo, found)]
                return
            parts = []
            if found.code not in self._parts:
                files = self._workspace.repo.code(found.code).files
                parts.append([_CODE, found.code, [list(file) for file in files]])
            for one in found.listings:
                if one.listing not in self._parts:
                    names = self._workspace.repo.listing(one.listing).names
                    parts.append([_NAMES, one.listing, [list(name) for name in names]])
        except Missing:
            return
        yield from parts
        yield [_RUN, oid, *_row(found)]


def _row(run: Run) -> list[Any]:
    return [
        command_of(run),
        _task(run),
        [_input(one.path, one.checkpoint) for one in run.inputs],
        {one.path: one.content for one in run.outputs},
        SESSION if run.argv[0] == SESSION else run.masked,
        run.code,
        list(run.in_git),
        [list(one) for one in run.listings],
        list(run.absent),
        [list(one) for one in run.outside],
        [list(one) for one in run.links],
        _converts(run),
    ]


def _converts(run: Run) -> bool:
    """Whether a command shows notebooks as they are, without executing them."""
    words = {word.rpartition("/")[2] for text in run.argv for word in text.split()}
    return bool(words & {"nbconvert", "jupyter-nbconvert", "quarto"}) and "--execute" not in words


def _task(run: Run) -> str:
    what = canonical.encode({"v": 1, "argv": list(run.argv), "cwd": run.cwd, "params": dict(run.params)})
    return file_id(what)[:32]


def _input(path: str, one: Checkpoint) -> list[Any]:
    return [path, one.content, one.kind, one.size, one.files, one.schema, one.origin]


def _named(row: list[Any]) -> Iterator[ObjectId]:
    """Yield the parts that the row of a run names."""
    code, listings = row[7], row[9]
    yield code
    yield from (names for _, names in listings)


def _run_behind(repo: Repository, source: Source) -> ObjectId | None:
    """Return the run whose data was changed by hand or by a merge to give `source`; None: it is raw."""
    waiting = [source]
    while waiting:
        one = waiting.pop()
        for oid in (one.edited, *one.merged):
            if oid is None:
                continue
            found = repo.origin(oid)
            if isinstance(found, Run):
                return oid
            waiting.append(found)
    return None
