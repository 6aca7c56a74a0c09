"""Writing tables into files whose later versions share most of their bytes with earlier ones.

Parquet is cut into pages by content: an edit changes the pages around it, not all that follow. The row groups
and batches of a file depend on the rows alone, not on the batches in which they came.
"""

import io
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import PurePath
from typing import Any, BinaryIO, Final, Literal, Protocol

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from dsv.errors import Refused, UsageFault
from dsv.tables.formats.reader import BATCH_ROWS

GROUP_ROWS = 1 << 20
"""Rows of a row group of Parquet at most. Few and large: dictionaries of a group change with its first rows."""

GROUP_BYTES = 128 << 20
"""Bytes of Arrow data of a row group, about; so much is held in memory, and once more while it is encoded."""

PAGES: Final = {"min_chunk_size": 64 << 10, "max_chunk_size": 256 << 10}
"""Bytes of a page of Parquet, before compression."""

FEW = 1024
"""Values in the first `BATCH_ROWS` rows of a column up to which Parquet numbers them."""

_FORMS = {
    "parquet": "parquet",
    "pq": "parquet",
    "arrow": "file",
    "feather": "file",
    "ipc": "file",
    "arrows": "stream",
}


_COMPRESSIONS: Final = {
    "parquet": ("zstd", "snappy", "gzip", "brotli", "lz4", None),
    "arrow": ("zstd", "lz4", None),
}


class ArrowStream(Protocol):
    """What tables of pandas, polars, DuckDB and others offer: the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return a capsule with a stream of record batches."""


Rows = ArrowStream | Iterable[pa.RecordBatch]
"""What can be written: a table, a reader, or batches that have one schema."""


def form_of(name: str) -> str:
    """Return how a file of this name is written: `parquet`, `file` or `stream` of Arrow IPC.

    Raises:
        UsageFault: Its suffix is none of those.
    """
    form = _FORMS.get(PurePath(name).suffix[1:].lower())
    if form is None:
        raise UsageFault(
            f"{name}: its suffix does not say which format to write", hint=".parquet, .arrow or .arrows"
        )
    return form


