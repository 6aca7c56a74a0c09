"""The one door to the tables of any version: readers, and the facts that are kept of them.

Facts and the schemas under which text was found to be readable are derived records: kept
in the store under keys made from the content id, and computed again where they are missing.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from dsv import derived, needs
from dsv.errors import Conflict, Corrupt, NoTable, StorageError, UserError
from dsv.hashing import Kind, object_id
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical
from dsv.model import tree as trees
from dsv.model.checkpoint import Checkpoint
from dsv.repo import Repo
from dsv.store.refs import Refs
from dsv.store.writer import Writer
from dsv.tables import compute, facts, folder, folder_metadata, infer, metadata, readers
from dsv.tables.dialect import TextSchema, declared
from dsv.tables.facts import ColumnFacts, Facts
from dsv.tables.files import FileSource
from dsv.tables.folder import Member
from dsv.tables.keys import RULES, facts_key
from dsv.tables.names import text_format
from dsv.tables.reader import TableReader
from dsv.tables.source import ByteSource
from dsv.tables.text import DoesNotFit, TextReader


def pin(repo: Repo, path: str, types: Mapping[str, object], before: ObjectId | None) -> TextSchema | None:
    """Return the schema that the text file at `path` in the working tree is pinned to.

    Args:
        repo: The workspace.
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
    start = None if before is None else _read_schema(repo, before)
    try:
        with FileSource(repo.root / path) as source:
            return infer.infer(source, declared=wanted, start=start, prefix=True)
    except NoTable:
        return None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error


class Known(NamedTuple):
    """What is known of the table of a version.

    Attributes:
        table: The table id.
        rows: Rows of all its tables together.
        facts: Its facts; None for a folder of several tables.
        schema: For a text file the schema that all of it fits.
        tables: Of a folder of several tables, each: folder, pattern, table id and rows.
    """

    table: ObjectId
    rows: int
    facts: Facts | None
    schema: TextSchema | None = None
    tables: tuple[tuple[str, str, ObjectId, int], ...] = ()

    @property
    def columns(self) -> tuple[ColumnFacts, ...]:
        """Facts of its columns; none for a folder of several tables."""
        return () if self.facts is None else self.facts.columns


def table_of(repo: Repo, path: str, checkpoint: Checkpoint) -> TableReader:
    """Return a version of a dataset as a table.

    Text is read as its facts say that all of it can be read; they are computed if need be.

    Raises:
        NoTable: It is none; the message is the reason.
        Missing: The store does not hold all of it.
        Corrupt: It is damaged.
    """
    if checkpoint.is_dir:
        return folder.open_folder(_stored_members(repo, checkpoint), TextFiles())
    source = repo.contents.open(checkpoint.content, path.rpartition("/")[2])
    if text_format(source.name) is None:
        return readers.open_table(source)
    schema = known(repo, path, checkpoint).schema
    return TextReader(source, schema or _pinned(repo, checkpoint, source))


def start_of(repo: Repo, path: str, checkpoint: Checkpoint) -> TableReader:
    """Return a version of a dataset as a table of which only the first rows will be read, and shown.

    Of a file that is on a remote only, what is read is brought and no more.

    Raises:
        NoTable: It is none; the message is the reason.
    """
    if checkpoint.is_dir:
        return folder.open_folder(_stored_members(repo, checkpoint), TextFiles())
    source = repo.contents.peek(checkpoint.content, path.rpartition("/")[2])
    return readers.open_table(source, lambda text: TextReader(text, _pinned(repo, checkpoint, text)))


def known(
    repo: Repo,
    path: str,
    checkpoint: Checkpoint,
    previous: Checkpoint | None = None,
    *,
    details: bool = False,
) -> Known:
    """Return what is known of the table of a version, computed now if it is not kept.

    Args:
        repo: The workspace.
        path: The dataset.
        checkpoint: The version.
        previous: A version that may share most of its bytes.
        details: Whether the digests of its blocks are wanted too.

    Raises:
        NoTable: It is no table; the message is the reason.
    """
    found = kept(repo, checkpoint, details=details)
    if found is None:
        found = _computed(repo, path, checkpoint, previous)
        _keep(repo, checkpoint, found)
    return found


def _computed(repo: Repo, path: str, checkpoint: Checkpoint, previous: Checkpoint | None) -> Known:
    if checkpoint.is_dir:
        return _of_folder(_stored_members(repo, checkpoint))
    before = None if previous is None else kept(repo, previous, details=True)
    source = repo.contents.open(checkpoint.content, path.rpartition("/")[2])
    return _of_file(repo, checkpoint, source, before.facts if before else None)


