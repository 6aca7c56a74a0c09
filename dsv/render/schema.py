"""The columns of a table: lines for a terminal, and a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.render import table_words, telling
from dsv.render.style import Style, printable
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.schema import SchemaResult

SHAPE = {
    "path": "path: of the dataset, or of the file in it",
    "content": "id: its content",
    "table": "id: table id",
    "rows": "int: how many",
    "columns": [table_words.COLUMN_SHAPE],
    "tables": [table_words.PART_SHAPE],
}


def document(found: "SchemaResult") -> dict[str, object]:
    """Return the JSON document."""
    facts = found.facts
    return {
        "path": found.path,
        "content": found.content,
        "table": facts.table,
        "rows": facts.rows,
        "columns": [table_words.column_record(column) for column in facts.columns],
        "tables": table_words.part_records(facts),
    }


def lines(found: "SchemaResult", style: Style) -> Iterator[Telling]:
    """Yield what is said."""
    facts = found.facts
    yield telling.line(f"{printable(found.path)}  {facts.rows:,} rows, table {style.id(facts.table)}")
    yield from table_words.lines(facts)
