"""The parts of a run's record, stored: code, new sources, and outputs with what is known of their tables."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dsv.errors import Changing, NoTable, NotFound
from dsv.model.checkpoint import Checkpoint
from dsv.model.code_list import Code, CodeFile
from dsv.model.node import FILE
from dsv.model.run import Input, Output
from dsv.progress import SILENT, Progress
from dsv.runs.record.before import Before
from dsv.runs.record.classify import Classified
from dsv.store.ingest import ingest
from dsv.store.repository import Repository
from dsv.store.storing_sink import StoreSink
from dsv.store.writer import Writer
from dsv.tables.apart import Crashed
from dsv.tables.fact_keys import DIGEST_VERSION
from dsv.tables.format_names import may_be_table
from dsv.versions import stage
from dsv.workspace import Workspace
from dsv.worktree.paths import check_dataset
from dsv.worktree.stat_pages import kind_of

if TYPE_CHECKING:
    from dsv.records.known_tables import KnownTable
    from dsv.records.version_tables import Pinned

_START = 8


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run is made of, its bytes in the store.

    Attributes:
        inputs: What it read, sorted by path.
        outputs: What it wrote, sorted by path.
        code: The files that made it what it was.
        sources: The inputs that were not tracked.
        rows: Rows of the outputs that are tables.
        facts: What is known of those tables and not kept yet, by version.
        warnings: Of which outputs a reader crashed, so that they have no table id.
    """

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    code: Code
    sources: tuple[Input, ...]
    rows: dict[str, int]
    facts: "tuple[tuple[Checkpoint, KnownTable], ...]" = ()
    warnings: tuple[str, ...] = ()

    def put_facts(self, session: Writer) -> None:
        """Add to `session` what is known of the tables; they are kept with the run, in one step."""
        if self.facts:
            from dsv.records import kept_tables

            for version, known in self.facts:
                kept_tables.put(session, version, known)


class _Made(NamedTuple):
    """An output as it was stored, before its table was looked into."""

    path: str
    version: Checkpoint
    previous: Checkpoint | None


def store(workspace: Workspace, before: Before, used: Classified, progress: Progress = SILENT) -> Parts:
    """Store all bytes of a run, and look into the tables among its outputs.

    What is stored counts for nothing until a run names it: a crash leaves no half of a record.

    Raises:
        NotFound: An output or a code file is not there.
        Refused: An output can be no dataset.
        Changing: A file kept changing while it was read.
    """
    inputs = dict(used.inputs)
    with workspace.repo.writer() as writer:
        for path in sorted(used.sources):
            check_dataset(workspace.root, path)
            seen = stage.store(workspace, writer, path, new=True, progress=progress)
            inputs[path] = stage.checkpoint(workspace, writer, path, seen, None)
        made = [_store_output(workspace, writer, before, path, progress) for path in sorted(used.outputs)]
        code = _store_code(workspace, writer, used, progress)
        workspace.repo.publish(lambda found, _: found, writer=writer)
    workspace.worktree.cache.commit()
    outputs, rows = [], {}
    facts: list[tuple[Checkpoint, KnownTable]] = []
    tables = _tables(workspace, made)
    for one in made:
        table = tables.get(one.path)
        outputs.append(_describe(workspace.repo, one, table))
        if table is not None and not isinstance(table, NoTable):
            rows[one.path] = table.known.rows
            facts += table.fresh
    new = tuple(Input(path, inputs[path]) for path in sorted(inputs) if path not in before.tracked)
    inputs.update(used.versions)
    found = tuple(Input(path, inputs[path]) for path in sorted(inputs, key=str.encode))
    outputs.sort(key=lambda one: one.path.encode())
    return Parts(found, tuple(outputs), code, new, rows, tuple(facts), _crashed(tables))


def _store_output(
    workspace: Workspace, writer: Writer, before: Before, path: str, progress: Progress
) -> _Made:
    if not workspace.worktree.holds(path):
        raise NotFound(f"the command did not write {path}")
    if path not in before.tracked:
        check_dataset(workspace.root, path)
    seen = stage.store(workspace, writer, path, new=path not in before.tracked, progress=progress)
    previous = before.versions.get(path)
    schema = stage.schema_for(workspace, writer, path, seen, previous)
    # Its own origin is the run, which is not known yet.
    version = Checkpoint(seen.content, seen.kind, seen.size, seen.files, schema, seen.content)
    return _Made(path, version, previous)


def _tables(workspace: Workspace, made: Sequence[_Made]) -> "dict[str, Pinned | NoTable]":
    """Look into all outputs that may be tables; return by path what is known of them, or why one is none."""
    chosen = [
        one for one in made if one.version.is_dir or may_be_table(one.path, _head(workspace.root / one.path))
    ]
    if not chosen:
        return {}
    from dsv.records import version_tables

    return version_tables.learn(workspace.repo, [version_tables.TableWanted(*one) for one in chosen])


def _describe(repo: Repository, made: _Made, table: "Pinned | NoTable | None") -> Output:
    """Return an output, and of its table the ids."""
    version = made.version
    whole = Output(made.path, version.content, version.kind, version.size, version.files, version.schema)
    if table is None or isinstance(table, NoTable):
        return whole
    from dsv.records import version_tables

    said = version_tables.metadata_of(repo, made.path, table.version)
    schema, known = table.version.schema, table.known
    return replace(whole, schema=schema, table=known.table, digest=DIGEST_VERSION, metadata=said)


def _crashed(tables: "Mapping[str, Pinned | NoTable]") -> tuple[str, ...]:
    return tuple(
        f"{path} has no table id: {reason.message}"
        for path, reason in tables.items()
        if isinstance(reason, Crashed)
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_START)


def _store_code(workspace: Workspace, writer: Writer, used: Classified, progress: Progress) -> Code:
    sink = StoreSink(writer, progress)
    files = [_store_file(workspace.root, sink, path) for path in used.code - used.texts.keys()]
    for path, text in used.texts.items():
        files.append(CodeFile(path, FILE, ingest(writer, _reader(text), len(text), path)))
    return Code(tuple(sorted(files, key=lambda file: file.path.encode())))


def _reader(text: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, length: text[offset : offset + length]


def _store_file(root: Path, sink: StoreSink, path: str) -> CodeFile:
    for _ in range(2):
        try:
            with (root / path).open("rb") as file:
                stat = os.fstat(file.fileno())
                oid = sink.put_file(path, file.fileno(), stat)
                if _signature(os.fstat(file.fileno())) == _signature(stat):
                    return CodeFile(path, kind_of(stat.st_mode), oid)
        except FileNotFoundError as error:
            raise NotFound(f"{path} was read and is gone") from error
        except EOFError:
            continue
    raise Changing(f"{path} keeps changing while it is read")


def _signature(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_size, stat.st_mtime_ns, stat.st_ino