class Pinned(NamedTuple):
    """A version with its text pinned to the schema that all of it fits.

    Attributes:
        version: It.
        known: What is known of its table.
        fresh: What of that is not kept yet, by version: the caller has `put` add it to what it publishes.
    """

    version: Checkpoint
    known: Known
    fresh: tuple[tuple[Checkpoint, Known], ...]


def pinned(repo: Repo, path: str, checkpoint: Checkpoint, previous: Checkpoint | None = None) -> Pinned:
    """Return a version with its text pinned to the schema that all of it fits, and what is known of its table.

    Args:
        repo: The workspace.
        path: The dataset.
        checkpoint: The version.
        previous: A version that may share most of its bytes.

    Raises:
        NoTable: It is no table; the message is the reason.
    """
    before = kept(repo, checkpoint)
    found = before or _computed(repo, path, checkpoint, previous)
    fresh: tuple[tuple[Checkpoint, Known], ...] = () if before else ((checkpoint, found),)
    schema = None if found.schema is None else object_id(Kind.SCHEMA, found.schema.encode())
    if schema in (None, checkpoint.schema):
        return Pinned(checkpoint, found, fresh)
    # Computed under that schema already: it only has to be found under it.
    version = replace(checkpoint, schema=schema)
    if kept(repo, version) is None:
        whole = kept(repo, checkpoint, details=True) if before else None
        fresh = (*fresh, (version, whole or found))
    return Pinned(version, found, fresh)


def of_working(repo: Repo, path: str, checkpoint: Checkpoint, *, later: bool = False) -> Known:
    """Return what is known of the table that the working tree holds; it is not kept.

    Args:
        repo: The workspace.
        path: The dataset.
        checkpoint: What the working tree holds, with the schema of the version before.
        later: Whether it is what a version to come would hold, which is read under the rules of today.

    Raises:
        NoTable: It is no table; the message is the reason.
        UserError: It cannot be read.
    """
    try:
        if checkpoint.is_dir:
            return _of_folder(working_members(repo, path, checkpoint))
        with FileSource(repo.root / path) as source:
            return _of_file(repo, checkpoint, source, None, later=later)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error


def metadata_of(repo: Repo, path: str, checkpoint: Checkpoint) -> ObjectId:
    """Return the id of what a version that is a table says beside its values (`dsv.tables.metadata`).

    Raises:
        NoTable: It is none.
        Missing: The store does not hold all of it.
    """
    if checkpoint.is_dir:
        return metadata.metadata_id(folder_metadata.of_folder(_stored_members(repo, checkpoint)))
    if text_format(path) is not None:
        return metadata.metadata_id(())
    return metadata.metadata_id(metadata.of_schema(table_of(repo, path, checkpoint).schema))


def extends(
    repo: Repo,
    path: str,
    checkpoint: Checkpoint,
    schema: TextSchema | None,
    shorter: Facts,
    *,
    working: bool = False,
) -> bool:
    """Whether a version surely starts with all rows of a shorter one that has the same whole blocks.

    Args:
        repo: The workspace.
        path: The dataset.
        checkpoint: The version.
        schema: That all of it fits, if it is text.
        shorter: Facts of the other version, with details.
        working: Whether the version is what the working tree holds.

    Raises:
        NoTable: It is no table; the message is the reason.
        UserError: It cannot be read.
    """
    from dsv.tables.prefix import starts

    if not working:
        return starts(shorter, table_of(repo, path, checkpoint)) is True
    with working_table(repo, path, checkpoint, schema) as table:
        return starts(shorter, table) is True


@contextmanager
def working_table(
    repo: Repo, path: str, checkpoint: Checkpoint, schema: TextSchema | None
) -> Iterator[TableReader]:
    """Give the table that the working tree holds.

    Args:
        repo: The workspace.
        path: The dataset.
        checkpoint: What the working tree holds.
        schema: That all of it fits, if it is one text file (`Known.schema`).

    Raises:
        NoTable: It is no table, or several; the message is the reason.
        UserError: It cannot be read.
    """
    try:
        if checkpoint.is_dir:
            yield folder.open_folder(working_members(repo, path, checkpoint), TextFiles())
            return
        with FileSource(repo.root / path) as source:
            yield readers.open_table(source) if schema is None else TextReader(source, schema)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error


