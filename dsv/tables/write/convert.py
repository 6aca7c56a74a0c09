"""Writing a table in another format, as a stream in bounded memory."""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import pyarrow as pa
from pyarrow import csv, parquet
from pyarrow import types as t

from dsv.errors import Refused, UsageFault
from dsv.tables.formats.dialect import DeclaredColumn, TextSchema, delimited, lines
from dsv.tables.formats.reader import TableReader
from dsv.tables.values import json_text
from dsv.tables.values import kernels as pc
from dsv.tables.values.arrow_errors import first_line

FORMATS: Final = ("arrow", "parquet", "csv", "jsonl")
"""What a table can be written as."""

GROUP_ROWS = 1 << 20
"""Rows of a row group of Parquet at most."""

GROUP_BYTES = 64 << 20
"""Bytes of Arrow data that are held for one row group."""


def write(reader: TableReader, format: str, out: BinaryIO) -> None:  # noqa: A002 (the word users type)
    """Write all rows of a table to `out`, which stays open.

    Args:
        reader: The table.
        format: One of `FORMATS`: an Arrow IPC stream; Parquet with zstd and content-defined
            pages; CSV or JSON lines in dsv's dialect.
        out: A binary file; need not be seekable.

    Raises:
        UsageFault: There is no such format.
        Refused: The format has no values for a type of the table.
        NoTable: The bytes turn out not to hold the table that their start promised.
        BrokenPipeError: Nobody reads `out` any more.
    """
    writers = {"arrow": _arrow, "parquet": _parquet, "csv": _csv, "jsonl": _jsonl}
    if format not in writers:
        raise UsageFault(f"no format {format!r}", hint="formats are " + ", ".join(FORMATS))
    try:
        writers[format](reader, out)
    except pa.ArrowException as error:
        raise Refused(f"this table cannot be written as {format}: {error}") from error
    except OSError as error:
        if error.errno is not None:  # of `out`
            raise
        raise Refused(f"this table cannot be written as {format}: {first_line(error)}") from error


def written(schema: pa.Schema, format: str) -> TextSchema:  # noqa: A002 (as above)
    """Return the text schema that reads back what `write` made of a table as `csv` or `jsonl`."""
    stored = _cell if format == "csv" else _member
    columns = tuple(DeclaredColumn(field.name, stored(field.type), False) for field in schema)
    return TextSchema(columns, delimited() if format == "csv" else lines())


def _arrow(reader: TableReader, out: BinaryIO) -> None:
    with pa.ipc.new_stream(_Sink(out), reader.schema) as writer:
        for batch in reader.batches():
            writer.write_batch(batch)


def _parquet(reader: TableReader, out: BinaryIO) -> None:
    with parquet.ParquetWriter(
        _Sink(out),
        reader.schema,
        compression="zstd",
        use_content_defined_chunking=True,
        write_page_index=True,
    ) as writer:
        for group in _groups(reader):
            writer.write_table(group, row_group_size=GROUP_ROWS)


def _groups(reader: TableReader) -> Iterator[pa.Table]:
    """Yield the rows in tables of at most `GROUP_ROWS` rows and about `GROUP_BYTES`; a batch is never cut."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in reader.batches():
        if held and (rows + batch.num_rows > GROUP_ROWS or size + batch.nbytes > GROUP_BYTES):
            yield pa.Table.from_batches(held)
            held, rows, size = [], 0, 0
        held.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
    if held:
        yield pa.Table.from_batches(held)


def _csv(reader: TableReader, out: BinaryIO) -> None:
    if not len(reader.schema):
        raise Refused("a table without columns cannot be written as csv")
    blank = pa.RecordBatch.from_arrays([pa.nulls(0, f.type) for f in reader.schema], schema=reader.schema)
    options = csv.WriteOptions(
        include_header=True, batch_size=1024, delimiter=",", quoting_style="needed", eol="\n"
    )
    with csv.CSVWriter(_Sink(out), _cells(blank).schema, write_options=options) as writer:
        for batch in reader.batches():
            writer.write_batch(_cells(batch))


def _cells(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch with the same rows and names, its columns as types that the CSV writer writes."""
    columns = [_writable(json_text.plain(column)) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _writable(values: pa.Array) -> pa.Array:
    """Return `values` as a type that the CSV writer writes as the dialect wants it; null for null.

    Raises:
        Refused: The type has no text.
    """
    kind = values.type
    if kind.num_fields:
        text = json_text.literals(values)
        return (
            pc.if_else(pc.is_valid(values), text, pa.scalar(None, text.type)) if values.null_count else text
        )
    if t.is_float16(kind):
        return pc.cast(values, pa.float32())
    if t.is_duration(kind):
        return pc.cast(values, pa.int64())
    if t.is_timestamp(kind) and kind.tz is not None:
        return pc.cast(values, pa.timestamp(kind.unit, "UTC"))
    if t.is_string_view(kind):
        return pc.cast(values, pa.large_string())
    if _is_bytes(kind) or t.is_date64(kind):
        return json_text.texts(values)
    if t.is_interval(kind):
        raise Refused(f"values of type {kind} cannot be written as text")
    return values


def _jsonl(reader: TableReader, out: BinaryIO) -> None:
    end = pa.scalar("\n", pa.large_string())
    for batch in reader.batches():
        if not batch.num_rows:
            continue
        text = pc.binary_join_element_wise(json_text.objects(batch), end, pa.scalar("", pa.large_string()))
        _put(out, memoryview(text.buffers()[2]))


def _put(out: BinaryIO, data: memoryview) -> None:
    """Write all of `data`, also to an unbuffered file, which may take less at a time."""
    while data:
        count = out.write(data)
        data = data[len(data) if count is None else count :]


class _Sink:
    """A binary file that Arrow's writers do not close."""

    closed = False

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._position = 0

    def write(self, data: Any) -> int:
        """Write all of `data`."""
        view = memoryview(data)
        _put(self._out, view)
        self._position += len(view)
        return len(view)

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._position

    def flush(self) -> None:
        """Pass on what the file holds back."""
        self._out.flush()

    def close(self) -> None:
        """Leave the file open."""

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False


def _is_bytes(kind: pa.DataType) -> bool:
    checks = (t.is_binary, t.is_large_binary, t.is_binary_view, t.is_fixed_size_binary)
    return any(check(kind) for check in checks)


def _cell(kind: pa.DataType) -> pa.DataType:
    kind = _member(kind)
    return pa.string() if kind.num_fields else kind


def _member(kind: pa.DataType) -> pa.DataType:
    """Return the type under which the text of values of `kind` is read."""
    if isinstance(kind, pa.BaseExtensionType):
        return _member(kind.storage_type)
    if t.is_dictionary(kind) or t.is_run_end_encoded(kind):
        return _member(kind.value_type)
    if t.is_map(kind):
        return pa.map_(_member(kind.key_type), _member(kind.item_type))
    if t.is_struct(kind):
        return pa.struct([pa.field(field.name, _member(field.type)) for field in kind])
    if t.is_fixed_size_list(kind):
        return pa.list_(_member(kind.value_type), kind.list_size)
    if kind.num_fields:
        return pa.list_(_member(kind.value_type))
    if t.is_large_string(kind) or t.is_string_view(kind):
        return pa.string()
    if _is_bytes(kind):
        return pa.binary()
    if t.is_date64(kind):
        return pa.date32()
    return pa.int64() if t.is_duration(kind) else kind
