"""Parquet files as tables: columns and row groups apart, and how each chunk is described."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
from pyarrow import types as t

from dsv.errors import NoTable
from dsv.hashing import derived_hasher
from dsv.tables.formats import int96
from dsv.tables.formats.bounds import Budget
from dsv.tables.formats.byte_source import ByteSource
from dsv.tables.formats.checked import check, check_schema
from dsv.tables.formats.file_source import arrow_file
from dsv.tables.formats.parquet_footer import column_chunks
from dsv.tables.formats.reader import BATCH_BYTES, BATCH_ROWS, positions, rowless
from dsv.tables.values.arrow_errors import told

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

CHUNK_CONTEXT = "dsv 2026-11 parquet chunk v1"

MAGIC = b"PAR1"
_ENCRYPTED = b"PARE"
_FOOTER_LIMIT = 256 << 20
_THRIFT_STRING_LIMIT = 64 << 20
_THRIFT_CONTAINER_LIMIT = 4_000_000
_OPEN_BYTES = 96 << 20
"""Bytes that the columns read together may hold open in pages and buffers."""

_PAGE_BYTES = 1 << 20
_BUFFER = 1 << 20


class RowGroup(NamedTuple):
    """A row group's place in the table.

    Attributes:
        start: Its first row.
        rows: How many rows it has.
    """

    start: int
    rows: int


class ParquetTable:
    """A Parquet file as a table.

    Reader flags are part of digest version 1: extension types of Arrow are recognised,
    no column is asked for as a dictionary, INT96 is nanoseconds if these hold all of it, else microseconds, pandas metadata is data.

    Args:
        source: The file.

    Raises:
        NoTable: It is no Parquet file that can be read; the message says why.
    """

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        footer = read_footer(source)
        self._chunks = column_chunks(footer, source.size)
        with told("not Parquet"):
            self._file = self._open("ns")
            self._footer = self._file.metadata
            self._schema: pa.Schema = self._file.schema_arrow
        check_schema(self._schema)
        self.row_groups = self._measure()
        self._leaves = self._map_leaves()
        self._settle_int96()

    def _open(self, int96: str) -> "ParquetFile":
        from pyarrow.parquet import ParquetFile  # and with it every file system: text needs none of that

        return ParquetFile(
            arrow_file(self._source),
            pre_buffer=False,
            buffer_size=_BUFFER,
            coerce_int96_timestamp_unit=int96,
            thrift_string_size_limit=_THRIFT_STRING_LIMIT,
            thrift_container_size_limit=_THRIFT_CONTAINER_LIMIT,
            arrow_extensions_enabled=True,
        )

    def _settle_int96(self) -> None:
        kinds = self._footer.schema
        leaves = [i for i in range(self._footer.num_columns) if kinds.column(i).physical_type == "INT96"]
        if not leaves:
            return
        with told("damaged Parquet"):
            unit = int96.unit(self._open, leaves)
            if unit != "ns":
                self._file.close(force=True)
                self._file = self._open(unit)
                self._schema = self._file.schema_arrow

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        return self._schema

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(group.rows for group in self.row_groups)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close(force=True)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order; see `TableReader.batches`."""
        return self.read(positions(self.schema, columns), range(len(self.row_groups)))

    def read(self, columns: Sequence[int], row_groups: Iterable[int]) -> Iterator[pa.RecordBatch]:
        """Yield the rows of some row groups, of the columns at the given positions.

        Args:
            columns: Positions in the schema, each at most once; batches have this order. Without any,
                batches have rows alone.
            row_groups: Numbers of row groups in ascending order.

        Yields:
            Batches of at most `BATCH_ROWS` rows; one may end in another row group than it began in.

        Raises:
            NoTable: The pages are damaged, or hold other rows than the footer says.
        """
        if not columns:
            yield from rowless(sum(self.row_groups[i].rows for i in row_groups))
            return
        wanted = [leaf for column in sorted(columns) for leaf in self._leaves[column]]
        order = [sorted(columns).index(column) for column in columns]
        plain = order == list(range(len(order)))
        budget = Budget(self._source.size)
        for size, group in groupby(row_groups, lambda i: self._batch_rows(i, wanted)):
            numbers = list(group)
            expected = sum(self.row_groups[i].rows for i in numbers)
            with told("damaged Parquet"):
                for batch in self._file.reader.iter_batches(size, numbers, wanted, use_threads=True):
                    check(batch, budget)
                    expected -= batch.num_rows
                    yield batch if plain else batch.select(order)
            if expected:
                raise NoTable("damaged Parquet: pages and footer disagree on the number of rows")

    def column_groups(self, columns: Sequence[int]) -> list[list[int]]:
        """Return `columns` in groups, each of which can be read at once in bounded memory.

        A Parquet reader holds a page and a buffer of every column that it reads.
        """
        groups: list[list[int]] = []
        room = 0
        for column in columns:
            cost = max((self._open_bytes(group, column) for group in range(len(self.row_groups))), default=0)
            if not groups or cost > room:
                groups.append([])
                room = _OPEN_BYTES
            groups[-1].append(column)
            room -= cost
        return groups

    def chunk_key(self, column: int, row_group: int) -> bytes:
        """Return what tells the column chunks of a column in a row group: equal keys, equal values.

        It hashes the fingerprint of the chunks' bytes and everything that their decoding
        depends on: types, nullability, encodings, codec and where the pages start.
        """
        hasher = derived_hasher(CHUNK_CONTEXT)
        hasher.update(f"{self.row_groups[row_group].rows} {self._schema.field(column)!s}".encode())
        for leaf in self._leaves[column]:
            chunk, kind = self._chunks[row_group][leaf], self._footer.schema.column(leaf)
            hasher.update(
                f"\0{chunk.said} {kind.physical_type} {kind.length} {kind.logical_type} "
                f"{kind.max_definition_level} {kind.max_repetition_level}\0"
                f"{self._source.fingerprint(chunk.start, chunk.size)}".encode()
            )
        return hasher.digest()

    def _measure(self) -> tuple[RowGroup, ...]:
        found = []
        start = 0
        for i in range(self._footer.num_row_groups):
            rows = self._footer.row_group(i).num_rows
            if rows < 0:
                raise NoTable("not Parquet: a row group has a negative number of rows")
            found.append(RowGroup(start, rows))
            start += rows
        if start != self._footer.num_rows or len(found) != len(self._chunks):
            raise NoTable("not Parquet: the footer contradicts itself on its rows")
        Budget(self._source.size).take_rows(start, self._footer.num_columns)
        return tuple(found)

    def _map_leaves(self) -> tuple[range, ...]:
        """Return which leaf columns of the file each column consists of."""
        found = []
        start = 0
        for field in self._schema:
            stop = start + _leaf_count(field.type)
            found.append(range(start, stop))
            start = stop
        if any(len(chunks) != self._footer.num_columns for chunks in self._chunks):
            raise NoTable("not Parquet: a row group lacks columns")
        if start != self._footer.num_columns:
            raise NoTable("Parquet whose columns Arrow does not show one by one")
        return tuple(found)

    def _open_bytes(self, row_group: int, column: int) -> int:
        chunks = [self._chunks[row_group][leaf] for leaf in self._leaves[column]]
        return sum(
            min(chunk.size, _BUFFER + _PAGE_BYTES) + min(chunk.raw_size, 2 * _PAGE_BYTES) for chunk in chunks
        )

    def _batch_rows(self, row_group: int, leaves: Sequence[int]) -> int:
        """Return how many rows of a row group to ask for at once: a power of two."""
        rows = self.row_groups[row_group].rows
        raw = sum(self._chunks[row_group][leaf].raw_size for leaf in leaves)
        fitting = BATCH_BYTES * rows // max(1, raw)
        return min(BATCH_ROWS, int(1 << max(0, fitting.bit_length() - 1)))