def kept(repo: Repo, checkpoint: Checkpoint, *, details: bool = False) -> Known | None:
    """Return what is kept of the table of a version, None if it was not computed yet.

    Args:
        repo: The workspace.
        checkpoint: The version.
        details: Whether the digests of its blocks are wanted too.
    """
    what = f"facts of {checkpoint.content}"
    record = derived.facts_record(repo, checkpoint)
    if record is None:
        return None
    try:
        if record["facts"] is None:
            tables = tuple(
                (where, name, parse_id(oid), int(rows)) for where, name, oid, rows in record["tables"]
            )
            return Known(parse_id(record["table"]), int(record["rows"]), None, None, tables)
        blocks = repo.objects.get_record(Kind.BLOCKS, parse_id(record["blocks"])) if details else None
        found = facts.decode(canonical.encode(record["facts"]), blocks, what)
        schema = None if record["schema"] is None else _read_schema(repo, parse_id(record["schema"]))
        return Known(found.table, found.rows, found, schema)
    except (Corrupt, StorageError, KeyError, TypeError, ValueError):
        return None  # derived: computed again


def put(session: Writer, checkpoint: Checkpoint, found: Known) -> None:
    """Add to `session` what is known, with the digests of blocks, of the table of a version."""
    record: canonical.Json = {
        "v": 1,
        "blocks": None,
        "facts": None,
        "rows": found.rows,
        "schema": None if found.schema is None else session.put(Kind.SCHEMA, found.schema.encode()),
        "table": found.table,
        "tables": [list(table) for table in found.tables],
    }
    if found.facts is not None:
        record["blocks"] = session.put(Kind.BLOCKS, found.facts.encode_blocks())
        record["facts"] = canonical.decode(found.facts.encode_head(), what="facts")
    key = facts_key(checkpoint.content, checkpoint.schema)
    session.add(Kind.FACTS, key, canonical.encode(record))


def _keep(repo: Repo, checkpoint: Checkpoint, found: Known) -> None:
    def change(refs: Refs, session: Writer) -> Refs:
        put(session, checkpoint, found)
        return refs

    # A store that cannot be written still answers; it only has to compute again.
    with suppress(StorageError, Conflict):
        repo.publish("facts", change, log=False)


def _of_file(
    repo: Repo, checkpoint: Checkpoint, source: ByteSource, before: Facts | None, *, later: bool = False
) -> Known:
    if text_format(source.name) is None:
        found = compute.compute(readers.open_table(source), before)
        return Known(found.table, found.rows, found)
    schema = _pinned(repo, checkpoint, source)
    if later:
        schema = replace(schema, dialect=replace(schema.dialect, rules=RULES))
    try:
        found = compute.compute(TextReader(source, schema))
    except DoesNotFit:
        schema = infer.infer(source, start=schema, rules=schema.dialect.rules)
        found = compute.compute(TextReader(source, schema))
    return Known(found.table, found.rows, found, schema)


def _of_folder(members: Iterable[Member]) -> Known:
    found = folder.folder_tables(members, TextFiles())
    if len(found.groups) == 1:
        return Known(found.id, found.rows, found.groups[0].facts)
    tables = tuple(
        (group.folder, group.pattern, group.facts.table, group.facts.rows) for group in found.groups
    )
    return Known(found.id, found.rows, None, None, tables)


class TextFiles:
    """Opens the text files of a folder, each under the schema that all of it has."""

    def __init__(self) -> None:
        self._schemas: dict[str, TextSchema] = {}

    def __call__(self, source: ByteSource) -> TextReader:
        """Open one; its name is its path in the folder."""
        schema = self._schemas.get(source.name)
        if schema is None:
            schema = self._schemas[source.name] = infer.infer(source)
        return TextReader(source, schema)


def _stored_members(repo: Repo, checkpoint: Checkpoint) -> Iterator[Member]:
    needs.bring_version(repo, checkpoint)
    for path, entry in trees.files(checkpoint.content, repo.node):
        yield Member(path, partial(repo.contents.open, ObjectId(entry.target), path))


def working_members(repo: Repo, path: str, checkpoint: Checkpoint) -> Iterator[Member]:
    """Yield the files of a folder that the working tree holds."""
    for name, _ in trees.files(checkpoint.content, repo.node):
        yield Member(name, partial(_WorkingFile, repo.root / path / name, name))


class _WorkingFile(FileSource):
    """A file of a folder dataset in the working tree, called by its path in the folder."""

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path)
        self.name = name


def _pinned(repo: Repo, checkpoint: Checkpoint, source: ByteSource) -> TextSchema:
    if checkpoint.schema is not None:
        return _read_schema(repo, checkpoint.schema)
    return infer.infer(source, prefix=True)


def _read_schema(repo: Repo, oid: ObjectId) -> TextSchema:
    return TextSchema.decode(repo.objects.get_record(Kind.SCHEMA, oid), f"schema {oid}")
