"""Opening a file as a table: the format is told by its first bytes, then by its name."""

from collections.abc import Callable
from enum import Enum

from dsv.errors import NoTable
from dsv.tables.format_names import text_format
from dsv.tables.formats import arrow_ipc, parquet
from dsv.tables.formats.byte_source import ByteSource
from dsv.tables.formats.reader import TableReader

_PARQUET_SUFFIXES = (".parquet", ".pq", ".parq")
_ARROW_SUFFIXES = (".arrow", ".arrows", ".feather", ".ipc")


class Format(Enum):
    """What a file is, as far as tables go."""

    PARQUET = "parquet"
    ARROW_FILE = "arrow file"
    ARROW_STREAM = "arrow stream"
    TEXT = "text"


OpenText = Callable[[ByteSource], TableReader]
"""Opens a text format under its pinned schema; raises NoTable if the text does not fit."""


def format_of(source: ByteSource) -> Format:
    """Return the format of a file.

    Raises:
        NoTable: It is in none that dsv reads as a table; the message says what it lacks.
    """
    head = bytes(source.read_at(0, min(8, source.size)))
    if head.startswith((parquet.MAGIC, b"PARE")):
        return Format.PARQUET
    if head.startswith(arrow_ipc.FILE_MAGIC):
        return Format.ARROW_FILE
    if head.startswith(arrow_ipc.STREAM_MAGIC):
        return Format.ARROW_STREAM
    name = source.name.lower()
    if text_format(name):
        return Format.TEXT
    if name.endswith(_PARQUET_SUFFIXES):
        raise NoTable("not Parquet: it does not start with PAR1" if head else "not Parquet: it is empty")
    if head.startswith(b"FEA1"):
        raise NoTable("Feather version 1")
    if name.endswith(_ARROW_SUFFIXES):
        raise NoTable(
            "not Arrow: it starts like neither a file nor a stream" if head else "not Arrow: it is empty"
        )
    raise NoTable("neither Parquet, Arrow, CSV, TSV nor JSON lines")


def open_table(source: ByteSource, open_text: OpenText | None = None) -> TableReader:
    """Return `source` as a table.

    Args:
        source: The file; it stays open as long as the reader is used.
        open_text: How text formats are opened, None to refuse them.

    Raises:
        NoTable: It is no table that can be read; the message is the reason.
        StorageError: The disk failed.
    """
    match format_of(source):
        case Format.PARQUET:
            return parquet.ParquetTable(source)
        case Format.TEXT:
            if open_text is None:
                raise NoTable("text without a schema")
            return open_text(source)
        case found:
            return arrow_ipc.IpcTable(source, stream=found is Format.ARROW_STREAM)
