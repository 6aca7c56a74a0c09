"""Arrow IPC files (Feather version 2) and streams as tables."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.ipc

from dsv.errors import NoTable
from dsv.tables.formats.bounds import Budget
from dsv.tables.formats.byte_source import ByteSource
from dsv.tables.formats.checked import check, check_schema
from dsv.tables.formats.file_source import arrow_file
from dsv.tables.formats.reader import BATCH_BYTES, BATCH_ROWS, positions
from dsv.tables.values.arrow_errors import told

FILE_MAGIC = b"ARROW1"
STREAM_MAGIC = b"\xff\xff\xff\xff"


class IpcTable:
    """An Arrow IPC file or stream as a table.

    Offsets and lengths in it are not trusted: every batch is validated whole before it
    is used. One record batch of the file is in memory at a time.

    Args:
        source: The file.
        stream: Whether it is in the stream format, else in the file format.

    Raises:
        NoTable: It cannot be read; the message says why.
    """

    def __init__(self, source: ByteSource, *, stream: bool) -> None:
        self._source = source
        self._stream = stream
        if not stream and (source.size < 20 or bytes(source.read_at(source.size - 6, 6)) != FILE_MAGIC):
            raise NoTable("truncated")
        with told("not Arrow"), self._open() as reader:
            check_schema(reader.schema)
            self._schema: pa.Schema = reader.schema

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        return self._schema

    @property
    def rows(self) -> None:
        """Not known before all batches are read."""
        return

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order; see `TableReader.batches`."""
        wanted = None if columns is None else positions(self._schema, columns)
        budget = Budget(self._source.size)
        with told("damaged Arrow"), self._open() as reader:
            for whole in _whole_batches(reader):
                budget.take_rows(whole.num_rows, whole.num_columns)
                check(whole, budget)
                batch = whole if wanted is None else whole.select(wanted)
                step = _step(batch)
                for start in range(0, batch.num_rows, step):
                    yield batch.slice(start, step)

    def _open(self) -> "pa.ipc.RecordBatchStreamReader | pa.ipc.RecordBatchFileReader":
        if self._stream:
            return pa.ipc.open_stream(arrow_file(self._source))
        return pa.ipc.open_file(arrow_file(self._source))


def _whole_batches(
    reader: "pa.ipc.RecordBatchStreamReader | pa.ipc.RecordBatchFileReader",
) -> Iterator[pa.RecordBatch]:
    """Yield the record batches of a file or stream, as large as they are in it."""
    if isinstance(reader, pa.ipc.RecordBatchStreamReader):
        yield from reader
    else:
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)


def _step(batch: pa.RecordBatch) -> int:
    """Return how many rows to hand on at once: `BATCH_ROWS`, or as many as have `BATCH_BYTES`, at least one.

    What counts are whole buffers, also where `batch` shows a part of them.
    """
    rows = max(1, batch.num_rows)
    size = sum(buffer.size for column in batch.columns for buffer in column.buffers() if buffer is not None)
    return max(1, min(BATCH_ROWS, int(BATCH_BYTES * rows // max(1, size))))
