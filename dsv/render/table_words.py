"""How facts of a table are told, in text and in JSON."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.render.shape import Shape
from dsv.render.telling import Grid, Telling

if TYPE_CHECKING:
    from dsv.records.known_tables import KnownTable
    from dsv.tables.facts.table_facts import ColumnFacts

COLUMN_SHAPE: Shape = {
    "name": "text: of the column",
    "type": "text: its Arrow type, as the table id sees it",
    "id": "id: column id; equal ids mean equal columns",
    "nulls": "int: rows that are null",
    "min": "any: the least value, a number in columns of numbers; else its text or the start of it, or null",
    "max": "any: the greatest value, likewise",
}


PART_SHAPE: Shape = {
    "folder": "text: where in the dataset; empty for its top",
    "pattern": "text: names of its files, digits as `#`",
    "table": "id: table id",
    "rows": "int: how many",
}


def part_records(known: "KnownTable | None") -> list[dict[str, object]]:
    """Return the tables of a folder of several for JSON."""
    parts = known.tables if known else ()
    return [
        {"folder": folder, "pattern": pattern, "table": table, "rows": rows}
        for folder, pattern, table, rows in parts
    ]


def column_record(column: "ColumnFacts") -> dict[str, object]:
    """Return a column for JSON."""
    return {
        "name": column.name,
        "type": column.type,
        "id": column.id,
        "nulls": column.nulls,
        "min": _value(column.type, column.min),
        "max": _value(column.type, column.max),
    }


def _value(kind: str, text: str | None) -> str | int | float | None:
    """Return an extreme as JSON has it."""
    if text is None or not kind.startswith(("int", "uint", "float")) or kind.startswith("interval"):
        return text
    number = float(text) if kind.startswith("float") else int(text)
    return number if math.isfinite(number) else text


def lines(known: "KnownTable") -> Iterator[Telling]:
    """Yield the columns of a table (name, type, nulls, extremes), or the tables of a folder of several."""
    if known.tables:
        parts = [
            (f"{folder}/{pattern}".lstrip("/"), f"{rows:,}", table)
            for folder, pattern, table, rows in known.tables
        ]
        yield Grid(("files", "rows", "table"), parts, (1,))
        return
    rows = [
        (
            column.name,
            column.type,
            f"{column.nulls:,}" if column.nulls else "",
            _extreme(column.min, cut=column.min_cut),
            _extreme(column.max, cut=column.max_cut),
        )
        for column in known.columns
    ]
    yield Grid(("column", "type", "nulls", "min", "max"), rows, (2,))


def _extreme(text: str | None, *, cut: bool) -> str:
    if text is None:
        return ""
    return text[:30] + "…" if cut or len(text) > 30 else text
