"""What is kept of the tables of versions, read without Arrow: enough for `commit` and `add`."""

from dsv.errors import Corrupt, Missing, StorageError
from dsv.hashing import Kind
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical
from dsv.model.checkpoint import Checkpoint
from dsv.segment import parquet_layout
from dsv.store.repository import Repository
from dsv.tables.fact_keys import RULES, facts_key


def facts_record(repo: Repository, checkpoint: Checkpoint) -> canonical.Json | None:
    """Return the record that is kept of the table of a version; None if there is none to be read.

    It is derived, so what is damaged counts as not there.
    """
    key = facts_key(checkpoint.content, checkpoint.schema)
    try:
        if not repo.objects.has(key):
            return None
        return canonical.decode(repo.objects.get(key, Kind.FACTS), what=f"facts of {checkpoint.content}")
    except (Corrupt, StorageError):
        return None


def schema_of(repo: Repository, checkpoint: Checkpoint) -> ObjectId | None:
    """Return the schema under which a text file was found to be readable, as far as is known.

    That is the one in its facts, else the one that it was pinned to.
    """
    record = facts_record(repo, checkpoint)
    try:
        return parse_id(record["schema"]) if record and record["schema"] else checkpoint.schema
    except (KeyError, ValueError):
        return checkpoint.schema


def today(repo: Repository, schema: ObjectId) -> bytes:
    """Return the record of a schema for files to come: the same columns, read under the rules of today.

    Raises:
        Corrupt: It is damaged.
    """
    record = repo.objects.get_record(Kind.SCHEMA, schema)
    found = canonical.decode(record, what=f"schema {schema}")
    return (
        canonical.encode({**found, "rules": RULES})
        if found.get("rules") in range(1, RULES)
        else bytes(record)
    )


def rows_of(repo: Repository, path: str, checkpoint: Checkpoint) -> int | None:
    """Return the rows of a version as its facts have them, else as a Parquet footer does.

    None where neither is there: reading only the start of any other file does not tell.
    """
    record = facts_record(repo, checkpoint)
    if record is not None and type(record.get("rows")) is int:
        return int(record["rows"])
    return None if checkpoint.is_dir else _in_footer(repo, path, checkpoint)


def _in_footer(repo: Repository, path: str, checkpoint: Checkpoint) -> int | None:
    if checkpoint.size < parquet_layout.MIN_SIZE or not repo.contents.has(checkpoint.content):
        return None  # what is not here is not fetched for a number
    try:
        source = repo.contents.open(checkpoint.content, path)
        trailer = bytes(source.read_at(source.size - parquet_layout.TRAILER, parquet_layout.TRAILER))
        size = parquet_layout.footer_size(trailer, source.size)
        if size is None:
            return None
        return parquet_layout.rows(bytes(source.read_at(source.size - size, size - parquet_layout.TRAILER)))
    except (Corrupt, EOFError, Missing):
        return None
