"""Text files as tables: CSV, TSV and JSON lines under a pinned schema."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import pyarrow as pa

from dsv.ahead import in_order
from dsv.errors import NoTable
from dsv.tables.formats import text_csv, text_json, text_numbers
from dsv.tables.formats.byte_source import ByteSource
from dsv.tables.formats.dialect import CSV, DeclaredColumn, TextSchema
from dsv.tables.formats.reader import BATCH_ROWS, positions
from dsv.tables.formats.text_stream import BLOCK
from dsv.tables.formats.text_values import Misfit, of_text
from dsv.tables.values import type_names

AHEAD = 8
"""Blocks at most that are worked on ahead of the one that is read."""

T = TypeVar("T")


class DoesNotFit(NoTable):
    """A file is a table, but not under the schema that it was to be read with.

    A reader of a later version catches it and infers a wider schema.
    """


class TextReader:
    """A text file as a stream of record batches; a `TableReader`.

    Args:
        source: The file.
        schema: How to read it.
        block: Bytes to parse at a time; values do not depend on it.
    """

    def __init__(self, source: ByteSource, schema: TextSchema, *, block: int = BLOCK) -> None:
        self.text_schema = schema
        self._source = source
        self._schema = schema.arrow
        self._block = block

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        return self._schema

    @property
    def rows(self) -> int | None:
        """None: only reading tells."""
        return None

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order.

        Args:
            columns: Names of those wanted, in that order; None: all.

        Raises:
            DoesNotFit: A value, or the set of columns, is not what the schema says.
            NoTable: The file is no table under any schema.
            NotFound: There is no column of a wanted name.
        """
        places = positions(self._schema, columns)
        read = self._read_csv if self.text_schema.dialect.format == CSV else self._read_json
        for batch in read(places):
            for start in range(0, batch.num_rows, BATCH_ROWS):
                yield batch.slice(start, BATCH_ROWS)

    def _read_csv(self, places: Sequence[int]) -> Iterator[pa.RecordBatch]:
        dialect = self.text_schema.dialect
        wanted = [(place, self.text_schema.columns[place]) for place in places]
        schema = pa.schema([pa.field(column.name, column.type) for _, column in wanted])
        self._check_header()
        # Without columns there are still rows to count; a column wanted twice is read once.
        needed = sorted(set(places)) or [0]
        batches = text_csv.texts(self._source, dialect, needed, block=self._block)

        def convert(texts: pa.RecordBatch) -> pa.RecordBatch:
            arrays = [self._column(texts.column(needed.index(place)), column) for place, column in wanted]
            return _batch(arrays, schema, texts.num_rows)

        yield from _ahead(convert, batches)

    def _check_header(self) -> None:
        names = text_csv.names(self._source, self.text_schema.dialect)
        wanted = tuple(column.name for column in self.text_schema.columns)
        if names != wanted:
            raise DoesNotFit("the header has other columns than the schema")

    def _column(self, text: pa.StringArray, column: DeclaredColumn) -> pa.Array:
        """Return a column of texts as its type has them, as many; raises DoesNotFit."""
        try:
            return of_text(text, column, self.text_schema.dialect)
        except Misfit as error:
            raise self._misfit(column, error) from error

    def _misfit(self, column: DeclaredColumn, error: Misfit) -> DoesNotFit:
        kind = type_names.describe(column.type)
        return DoesNotFit(f"column {column.name!r} is not all {kind}: {error}")

    def _read_json(self, places: Sequence[int]) -> Iterator[pa.RecordBatch]:
        blocks = text_json.blocks(self._source, self._block)
        yield from _ahead(lambda block: self._objects(block, places), blocks)

    def _objects(self, block: bytes, places: Sequence[int]) -> pa.RecordBatch:
        """Return the objects of a block of whole lines as a batch of the columns at `places`, in that order.

        Raises:
            DoesNotFit: They are not what the schema says.
            NoTable: They are not JSON.
        """
        types = {column.name: text_json.stored(column.type) for column in self.text_schema.columns}
        try:
            table = text_json.parse(block, types, more=False, row=0)
        except text_json.Unparsed as error:
            raise self._unparsed(block, error) from error
        columns = [self.text_schema.columns[place] for place in places]
        self._check_numbers(block, table, columns)
        found = [self._member(table, column, block) for column in columns]
        schema = pa.schema([pa.field(column.name, column.type) for column in columns])
        return _batch(found, schema, table.num_rows)

    def _check_numbers(self, block: bytes, table: pa.Table, columns: Sequence[DeclaredColumn]) -> None:
        """See that no number of the columns lost digits.

        Args:
            block: The lines.
            table: Their objects, as parsed.
            columns: The columns to look at.

        Raises:
            DoesNotFit: One did.
        """
        for path in text_numbers.misfits(block, {column.name: column.type for column in columns}):
            raise DoesNotFit(f"member {path[0]!r} has a number with more digits than its type")
        if self.text_schema.dialect.strict:
            exact = {column.name: _whole(table, column) for column in columns if column.exact}
            for path in text_json.not_held(block, exact):
                raise DoesNotFit(f"member {path[0]!r} has a number that no double holds")

    def _member(self, table: pa.Table, column: DeclaredColumn, block: bytes) -> pa.Array:
        """Return a member of parsed objects as its column has it, one value for each; raises DoesNotFit."""
        values = _whole(table, column)
        if column.exact and not self.text_schema.dialect.strict:
            text_json.check_doubles(block, values, column.name)
        try:
            return text_json.adopt(values, column, self.text_schema.dialect)
        except Misfit as error:
            raise self._misfit(column, error) from error

    def _unparsed(self, block: bytes, error: Exception) -> NoTable:
        """Tell JSON of other types from what is no JSON at all."""
        try:
            text_json.parse(block, {}, more=True, row=0)
        except text_json.Unparsed as other:
            return NoTable(str(other))
        return DoesNotFit(f"it does not fit its schema: {error}")


def _ahead(work: Callable[[T], pa.RecordBatch], items: Iterator[T]) -> Iterator[pa.RecordBatch]:
    """Yield the results of `work` in order, while the next items are read and worked on."""
    threads = os.cpu_count() or 1
    return in_order(work, items, threads=threads, under_way=min(threads, AHEAD) + 1)


def _whole(table: pa.Table, column: DeclaredColumn) -> pa.Array:
    """Return a column of a table in one array; an empty one has no chunk."""
    chunks = table.column(column.name).chunks
    return chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks or [pa.nulls(0, column.type)])


def _batch(arrays: list[pa.Array], schema: pa.Schema, rows: int) -> pa.RecordBatch:
    """Return arrays of `rows` values each as a batch, also where there are none."""
    if arrays:
        return pa.RecordBatch.from_arrays(arrays, schema=schema)
    # Arrow keeps a count of rows only with a column beside it.
    return pa.RecordBatch.from_arrays([pa.nulls(rows)], names=["_"]).select([])
