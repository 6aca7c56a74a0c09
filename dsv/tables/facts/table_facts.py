"""Table facts: what is known of a table without reading it again.

A derived record in two parts. The head is small (schema, rows, ids, extremes of each
column) and serves display; the blocks hold what a diff and the next computation need:
the digest of every block and the key of every Parquet column chunk.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dsv.errors import Corrupt
from dsv.hashing import Buffer
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical
from dsv.tables.digest.scan_column import Block
from dsv.tables.digest.table_id import column_id, table_id
from dsv.tables.fact_keys import DIGEST_VERSION
from dsv.tables.facts import details
from dsv.tables.facts.details import Details
from dsv.tables.values.extremes import greatest, least, render


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What is known of one column.

    Attributes:
        name: As in the schema.
        type: The type descriptor.
        id: The column id.
        nulls: Rows that are null.
        min: The least value as text, None without values or without an order. Exact for
            numbers, decimals and text; dates and times are ISO 8601, binary is hexadecimal.
        max: The greatest value.
        min_cut: Whether `min` is only the start of a longer value.
        max_cut: The same of `max`.
    """

    name: str
    type: str
    id: ObjectId
    nulls: int
    min: str | None = None
    max: str | None = None
    min_cut: bool = False
    max_cut: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a table.

    Attributes:
        rows: How many rows it has.
        table: The table id.
        columns: Facts of its columns in order.
        details: Blocks and chunks, None where only the head was read.
        version: The digest version of every id here.
    """

    rows: int
    table: ObjectId
    columns: tuple[ColumnFacts, ...]
    details: Details | None = field(default=None, repr=False)
    version: int = DIGEST_VERSION

    @property
    def schema(self) -> tuple[tuple[str, str], ...]:
        """Name and type descriptor of each column."""
        return tuple((column.name, column.type) for column in self.columns)

    def encode_head(self) -> bytes:
        """Return the canonical encoding of all but the details."""
        return canonical.encode(
            {
                "v": 1,
                "columns": [_column_record(column) for column in self.columns],
                "digest": self.version,
                "rows": self.rows,
                "table": self.table,
            }
        )

    def encode_blocks(self) -> bytes:
        """Return the encoding of the details.

        Raises:
            ValueError: There are none.
        """
        if self.details is None:
            raise ValueError("facts without details")
        return details.encode(self.details)


def assemble(
    rows: int,
    columns: Iterable[tuple[str, str, Sequence[Block]]],
    row_groups: Sequence[int] = (),
    chunks: Sequence[Sequence[bytes]] = (),
) -> Facts:
    """Return the facts of a table from its blocks.

    Args:
        rows: How many rows it has.
        columns: Name, type descriptor and blocks of each column.
        row_groups: Rows of each row group.
        chunks: For each column the keys of its chunks.
    """
    listed = list(columns)
    found = tuple(_fold(name, kind, rows, blocks) for name, kind, blocks in listed)
    return Facts(
        rows=rows,
        table=table_id(rows, [(column.name, column.id) for column in found]),
        columns=found,
        details=Details(
            tuple(tuple(blocks) for _, _, blocks in listed),
            tuple(row_groups),
            tuple(tuple(keys) for keys in chunks),
        ),
    )


def decode(head: Buffer, blocks: Buffer | None, what: str) -> Facts:
    """Return the facts that `head` and `blocks` encode.

    Args:
        head: As of `Facts.encode_head`.
        blocks: As of `Facts.encode_blocks`; None: only the head is wanted.
        what: Names the facts in error messages.

    Raises:
        Corrupt: They are not valid facts, or do not belong together.
        TooNew: They were written by a newer dsv.
    """
    record = canonical.decode(bytes(head), what=what)
    try:
        facts = _parse(record)
        if blocks is None:
            return facts
        found = details.decode(blocks, facts.rows, [column.type for column in facts.columns])
        names = [(column.name, column.type) for column in facts.columns]
        whole = assemble(
            facts.rows,
            ((name, kind, part) for (name, kind), part in zip(names, found.blocks, strict=True)),
            found.row_groups,
            found.chunks,
        )
        if whole.encode_head() != bytes(head):
            raise ValueError("the blocks belong to another table")
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise Corrupt(f"{what} are not valid table facts: {error}") from error
    return whole


def _fold(name: str, kind: str, rows: int, blocks: Sequence[Block]) -> ColumnFacts:
    low = high = None
    for block in blocks:
        low, high = least(low, block.low), greatest(high, block.high)
    return ColumnFacts(
        name=name,
        type=kind,
        id=column_id(kind, rows, [block.digest for block in blocks]),
        nulls=sum(block.nulls for block in blocks),
        min=None if low is None else render(kind, low),
        max=None if high is None else render(kind, high),
        min_cut=low is not None and low.cut,
        max_cut=high is not None and high.cut,
    )


def _column_record(column: ColumnFacts) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": column.id,
        "name": column.name,
        "nulls": column.nulls,
        "type": column.type,
    }
    if column.min is not None:
        record |= {"max": column.max, "min": column.min}
    if column.min_cut or column.max_cut:
        record["cut"] = [column.min_cut, column.max_cut]
    return record


def _parse(record: canonical.Json) -> Facts:
    if record["digest"] != DIGEST_VERSION:
        raise ValueError(f"digest version {record['digest']!r}")
    columns = tuple(_parse_column(column) for column in record["columns"])
    rows = record["rows"]
    if type(rows) is not int or rows < 0:
        raise ValueError("rows is not a number")
    facts = Facts(rows, parse_id(record["table"]), columns)
    if table_id(rows, [(column.name, column.id) for column in columns]) != facts.table:
        raise ValueError("the table id is not that of the columns")
    if facts.encode_head() != canonical.encode(record):
        raise ValueError("unknown members")
    return facts


def _parse_column(record: dict[str, Any]) -> ColumnFacts:
    cut = record.get("cut", [False, False])
    if not (type(cut) is list and [type(flag) for flag in cut] == [bool, bool]):
        raise ValueError("cut is not a pair")
    column = ColumnFacts(
        name=record["name"],
        type=record["type"],
        id=parse_id(record["id"]),
        nulls=record["nulls"],
        min=record.get("min"),
        max=record.get("max"),
        min_cut=cut[0],
        max_cut=cut[1],
    )
    texts = (
        [column.name, column.type]
        if column.min is None
        else [column.name, column.type, column.min, column.max]
    )
    if not all(type(text) is str for text in texts) or type(column.nulls) is not int:
        raise ValueError("a column is malformed")
    return column
