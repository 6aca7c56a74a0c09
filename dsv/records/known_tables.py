"""What is known of the table of a version, and how one process tells it to another."""

from typing import NamedTuple

from dsv.ids import ObjectId, parse_id
from dsv.model import canonical
from dsv.tables.facts import table_facts as facts
from dsv.tables.facts.folder import FolderTables, Group
from dsv.tables.facts.table_facts import ColumnFacts, Facts
from dsv.tables.formats.dialect import TextSchema


class KnownTable(NamedTuple):
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

    def parts(self) -> tuple[bytes, ...]:
        """Return all of it as bytes, for `of_parts`."""
        said: canonical.Json = {
            "v": 1,
            "rows": self.rows,
            "table": self.table,
            "tables": [list(table) for table in self.tables],
        }
        found = (b"", b"") if self.facts is None else (self.facts.encode_head(), self.facts.encode_blocks())
        return canonical.encode(said), *found, b"" if self.schema is None else self.schema.encode()


def of_parts(parts: tuple[bytes, ...]) -> KnownTable:
    """Return what `KnownTable.parts` made into bytes.

    Raises:
        Corrupt: They are no such parts.
    """
    head, told, blocks, schema = parts
    said = canonical.decode(head, what="what a reader found")
    return KnownTable(
        parse_id(said["table"]),
        int(said["rows"]),
        facts.decode(told, blocks, "the facts that a reader found") if told else None,
        TextSchema.decode(schema, "the schema that a reader found") if schema else None,
        tables_of(said),
    )


def tables_of(said: canonical.Json) -> tuple[tuple[str, str, ObjectId, int], ...]:
    """Return the tables of a folder of several, as a record lists them."""
    return tuple((where, name, parse_id(oid), int(rows)) for where, name, oid, rows in said["tables"])


def parts_of_folder(found: FolderTables) -> tuple[bytes, ...]:
    """Return the tables of a folder as bytes, for `folder_of_parts`."""
    groups = [[group.folder, group.pattern, list(group.files)] for group in found.groups]
    parts = [
        part for group in found.groups for part in (group.facts.encode_head(), group.facts.encode_blocks())
    ]
    return canonical.encode({"v": 1, "id": found.id, "groups": groups}), *parts


def folder_of_parts(parts: tuple[bytes, ...]) -> FolderTables:
    """Return what `parts_of_folder` made into bytes.

    Raises:
        Corrupt: They are no such parts.
    """
    head, *rest = parts
    said = canonical.decode(head, what="what a reader found")
    told = zip(said["groups"], rest[::2], rest[1::2], strict=True)
    groups = tuple(
        Group(folder, pattern, tuple(files), facts.decode(first, blocks, "the facts that a reader found"))
        for (folder, pattern, files), first, blocks in told
    )
    return FolderTables(parse_id(said["id"]), groups)
