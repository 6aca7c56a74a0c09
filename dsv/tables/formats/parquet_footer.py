"""What a Parquet footer says of its column chunks, read without pyarrow.

pyarrow ends the process when asked for a codec that does not exist; this asks first.
Field numbers are those of `parquet.thrift` in the Parquet format's repository.
"""

from typing import NamedTuple, NoReturn

from dsv.errors import NoTable
from dsv.segment import thrift
from dsv.tables.formats.bounds import check_columns
from dsv.tables.values.types import MAX_DEPTH

_SCHEMA, _ROW_GROUPS = 2, 4  # of FileMetaData
_CHILDREN = 5  # of SchemaElement
_COLUMNS = 1  # of RowGroup
_FILE_PATH, _META_DATA, _CRYPTO, _ENCRYPTED = 1, 3, 8, 9  # of ColumnChunk
_TYPE, _CODEC, _VALUES, _RAW, _SIZE, _DATA, _DICTIONARY = 1, 4, 5, 6, 7, 9, 11  # of ColumnMetaData

_CODECS = range(8)
_LIMIT = 1 << 22
_MAX_DEPTH = 4 * MAX_DEPTH
"""Levels of a schema; Parquet needs up to three for one of Arrow."""


class ColumnChunk(NamedTuple):
    """A column chunk: one leaf of one row group.

    Attributes:
        start: Where its bytes start.
        size: How many bytes it has.
        raw_size: How many when decompressed.
        said: What its decoding depends on beside its bytes, as numbers.
    """

    start: int
    size: int
    raw_size: int
    said: tuple[int, ...]


def column_chunks(footer: bytes, file_size: int) -> list[list[ColumnChunk]]:
    """Return the column chunks of each row group.

    Args:
        footer: The footer, without length and magic number.
        file_size: Bytes of the file.

    Raises:
        NoTable: The footer cannot be read, its schema is too wide or too deep, columns are encrypted or in
            another file, or a chunk lies outside the file.
    """
    found = _Found(file_size)
    try:
        thrift.scan(footer, 0, {_SCHEMA: found.schema, _ROW_GROUPS: found.row_groups})
    except (thrift.Malformed, IndexError) as error:
        raise NoTable(f"not Parquet: its footer is malformed ({error})") from error
    return found.groups


class _Found:
    """Collects chunks while a footer is scanned."""

    def __init__(self, file_size: int) -> None:
        self.groups: list[list[ColumnChunk]] = []
        self._file_size = file_size
        self._open: list[int] = []
        self._leaves = 0
        self._group: dict[int, thrift.Enter] = {_COLUMNS: self._columns}
        self._column: dict[int, thrift.Enter] = {
            _FILE_PATH: self._elsewhere,
            _META_DATA: self._meta,
            _CRYPTO: self._encrypted,
            _ENCRYPTED: self._encrypted,
        }

    def schema(self, buf: bytes, pos: int, kind: int) -> int:
        return thrift.each(buf, pos, kind, self._element, _LIMIT)

    def _element(self, buf: bytes, pos: int) -> int:
        """Follow the tree, whose elements stand depth first: Arrow does so by recursion."""
        fields, pos = thrift.scan(buf, pos)
        children = fields.get(_CHILDREN, 0)
        while self._open and not self._open[-1]:
            self._open.pop()
        if self._open:
            self._open[-1] -= 1
        self._open.append(max(0, children))
        if len(self._open) > _MAX_DEPTH:
            raise NoTable(f"a Parquet schema nested deeper than {_MAX_DEPTH} levels")
        self._leaves += children <= 0
        check_columns(self._leaves)
        return pos

    def row_groups(self, buf: bytes, pos: int, kind: int) -> int:
        return thrift.each(buf, pos, kind, self._row_group, _LIMIT)

    def _row_group(self, buf: bytes, pos: int) -> int:
        self.groups.append([])
        return thrift.scan(buf, pos, self._group)[1]

    def _columns(self, buf: bytes, pos: int, kind: int) -> int:
        return thrift.each(buf, pos, kind, lambda buf, pos: thrift.scan(buf, pos, self._column)[1], _LIMIT)

    def _meta(self, buf: bytes, pos: int, kind: int) -> int:
        if kind != thrift.STRUCT:
            raise thrift.Malformed("column metadata is not a struct")
        fields, pos = thrift.scan(buf, pos)
        data, dictionary = fields.get(_DATA, 0), fields.get(_DICTIONARY, 0)
        start = min(data, dictionary) if dictionary > 0 else data
        size = fields.get(_SIZE, -1)
        if start < 0 or size < 0 or start + size > self._file_size:
            raise NoTable("damaged Parquet: a column chunk lies outside the file")
        if fields.get(_CODEC) not in _CODECS:
            raise NoTable(f"not Parquet: there is no codec {fields.get(_CODEC)}")
        numbers = [fields.get(field, 0) for field in (_TYPE, _CODEC, _VALUES, _RAW)]
        said = (*numbers, data - start, dictionary - start if dictionary > 0 else -1)
        self.groups[-1].append(ColumnChunk(start, size, max(0, fields.get(_RAW, 0)), said))
        return pos

    def _elsewhere(self, *_: object) -> NoReturn:
        raise NoTable("Parquet whose columns lie in other files")

    def _encrypted(self, *_: object) -> NoReturn:
        raise NoTable("encrypted")
