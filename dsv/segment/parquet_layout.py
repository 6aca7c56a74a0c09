"""Where the column chunks and the pages of a Parquet file are.

From the Parquet format (parquet-format: README.md, `parquet.thrift`): a file starts and
ends with `PAR1`; before the last one stand the footer's length and the footer; a column
chunk is a run of pages, each a Thrift header and a body whose size the header gives.
Only hints are taken from all that: whatever does not fit is left out, nothing raises.
"""

from collections.abc import Iterable
from typing import NamedTuple

from dsv.segment import thrift

MAGIC = b"PAR1"
TRAILER = 8
"""Bytes of the footer's length and the magic after it."""

MIN_SIZE = len(MAGIC) + TRAILER
MAX_FOOTER = 16 << 20
MAX_CHUNKS = 1 << 19
MAX_HEADER = 16 << 20
"""More than this is no Parquet that is worth the time and the memory of a walk."""

_NUM_ROWS = 3
_ROW_GROUPS = 4
_COLUMNS = 1
_FILE_PATH, _META_DATA, _CRYPTO = 1, 3, 8
_CHUNK_SIZE = 7
_PAGE_OFFSETS = (9, 10, 11)
_UNCOMPRESSED, _COMPRESSED = 2, 3


class ChunkBytes(NamedTuple):
    """A column chunk: the bytes from `start` up to `end` are pages."""

    start: int
    end: int


class PageBytes(NamedTuple):
    """A page: bytes of its header, of its body, and of the body before compression."""

    header: int
    body: int
    raw: int


def footer_size(trailer: bytes, size: int) -> int | None:
    """Return the bytes of the footer and the trailer of a file of `size` bytes, or None.

    Args:
        trailer: The last `TRAILER` bytes of the file.
        size: Of the file; its first bytes are `MAGIC`.
    """
    if size < MIN_SIZE or trailer[4:] != MAGIC:
        return None
    whole = int.from_bytes(trailer[:4], "little") + TRAILER
    return whole if TRAILER < whole <= min(size - len(MAGIC), MAX_FOOTER) else None


def chunks(footer: bytes, end: int, *, most: int = MAX_CHUNKS) -> list[ChunkBytes]:
    """Return the column chunks that a footer names, in order and apart from each other.

    Chunks that overlap, are encrypted, lie in another file or outside of the data are left
    out; a footer that cannot be read has none.

    Args:
        footer: The footer, without the trailer.
        end: Where the footer starts in the file, and so where data ends.
        most: A footer of more chunks counts as one that cannot be read.
    """
    found = _Found(most)
    try:
        thrift.scan(footer, 0, {_ROW_GROUPS: found.row_groups})
    except (thrift.Malformed, IndexError):
        return []
    return _apart(chunk for chunk in found.chunks if len(MAGIC) <= chunk.start < chunk.end <= end)


def rows(footer: bytes) -> int | None:
    """Return how many rows a footer says that there are, None if it cannot be read."""
    try:
        found = thrift.scan(footer, 0)[0].get(_NUM_ROWS)
    except (thrift.Malformed, IndexError):
        return None
    return found if found is not None and found >= 0 else None


def page(buf: bytes, pos: int) -> PageBytes | None:
    """Return the page whose header starts at `pos`, or None if that is no page header.

    Raises:
        IndexError: The header goes on beyond the end of `buf`.
    """
    try:
        fields, end = thrift.scan(buf, pos)
    except thrift.Malformed:
        return None
    body, raw = fields.get(_COMPRESSED, -1), fields.get(_UNCOMPRESSED, -1)
    return PageBytes(end - pos, body, raw) if body >= 0 and raw >= 0 else None


class _Found:
    """Collects the column chunks of a footer while it is scanned."""

    def __init__(self, most: int) -> None:
        self.chunks: list[ChunkBytes] = []
        self._most = self._left = most
        self._elsewhere = False
        self._meta: dict[int, int] = {}
        self._columns = {_COLUMNS: self._list}
        self._column = {_FILE_PATH: self._refuse, _META_DATA: self._read, _CRYPTO: self._refuse}

    def row_groups(self, buf: bytes, pos: int, kind: int) -> int:
        """Read the list of row groups."""
        return thrift.each(
            buf, pos, kind, lambda buf, pos: thrift.scan(buf, pos, self._columns)[1], self._most
        )

    def _list(self, buf: bytes, pos: int, kind: int) -> int:
        return thrift.each(buf, pos, kind, self._one, self._most)

    def _one(self, buf: bytes, pos: int) -> int:
        self._left -= 1
        if self._left < 0:
            raise thrift.Malformed("too many column chunks")
        self._elsewhere = False
        self._meta = {}
        pos = thrift.scan(buf, pos, self._column)[1]
        offsets = [self._meta[field] for field in _PAGE_OFFSETS if self._meta.get(field, 0) > 0]
        if offsets and not self._elsewhere:
            start = min(offsets)
            self.chunks.append(ChunkBytes(start, start + self._meta.get(_CHUNK_SIZE, 0)))
        return pos

    def _refuse(self, buf: bytes, pos: int, kind: int) -> int:
        self._elsewhere = True
        return thrift.skip(buf, pos, kind)

    def _read(self, buf: bytes, pos: int, kind: int) -> int:
        if kind != thrift.STRUCT:
            raise thrift.Malformed("column metadata is not a struct")
        self._meta, pos = thrift.scan(buf, pos)
        return pos


def _apart(found: Iterable[ChunkBytes]) -> list[ChunkBytes]:
    """Return the chunks in order, without those that overlap another."""
    kept: list[ChunkBytes] = []
    reach = 0
    for chunk in sorted(found):
        if chunk.start >= reach:
            kept.append(chunk)
        elif kept and kept[-1].end > chunk.start:
            kept.pop()
        reach = max(reach, chunk.end)
    return kept