def read_footer(source: ByteSource) -> bytes:
    """Return the footer of a file that is, or should be, Parquet.

    Raises:
        NoTable: It is no whole Parquet file, or its footer is encrypted.
    """
    if source.size < 12:
        raise NoTable("truncated" if _head(source) == MAGIC else "not Parquet: too short")
    head, tail = bytes(source.read_at(0, 4)), bytes(source.read_at(source.size - 8, 8))
    if _ENCRYPTED in {head, tail[4:]}:
        raise NoTable("encrypted")
    if head != MAGIC:
        raise NoTable("not Parquet: it does not start with PAR1")
    if tail[4:] != MAGIC:
        raise NoTable("truncated")
    length = int.from_bytes(tail[:4], "little")
    if not 0 < length <= source.size - 12:
        raise NoTable("not Parquet: the footer's length is impossible")
    if length > _FOOTER_LIMIT:
        raise NoTable(f"a Parquet footer of more than {_FOOTER_LIMIT >> 20} MiB")
    return bytes(source.read_at(source.size - 8 - length, length))


def _head(source: ByteSource) -> bytes:
    return bytes(source.read_at(0, min(4, source.size)))


def _leaf_count(kind: pa.DataType) -> int:
    if isinstance(kind, pa.BaseExtensionType):
        return _leaf_count(kind.storage_type)
    if t.is_dictionary(kind) or t.is_run_end_encoded(kind):
        return _leaf_count(kind.value_type)
    if t.is_map(kind):
        return _leaf_count(kind.key_type) + _leaf_count(kind.item_type)
    if t.is_struct(kind) or kind.num_fields:
        return sum(_leaf_count(kind.field(i).type) for i in range(kind.num_fields))
    return 1