def reader_of(rows: Rows, schema: pa.Schema | None = None) -> pa.RecordBatchReader:
    """Return `rows` as a stream of batches.

    Args:
        rows: A table, a reader, or batches.
        schema: What they have in common; needed only if there may be no batch at all.

    Raises:
        UsageFault: It is neither.
    """
    if hasattr(rows, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(rows, schema)
    if isinstance(rows, pa.RecordBatch):
        return pa.RecordBatchReader.from_batches(rows.schema, [rows])
    if not isinstance(rows, Iterable) or isinstance(rows, str | bytes | dict):
        raise UsageFault(f"a {type(rows).__name__} is no table", hint=_hint(rows))
    batches = iter(rows)
    first = next(batches, None)
    if first is None and schema is None:
        raise UsageFault(
            "there is no batch, so nobody knows the columns", hint="write_table(..., schema=...)"
        )
    if first is not None and not isinstance(first, pa.RecordBatch):
        raise UsageFault(f"a {type(first).__name__} is no record batch", hint="pyarrow.RecordBatch")
    found = schema if first is None or schema is not None else first.schema
    return pa.RecordBatchReader.from_batches(found, _chained(first, batches))


def write(
    reader: pa.RecordBatchReader,
    out: BinaryIO,
    form: str,
    *,
    compression: str | None,
    dictionary: bool = True,
) -> int:
    """Write all rows, and return how many there were. A few batches are held in memory, or a row group.

    Args:
        reader: The rows.
        out: A binary file.
        form: See `form_of`.
        compression: Of Parquet's pages or of Arrow's buffers; None for none.
        dictionary: Whether Parquet may write values that repeat once and number them.

    Raises:
        Refused: The format has no values for a type of the table.
        UsageFault: There is no such compression.
    """
    known = _COMPRESSIONS["parquet" if form == "parquet" else "arrow"]
    if compression not in known:
        raise UsageFault(f"no compression {compression!r} in {form}", hint=", ".join(map(str, known)))
    try:
        if form == "parquet":
            return _parquet(reader, out, compression, dictionary=dictionary)
        return _ipc(reader, out, "file" if form == "file" else "stream", compression)
    except (pa.ArrowNotImplementedError, pa.ArrowTypeError, pa.ArrowInvalid) as error:
        raise Refused(f"this table cannot be written as {form}: {error}") from error


def _parquet(
    reader: pa.RecordBatchReader, out: BinaryIO, compression: str | None, *, dictionary: bool
) -> int:
    rows = 0
    lots = _even(reader)
    first = next(lots, reader.schema.empty_table())
    with parquet.ParquetWriter(
        out,
        reader.schema,
        compression=compression or "none",
        use_dictionary=_repeating(first) if dictionary else False,
        use_content_defined_chunking=PAGES,
        write_page_index=True,
    ) as writer:
        for group in _groups(chain([first], lots)):
            writer.write_table(group, row_group_size=GROUP_ROWS)
            rows += group.num_rows
    return rows


def _repeating(lot: pa.Table) -> list[str]:
    """Return the leaf columns whose values are worth numbering, judged by the first rows; in nested ones all are.

    Numbers are given in the order in which values come first. Where they are few that order stands after a few
    rows; where they are many, every row that is put in or taken out changes the numbers of all that follow.
    """
    told = io.BytesIO()
    parquet.write_table(lot.schema.empty_table(), told)
    shape = parquet.ParquetFile(told).schema
    leaves = [shape.column(number).path for number in range(len(shape))]
    many = {
        field.name
        for field, values in zip(lot.schema, lot.columns, strict=True)
        if _is_flat(field.type) and not _is_few(values)
    }
    return [leaf for leaf in leaves if leaf not in many]


def _is_flat(kind: pa.DataType) -> bool:
    return kind.num_fields == 0 and not isinstance(kind, pa.BaseExtensionType)


def _is_few(values: pa.ChunkedArray) -> bool:
    """Whether a column has at most `FEW` different values in these rows; also where Arrow cannot tell."""
    try:
        return bool(pc.count_distinct(values).as_py() <= FEW)
    except pa.ArrowNotImplementedError:
        return True


def _ipc(
    reader: pa.RecordBatchReader, out: BinaryIO, form: Literal["file", "stream"], compression: str | None
) -> int:
    options: Any = pa.ipc.IpcWriteOptions(compression=compression, unify_dictionaries=False)
    make = pa.ipc.new_file if form == "file" else pa.ipc.new_stream
    rows = 0
    with make(out, reader.schema, options=options) as writer:
        for lot in _even(reader):
            writer.write_table(_copied(lot))
            rows += lot.num_rows
    return rows


def _even(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Yield the rows in lots of `BATCH_ROWS`, the last one smaller, however they come.

    Without rows there is no lot.
    """
    waiting: list[pa.RecordBatch] = []
    room = BATCH_ROWS
    for batch in reader:
        start = 0
        while batch.num_rows - start >= room:
            waiting.append(batch.slice(start, room))
            start += room
            yield pa.Table.from_batches(waiting, reader.schema).combine_chunks()
            waiting, room = [], BATCH_ROWS
        if start < batch.num_rows:
            waiting.append(batch.slice(start))
            room -= batch.num_rows - start
    if waiting:
        yield pa.Table.from_batches(waiting, reader.schema).combine_chunks()


def _copied(lot: pa.Table) -> pa.Table:
    """Return `lot` in buffers of its own: what is written of others depends on what else is in them."""
    if lot.num_rows < 2:
        return lot.take(pa.array(range(lot.num_rows), pa.int64()))
    half = lot.num_rows // 2
    return pa.concat_tables([lot.slice(0, half), lot.slice(half)]).combine_chunks()


def _groups(lots: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Join lots into row groups of at most `GROUP_ROWS` rows, and about `GROUP_BYTES`."""
    waiting: list[pa.Table] = []
    rows = size = 0
    for lot in lots:
        waiting.append(lot)
        rows += lot.num_rows
        size += lot.nbytes
        if rows >= GROUP_ROWS or size >= GROUP_BYTES:
            yield pa.concat_tables(waiting)
            waiting, rows, size = [], 0, 0
    if waiting:
        yield pa.concat_tables(waiting)


def _chained(first: pa.RecordBatch | None, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield `first`, unless it is None, and then `rest`."""
    if first is not None:
        yield first
    yield from rest


def _hint(rows: object) -> str:
    if hasattr(rows, "collect"):
        return "write_table(path, frame.collect())"
    return "a table of pyarrow, pandas or polars, a RecordBatchReader, or batches"
