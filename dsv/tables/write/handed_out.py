"""Tables as Arrow readers that can be handed on, from files of this machine and from anything else."""

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa

from dsv.tables.facts import folder
from dsv.tables.facts.folder import Member
from dsv.tables.format_names import text_format
from dsv.tables.formats import infer, open_table
from dsv.tables.formats.byte_source import ByteSource
from dsv.tables.formats.dialect import TextSchema
from dsv.tables.formats.file_source import FileSource
from dsv.tables.formats.reader import TableReader, positions
from dsv.tables.formats.text import TextReader


def stream(table: TableReader, columns: Sequence[str] | None = None) -> pa.RecordBatchReader:
    """Return all rows of a table, a few batches at a time.

    Args:
        table: The table.
        columns: Names of those wanted, in that order; None: all.

    Raises:
        NotFound: There is no column of a wanted name.
    """
    schema = pa.schema([table.schema.field(position) for position in positions(table.schema, columns)])
    return pa.RecordBatchReader.from_batches(schema, _alike(table.batches(columns), schema))


def open_path(path: Path, schema: TextSchema | None = None, *, name: str | None = None) -> TableReader:
    """Return a file, or a folder that is one table, as a table. All of a text is read, to learn its types.

    Args:
        path: Where it is.
        schema: What a text was known to be before; no column gets narrower than there.
        name: What it is called, where it lies under another name.

    Raises:
        NoTable: It is none; the message is the reason.
        OSError: It cannot be read.
    """
    if path.is_dir():
        return folder.open_folder(_members(path), _infer)
    source = _Named(path, name or path.name)
    try:
        if text_format(source.name) is None:
            return open_table.open_table(source)
        return TextReader(source, infer.infer(source, start=schema))
    except BaseException:
        source.close()
        raise


def _alike(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield batches in one layout: shards of a table may say `string` or `large_string`.

    Args:
        batches: Of columns with the names and meanings of `schema`.
        schema: Of every batch that is yielded.
    """
    for batch in batches:
        yield batch if batch.schema.equals(schema) else batch.cast(schema)


def _members(root: Path) -> Iterator[Member]:
    for here, _, names in os.walk(root):
        for name in names:
            path = Path(here, name)
            inside = path.relative_to(root).as_posix()
            yield Member(inside, partial(_Named, path, inside))


class _Named(FileSource):
    """A file that is called otherwise than where it lies, such as by its path in a folder.

    It is closed with the last stream that reads from it: the one who gets a stream has nothing else to close.
    """

    _handle = -1

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path)
        self.name = name

    def __del__(self) -> None:
        self.close()


def _infer(source: ByteSource) -> TextReader:
    return TextReader(source, infer.infer(source))
