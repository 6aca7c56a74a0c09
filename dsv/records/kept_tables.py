"""What is kept of the tables of versions: stored as derived records, found again by content id and schema."""

from contextlib import suppress

from dsv.errors import Conflict, Corrupt, StorageError
from dsv.hashing import Kind
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical
from dsv.model.checkpoint import Checkpoint
from dsv.records import kept_facts
from dsv.records.known_tables import KnownTable, tables_of
from dsv.store.refs import Refs
from dsv.store.repository import Repository
from dsv.store.writer import Writer
from dsv.tables.fact_keys import facts_key
from dsv.tables.facts import table_facts
from dsv.tables.formats.dialect import TextSchema


def kept(repo: Repository, checkpoint: Checkpoint, *, details: bool = False) -> KnownTable | None:
    """Return what is kept of the table of a version, None if it was not computed yet.

    Args:
        repo: The repository.
        checkpoint: The version.
        details: Whether the digests of its blocks are wanted too.
    """
    what = f"facts of {checkpoint.content}"
    record = kept_facts.facts_record(repo, checkpoint)
    if record is None:
        return None
    try:
        if record["facts"] is None:
            return KnownTable(parse_id(record["table"]), int(record["rows"]), None, None, tables_of(record))
        blocks = repo.objects.get_record(Kind.BLOCKS, parse_id(record["blocks"])) if details else None
        found = table_facts.decode(canonical.encode(record["facts"]), blocks, what)
        schema = None if record["schema"] is None else read_schema(repo, parse_id(record["schema"]))
        return KnownTable(found.table, found.rows, found, schema)
    except (Corrupt, StorageError, KeyError, TypeError, ValueError):
        return None  # derived: computed again


def put(session: Writer, checkpoint: Checkpoint, found: KnownTable) -> None:
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


def keep(repo: Repository, checkpoint: Checkpoint, found: KnownTable) -> None:
    """Keep what is known of the table of a version, if the store can be written."""

    def change(refs: Refs, session: Writer) -> Refs:
        put(session, checkpoint, found)
        return refs

    # A store that cannot be written still answers; it only has to compute again.
    with suppress(StorageError, Conflict):
        repo.publish(change)


def read_schema(repo: Repository, oid: ObjectId) -> TextSchema:
    """Return the text schema that a version is pinned to."""
    return TextSchema.decode(repo.objects.get_record(Kind.SCHEMA, oid), f"schema {oid}")
