"""The one door to the tables of any version: readers, and the facts that are kept of them.

Facts and the schemas under which text was found to be readable are derived records: kept
in the store under keys made from the content id, and computed again where they are missing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from dsv.errors import NoTable, UserError
from dsv.hashing import Kind, object_id
from dsv.ids import ObjectId
from dsv.model.checkpoint import Checkpoint
from dsv.records import needs
from dsv.records.kept_tables import keep, kept, read_schema
from dsv.records.known_tables import KnownTable, of_parts
from dsv.records.table_files import TextFiles, size_of, stored_members, working_members
from dsv.store.repository import Repository
from dsv.tables import apart
from dsv.tables.apart import Crashed, Found, Work
from dsv.tables.fact_keys import RULES
from dsv.tables.facts import compute, folder, folder_metadata
from dsv.tables.facts.folder import Member
from dsv.tables.facts.table_facts import Facts
from dsv.tables.format_names import text_format
from dsv.tables.formats import infer, open_table
from dsv.tables.formats.byte_source import ByteSource
from dsv.tables.formats.dialect import TextSchema, declared
from dsv.tables.formats.file_source import FileSource
from dsv.tables.formats.reader import TableReader
from dsv.tables.formats.text import DoesNotFit, TextReader
from dsv.tables.values import metadata


def pin(
    repo: Repository, root: Path, path: str, types: Mapping[str, object], before: ObjectId | None
) -> TextSchema | None:
    """Return the schema that the text file at `path` in the working tree is pinned to.

    Args:
        repo: The repository.
        root: The workspace.
        path: The dataset.
        types: What `dsv.toml` declares, by column.
        before: The schema of the version before; no column gets narrower than there.

    Returns:
        The schema; None if the file is no table.

    Raises:
        BadConfig: `types` names a type that there is not.
        UserError: The file cannot be read.
    """
    wanted = declared(types, f"dsv.toml, schema of {path}")
    start = None if before is None else read_schema(repo, before)

    def found(source: ByteSource) -> Found:
        return (infer.infer(source, declared=wanted, start=start, prefix=True).encode(),)

    try:
        with FileSource(root / path) as source:
            (schema,) = apart.call(partial(found, source), source.size)
            return TextSchema.decode(schema, f"the schema of {path}")
    except NoTable:
        return None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error


class TableWanted(NamedTuple):
    """A version whose table is wanted, and one that may share most of its bytes."""

    path: str
    checkpoint: Checkpoint
    previous: Checkpoint | None = None


def table_of(repo: Repository, path: str, checkpoint: Checkpoint) -> TableReader:
    """Return a version of a dataset as a table.

    Text is read as its facts say that all of it can be read; they are computed if need be. Of anything else
    a process of its own has read all, now or when its facts were computed.

    Raises:
        NoTable: It is none; the message is the reason.
        Missing: The store does not hold all of it.
        Corrupt: It is damaged.
    """
    _prove(repo, path, checkpoint)
    if checkpoint.is_dir:
        return folder.open_folder(stored_members(repo, checkpoint), TextFiles())
    source = repo.contents.open(checkpoint.content, path.rpartition("/")[2])
    if text_format(source.name) is None:
        return open_table.open_table(source)
    schema = known(repo, path, checkpoint).schema
    return TextReader(source, schema or _pinned(repo, checkpoint, source))


def start_of(repo: Repository, path: str, checkpoint: Checkpoint) -> TableReader:
    """Return a version of a dataset as a table of which only the first rows will be read, and shown.

    Of a file that is on a remote only, what is read is brought and no more.

    Raises:
        NoTable: It is none; the message is the reason.
    """
    if checkpoint.is_dir:
        return folder.open_folder(stored_members(repo, checkpoint), TextFiles())
    source = repo.contents.peek(checkpoint.content, path.rpartition("/")[2])
    return open_table.open_table(source, lambda text: TextReader(text, _pinned(repo, checkpoint, text)))


def known(
    repo: Repository,
    path: str,
    checkpoint: Checkpoint,
    previous: Checkpoint | None = None,
    *,
    details: bool = False,
) -> KnownTable:
    """Return what is known of the table of a version, computed now if it is not kept.

    Args:
        repo: The repository.
        path: The dataset.
        checkpoint: The version.
        previous: A version that may share most of its bytes.
        details: Whether the digests of its blocks are wanted too.

    Raises:
        NoTable: It is no table; the message is the reason.
    """
    found = kept(repo, checkpoint, details=details)
    if found is None:
        work = _reading(repo, TableWanted(path, checkpoint, previous))
        found = of_parts(apart.call(*work))
        keep(repo, checkpoint, found)
    return found


class Pinned(NamedTuple):
    """A version with its text pinned to the schema that all of it fits.

    Attributes:
        version: It.
        known: What is known of its table.
        fresh: What of that is not kept yet, by version: the caller has `put` add it to what it publishes.
    """

    version: Checkpoint
    known: KnownTable
    fresh: tuple[tuple[Checkpoint, KnownTable], ...]


def learn(repo: Repository, wanted: Sequence[TableWanted]) -> dict[str, Pinned | NoTable]:
    """Return by path what is known of the tables of versions, pinned, or why one is no table; keep nothing.

    Args:
        repo: The repository, whose store holds all bytes of these versions.
        wanted: Versions of different paths.

    Raises:
        Missing, Corrupt, StorageError: The store cannot be read.
    """
    before = {one.path: kept(repo, one.checkpoint) for one in wanted}
    lacking = [one for one in wanted if before[one.path] is None]
    found: dict[str, Pinned | NoTable] = {}
    for one, outcome in zip(lacking, apart.each([_reading(repo, one) for one in lacking]), strict=True):
        if isinstance(outcome, NoTable):
            found[one.path] = outcome
        elif isinstance(outcome, Exception):
            raise outcome
        else:
            found[one.path] = _pin(repo, one.checkpoint, of_parts(outcome), fresh=True)
    for one in wanted:
        if (known := before[one.path]) is not None:
            found[one.path] = _pin(repo, one.checkpoint, known, fresh=False)
    return found


def _pin(repo: Repository, checkpoint: Checkpoint, found: KnownTable, *, fresh: bool) -> Pinned:
    """Return a version pinned, given what is known of its table, and whether that is not kept yet."""
    new = ((checkpoint, found),) if fresh else ()
    schema = None if found.schema is None else object_id(Kind.SCHEMA, found.schema.encode())
    if schema in (None, checkpoint.schema):
        return Pinned(checkpoint, found, new)
    # Computed under that schema already: it only has to be found under it.
    version = replace(checkpoint, schema=schema)
    if kept(repo, version) is None:
        whole = None if fresh else kept(repo, checkpoint, details=True)
        new = (*new, (version, whole or found))
    return Pinned(version, found, new)


def _reading(repo: Repository, wanted: TableWanted) -> Work:
    """Return the work of finding out what is known of a table; its bytes are brought first."""
    path, checkpoint, previous = wanted
    needs.bring_version(repo, checkpoint)

    def do() -> Found:
        if checkpoint.is_dir:
            return _of_folder(stored_members(repo, checkpoint)).parts()
        before = None if previous is None else kept(repo, previous, details=True)
        source = repo.contents.open(checkpoint.content, path.rpartition("/")[2])
        return _of_file(repo, checkpoint, source, before.facts if before else None).parts()

    return Work(do, size_of(repo, checkpoint))


def _prove(repo: Repository, path: str, checkpoint: Checkpoint) -> None:
    """See that a process of its own has read all of a version, before this one does.

    Raises:
        NoTable: It crashed, or that is no table.
    """
    if kept(repo, checkpoint) is not None:
        return
    try:
        known(repo, path, checkpoint)
    except Crashed:
        raise
    except NoTable:
        if not checkpoint.is_dir and text_format(path) is None:
            # It may be a table whose types have no id.
            source = repo.contents.open(checkpoint.content, path.rpartition("/")[2])
            apart.call(partial(_read_through, source), source.size)


def _read_through(source: ByteSource) -> Found:
    for _ in open_table.open_table(source).batches():
        pass
    return ()


def of_working(
    repo: Repository, root: Path, path: str, checkpoint: Checkpoint, *, later: bool = False
) -> KnownTable:
    """Return what is known of the table that the working tree holds; it is not kept.

    Args:
        repo: The repository.
        root: The workspace.
        path: The dataset.
        checkpoint: What the working tree holds, with the schema of the version before.
        later: Whether it is what a version to come would hold, which is read under the rules of today.

    Raises:
        NoTable: It is no table; the message is the reason.
        UserError: It cannot be read.
    """

    def do() -> Found:
        if checkpoint.is_dir:
            return _of_folder(working_members(repo, root / path, checkpoint)).parts()
        with FileSource(root / path) as source:
            return _of_file(repo, checkpoint, source, None, later=later).parts()

    try:
        return of_parts(apart.call(do, checkpoint.size))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error


def metadata_of(repo: Repository, path: str, checkpoint: Checkpoint) -> ObjectId:
    """Return the id of what a version that is a table, as is known, says beside its values (`dsv.tables.values.metadata`).

    Raises:
        NoTable: It is none.
        Missing: The store does not hold all of it.
    """
    if checkpoint.is_dir:
        return metadata.metadata_id(folder_metadata.of_folder(stored_members(repo, checkpoint)))
    if text_format(path) is not None:
        return metadata.metadata_id(())
    source = repo.contents.open(checkpoint.content, path.rpartition("/")[2])
    return metadata.metadata_id(metadata.of_schema(open_table.open_table(source).schema))


def extends(
    repo: Repository,
    path: str,
    checkpoint: Checkpoint,
    schema: TextSchema | None,
    shorter: Facts,
    *,
    root: Path | None = None,
) -> bool:
    """Whether a version surely starts with all rows of a shorter one that has the same whole blocks.

    Args:
        repo: The repository.
        path: The dataset.
        checkpoint: The version.
        schema: That all of it fits, if it is text.
        shorter: Facts of the other version, with details.
        root: The workspace, if the version is what its working tree holds.

    Raises:
        NoTable: It is no table; the message is the reason.
        UserError: It cannot be read.
    """
    from dsv.tables.facts.prefix import starts

    if root is None:
        return starts(shorter, table_of(repo, path, checkpoint)) is True
    with working_table(repo, root, path, checkpoint, schema) as table:
        return starts(shorter, table) is True


@contextmanager
def working_table(
    repo: Repository, root: Path, path: str, checkpoint: Checkpoint, schema: TextSchema | None
) -> Iterator[TableReader]:
    """Give the table that the working tree holds.

    Args:
        repo: The repository.
        root: The workspace.
        path: The dataset.
        checkpoint: What the working tree holds.
        schema: That all of it fits, if it is one text file (`KnownTable.schema`).

    Raises:
        NoTable: It is no table, or several; the message is the reason.
        UserError: It cannot be read.
    """
    try:
        if checkpoint.is_dir:
            yield folder.open_folder(working_members(repo, root / path, checkpoint), TextFiles())
            return
        with FileSource(root / path) as source:
            yield open_table.open_table(source) if schema is None else TextReader(source, schema)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error


def _of_file(
    repo: Repository, checkpoint: Checkpoint, source: ByteSource, before: Facts | None, *, later: bool = False
) -> KnownTable:
    if text_format(source.name) is None:
        found = compute.compute(open_table.open_table(source), before)
        return KnownTable(found.table, found.rows, found)
    schema = _pinned(repo, checkpoint, source)
    if later:
        schema = replace(schema, dialect=replace(schema.dialect, rules=RULES))
    try:
        found = compute.compute(TextReader(source, schema))
    except DoesNotFit:
        schema = infer.infer(source, start=schema, rules=schema.dialect.rules)
        found = compute.compute(TextReader(source, schema))
    return KnownTable(found.table, found.rows, found, schema)


def _of_folder(members: Iterable[Member]) -> KnownTable:
    found = folder.folder_tables(members, TextFiles())
    if len(found.groups) == 1:
        return KnownTable(found.id, found.rows, found.groups[0].facts)
    tables = tuple(
        (group.folder, group.pattern, group.facts.table, group.facts.rows) for group in found.groups
    )
    return KnownTable(found.id, found.rows, None, None, tables)


def _pinned(repo: Repository, checkpoint: Checkpoint, source: ByteSource) -> TextSchema:
    if checkpoint.schema is not None:
        return read_schema(repo, checkpoint.schema)
    return infer.infer(source, prefix=True)
