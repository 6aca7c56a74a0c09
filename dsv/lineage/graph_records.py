"""Records of runs and sources as the graph has them: from the ledger, else from the store."""

from collections.abc import Iterable
from typing import Any

from dsv.errors import Corrupt, DsvError, StorageError
from dsv.hashing import checksum
from dsv.ids import ObjectId
from dsv.lineage.graph import (
    Graph,
    How,
    NodeId,
    Origin,
    RunNode,
    SourceNode,
    Version,
    packed,
    unpacked,
    version_of,
)
from dsv.lineage.graph_memory import GraphMemory, number
from dsv.model.origin import Source
from dsv.model.run import Run
from dsv.records import origins
from dsv.records.kept_facts import facts_record, rows_of
from dsv.store.repository import Repository
from dsv.tables.fact_keys import facts_key

_ORIGIN = "origin"
_INPUTS = "inputs"
_OUTPUTS = "outputs"
_HOW = "how"
_ROWS = "rows"
_NO_ROWS = -1


class Records:
    """Reads runs and sources, many at a time, and keeps in the ledger what it had to decode.

    Args:
        repo: The repository.
        ledger: Where copies are kept.

    Attributes:
        gaps: By id of a record that could not be read, why.
    """

    def __init__(self, repo: Repository, ledger: GraphMemory) -> None:
        self.gaps: dict[ObjectId, Exception] = {}
        self._repo = repo
        self._ledger = ledger
        self._seen: dict[ObjectId, Origin] = {}
        self._sides: dict[ObjectId, dict[str, list[Version]]] = {}
        self._kept: set[ObjectId] = set()

    def read(self, ids: Iterable[NodeId]) -> dict[NodeId, Origin]:
        """Return the runs and sources with these ids; those that cannot be read are told in `gaps`."""
        wanted = dict.fromkeys(map(ObjectId, ids))
        found: dict[NodeId, Origin] = {oid: self._seen[oid] for oid in wanted if oid in self._seen}
        rest = {number(oid): oid for oid in wanted if oid not in found and oid not in self.gaps}
        for body in self._ledger.copies(_ORIGIN, rest):
            origin = _opened(body)
            if origin.id in wanted:
                found[origin.id] = origin
        fresh = [oid for oid in rest.values() if oid not in found and self._load(oid)]
        self._keep(fresh)
        found.update({oid: self._seen[oid] for oid in fresh})
        return {oid: found[oid] for oid in wanted if oid in found}

    def inputs(self, runs: Iterable[NodeId]) -> dict[NodeId, list[Version]]:
        """Return by run the versions that it read; runs that cannot be read are left out."""
        return self._versions(_INPUTS, runs)

    def outputs(self, runs: Iterable[NodeId]) -> dict[NodeId, list[Version]]:
        """Return by run the versions that it wrote; runs that cannot be read are left out."""
        return self._versions(_OUTPUTS, runs)

    def _versions(self, sort: str, runs: Iterable[NodeId]) -> dict[NodeId, list[Version]]:
        wanted = dict.fromkeys(map(ObjectId, runs))
        rest = {number(oid): oid for oid in wanted}
        found: dict[NodeId, list[Version]] = {}
        for oid, rows in self._ledger.copies(sort, rest):
            found[oid] = [unpacked(row, oid) for row in rows]
        fresh = [oid for oid in rest.values() if oid not in found and self._load(oid)]
        self._keep(fresh)
        found.update({oid: self._sides[oid][sort] for oid in fresh if oid in self._sides})
        return {oid: found[oid] for oid in wanted if oid in found}

    def _load(self, oid: ObjectId) -> bool:
        """Read a record from the store; whether it could be read."""
        if oid in self._seen:
            return True
        try:
            record = self._repo.origin(oid)
        except (Corrupt, StorageError) as error:
            self.gaps[oid] = error
            return False
        self._seen[oid] = _of_record(oid, record, self._in_git(record))
        if isinstance(record, Run):
            inputs = [version_of(one.path, one.checkpoint) for one in record.inputs]
            outputs = [version_of(one.path, one.checkpoint(oid), one.table) for one in record.outputs]
            self._sides[oid] = {_INPUTS: inputs, _OUTPUTS: outputs}
        return True

    def _in_git(self, record: Run | Source) -> list[list[str]]:
        """Return path and content of the data in git that a run read."""
        if isinstance(record, Source) or not record.in_git:
            return []
        try:
            files = {file.path: file.file for file in self._repo.code(record.code).files}
        except (Corrupt, StorageError):
            return []
        return [[path, files[path]] for path in record.in_git if path in files]

    def _keep(self, ids: Iterable[ObjectId]) -> None:
        fresh = [oid for oid in ids if oid not in self._kept]
        if not fresh:
            return
        self._kept.update(fresh)
        self._ledger.keep_copies(_ORIGIN, ((number(oid), _closed(self._seen[oid])) for oid in fresh))
        for sort in (_INPUTS, _OUTPUTS):
            sides = ((oid, self._sides[oid][sort]) for oid in fresh if oid in self._sides)
            self._ledger.keep_copies(
                sort,
                (
                    (number(oid), [oid, [packed(one, origin=sort == _INPUTS) for one in side]])
                    for oid, side in sides
                ),
            )

    def describe(self, graph: Graph) -> None:
        """Add how the runs of `graph` happened, and rows and table ids where they are known."""
        graph.how.update(self._how([run.id for run in graph.runs]))
        self._add_tables(graph)

    def _how(self, runs: list[ObjectId]) -> dict[NodeId, How]:
        refs = self._repo.refs()
        # What was seen stays; what was only claimed, or is not known, may be told otherwise by other refs.
        known_by = f"{checksum(refs.encode()):x}"
        found: dict[NodeId, How] = {}
        rest = {number(oid): oid for oid in runs}
        for oid, refs_then, fields in self._ledger.copies(_HOW, rest):
            how = How._make((*fields[:4], tuple(fields[4]), fields[5])) if fields else None
            if (how is None or how.claimed) and refs_then != known_by:
                continue
            if rest.get(number(oid)) == oid:
                del rest[number(oid)]
                if how is not None:
                    found[oid] = how
        fresh = []
        for oid in rest.values():
            try:
                attempt = origins.attempt(self._repo, refs, oid)
            except (Corrupt, StorageError):
                continue
            body = None
            if attempt is not None:
                git = attempt.git
                commit, dirty = (None, 0) if git is None else (git.commit, len(git.dirty))
                found[oid] = How(
                    attempt.capture, attempt.started, commit, dirty, attempt.blind_spots, attempt.witness
                )
                body = list(found[oid])
            fresh.append((number(oid), [oid, known_by, body]))
        if fresh:
            self._ledger.keep_copies(_HOW, fresh)
        return found

    def _add_tables(self, graph: Graph) -> None:
        """Give versions their rows: those of a run's outputs that are tables, and of all others that may be."""
        wanted: dict[ObjectId, list[Version]] = {}
        for version in graph.versions.values():
            if version.rows is None and not (
                version.origin in graph.origins and _is_no_table(graph, version)
            ):
                wanted.setdefault(facts_key(version.content, version.schema), []).append(version)
        known: dict[ObjectId, tuple[int | None, ObjectId | None]] = {}
        for key, rows, table in self._ledger.copies(_ROWS, {number(key) for key in wanted}):
            # Facts may have come since then, and with them more than a footer tells.
            if key in wanted and (table is not None or not self._repo.objects.has(key)):
                known[key] = (None if rows == _NO_ROWS else rows, table)
        fresh = []
        for key, versions in wanted.items():
            if key not in known:
                rows, table, final = self._look(versions[0])
                known[key] = (rows, table)
                if final:
                    fresh.append((number(key), [key, _NO_ROWS if rows is None else rows, table]))
            rows, table = known[key]
            for version in versions:
                graph.versions[version.node] = version._replace(rows=rows, table=version.table or table)
        if fresh:
            self._ledger.keep_copies(_ROWS, fresh)

    def _look(self, version: Version) -> tuple[int | None, ObjectId | None, bool]:
        """Return rows and table id as far as they are known, and whether nothing but facts could tell more."""
        record = facts_record(self._repo, version.checkpoint)
        table = record.get("table") if record else None
        try:
            rows = rows_of(self._repo, version.path, version.checkpoint)
        except DsvError:
            return None, table, False
        # A footer that is not here now may be here tomorrow.
        here = rows is not None or version.checkpoint.is_dir or self._repo.contents.has(version.content)
        return rows, table, here


def _is_no_table(graph: Graph, version: Version) -> bool:
    """Whether the run that wrote it found that it is no table."""
    origin = graph.origins.get(version.origin)
    return isinstance(origin, RunNode) and version.content not in origin.tables


def _of_record(oid: ObjectId, record: Run | Source, in_git: list[list[str]]) -> Origin:
    if isinstance(record, Source):
        fetched = record.fetched
        url, etag, modified = (
            (None, None, None) if fetched is None else (fetched.url, fetched.etag, fetched.modified)
        )
        return SourceNode(oid, record.path, record.edited, [*record.merged], url, etag, modified)
    return RunNode(
        id=oid,
        name=record.name,
        argv=[*record.argv],
        cwd=record.cwd,
        params=dict(record.params),
        code=record.code,
        tables={one.content: one.table for one in record.outputs if one.table is not None},
        outside=[list(one) for one in record.outside],
        in_git=in_git,
    )


def _closed(origin: Origin) -> list[Any]:
    return ["run" if isinstance(origin, RunNode) else "source", *origin]


def _opened(body: Any) -> Origin:
    kind, *fields = body
    return RunNode._make(fields) if kind == "run" else SourceNode._make(fields)
