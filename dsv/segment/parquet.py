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
MAX_FOOTER = 32 << 20
MAX_CHUNKS = 1 << 19
MAX_HEADER = 16 << 20
"""More than this is no Parquet that is worth the time and the memory of a walk."""

_ROW_GROUPS = 4
_COLUMNS = 1
_FILE_PATH, _META_DATA, _CRYPTO = 1, 3, 8
_CHUNK_SIZE = 7
_PAGE_OFFSETS = (9, 10, 11)
_UNCOMPRESSED, _COMPRESSED = 2, 3


class Chunk(NamedTuple):
    """A column chunk: the bytes from `start` up to `end` are pages."""

    start: int
    end: int


class Page(NamedTuple):
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


def chunks(footer: bytes, end: int) -> list[Chunk]:
    """Return the column chunks that a footer names, in order and apart from each other.

    Chunks that overlap, are encrypted, lie in another file or outside of the data are left
    out; a footer that cannot be read has none.

    Args:
        footer: The footer, without the trailer.
        end: Where the footer starts in the file, and so where data ends.
    """
    found: list[Chunk] = []
    try:
        thrift.scan(footer, 0, {_ROW_GROUPS: lambda buf, pos, kind: _row_groups(buf, pos, kind, found)})
    except (thrift.Malformed, IndexError):
        return []
    return _apart(chunk for chunk in found if len(MAGIC) <= chunk.start < chunk.end <= end)


def page(buf: bytes, pos: int) -> Page | None:
    """Return the page whose header starts at `pos`, or None if that is no page header.

    Raises:
        IndexError: The header goes on beyond the end of `buf`.
    """
    try:
        fields, end = thrift.scan(buf, pos)
    except thrift.Malformed:
        return None
    body, raw = fields.get(_COMPRESSED, -1), fields.get(_UNCOMPRESSED, -1)
    return Page(end - pos, body, raw) if body >= 0 and raw >= 0 else None


def _row_groups(buf: bytes, pos: int, kind: int, found: list[Chunk]) -> int:
    def column(buf: bytes, pos: int) -> int:
        return _column(buf, pos, found)

    columns = {_COLUMNS: lambda buf, pos, kind: thrift.each(buf, pos, kind, column)}
    return thrift.each(buf, pos, kind, lambda buf, pos: thrift.scan(buf, pos, columns)[1])


def _column(buf: bytes, pos: int, found: list[Chunk]) -> int:
    elsewhere = False
    meta: dict[int, int] = {}

    def skip(buf: bytes, pos: int, kind: int) -> int:
        nonlocal elsewhere
        elsewhere = True
        return thrift.skip(buf, pos, kind)

    def read(buf: bytes, pos: int, kind: int) -> int:
        nonlocal meta
        if kind != thrift.STRUCT:
            raise thrift.Malformed("column metadata is not a struct")
        meta, pos = thrift.scan(buf, pos)
        return pos

    pos = thrift.scan(buf, pos, {_FILE_PATH: skip, _META_DATA: read, _CRYPTO: skip})[1]
    offsets = [meta[field] for field in _PAGE_OFFSETS if meta.get(field, 0) > 0]
    size = meta.get(_CHUNK_SIZE, 0)
    if offsets and size > 0 and not elsewhere:
        if len(found) == MAX_CHUNKS:
            raise thrift.Malformed("too many column chunks")
        start = min(offsets)
        found.append(Chunk(start, start + size))
    return pos


def _apart(found: Iterable[Chunk]) -> list[Chunk]:
    """Return the chunks in order, without those that overlap another."""
    kept: list[Chunk] = []
    reach = 0
    for chunk in sorted(found):
        if chunk.start >= reach:
            kept.append(chunk)
        elif kept and kept[-1].end > chunk.start:
            kept.pop()
        reach = max(reach, chunk.end)
    return kept
