"""Cutting a file into segments: the public face of the package."""

from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

from dsv.segment import cdc, parquet
from dsv.segment.window import STEP, ReadAt, Window

SMALL = 16 << 10
"""A file up to this size is one segment; pages below it are joined with their neighbours."""

JOINED = 32 << 10
"""About how many bytes of small pages follow the first `SMALL` ones in a joined segment."""

LIMIT = 128 << 10
"""Most bytes of a joined segment, give or take a page."""

DENSE = 0.97
"""A page that compression made no smaller than this is cut by FastCDC as well."""

LARGE = 1 << 20
"""A page above this size is cut by FastCDC."""

MANY = 64
MEAGRE = 512
"""A chunk that has `MANY` pages of under `MEAGRE` bytes on average is not walked on."""


def cut(read_at: ReadAt, size: int, *, step: int = STEP) -> Iterator[memoryview]:
    """Yield the bytes of a file in segments: consecutive, not empty, at most 1 MiB each.

    They concatenate to the file whatever is in it. The bytes are read in order, each once (but
    for a Parquet file's footer), `step` at a time, and not held on to.

    Args:
        read_at: Returns exactly `length` bytes from `offset`.
        size: Bytes of the file.
        step: Bytes to read at a time; the cuts do not depend on it.

    Raises:
        EOFError: From `read_at`: the file has become shorter.
    """
    if size <= SMALL:
        return iter((memoryview(read_at(0, size)),) if size else ())
    return _cut(Window(read_at, size, step))


def is_single(size: int) -> bool:
    """Whether a file of `size` bytes is one segment, which need not be asked for."""
    return 0 < size <= SMALL


class _Piece(NamedTuple):
    """A stretch up to `stop`; `whole`: cutting inside of it would help nobody."""

    stop: int
    whole: bool


def _cut(window: Window) -> Iterator[memoryview]:
    footer, end = _footer(window)
    chunks = parquet.chunks(footer, end) if footer else []
    run = start = 0
    for stop, whole in _pieces(window, chunks):
        if stop - start < SMALL:
            window.hold(stop)
            if _ends_run(window, run, start, stop):
                yield window.view(run, stop)
                run = stop
                window.release(run)
        else:
            if run < start:
                yield window.view(run, start)
            window.release(start)
            if whole and stop - start <= LARGE:
                window.hold(stop)
                yield window.view(start, stop)
            else:
                yield from cdc.cut(window, start, stop)
            run = stop
            window.release(run)
        start = stop
    if run < start:
        yield window.view(run, start)
    # What follows the last column chunk, indexes and footer, changes with every edit.
    yield from cdc.cut(window, start, window.size)


def _footer(window: Window) -> tuple[bytes, int]:
    """Return the footer and where it starts; no bytes if the file is not Parquet."""
    window.hold(len(parquet.MAGIC))
    if window.copy(0, len(parquet.MAGIC)) != parquet.MAGIC:
        return b"", 0
    trailer = window.peek(window.size - parquet.TRAILER, parquet.TRAILER)
    whole = parquet.footer_size(trailer, window.size)
    if whole is None:
        return b"", 0
    start = window.size - whole
    return window.peek(start, whole - parquet.TRAILER), start


def _pieces(window: Window, chunks: list[parquet.Chunk]) -> Iterator[_Piece]:
    """Yield consecutive stretches from the start of the file to the end of the last chunk."""
    done = 0
    for chunk in chunks:
        if done < chunk.start:
            yield _Piece(chunk.start, False)
        done = chunk.start
        for piece in _pages(window, chunk):
            yield piece
            done = piece.stop
        if done < chunk.end:
            yield _Piece(chunk.end, False)
            done = chunk.end


def _pages(window: Window, chunk: parquet.Chunk) -> Iterator[_Piece]:
    """Yield the pages of a chunk as far as they can be told apart."""
    pos = chunk.start
    count = 0
    while pos < chunk.end:
        page = _page(window, pos, chunk.end)
        count += 1
        if page is None or (count > MANY and pos - chunk.start < count * MEAGRE):
            return
        stop = pos + page.header + page.body
        if stop > chunk.end:
            return
        yield _Piece(stop, page.body < page.raw * DENSE)
        pos = stop


def _page(window: Window, pos: int, end: int) -> parquet.Page | None:
    """Return the page at `pos`, looking at ever more bytes as long as its header goes on."""
    length = 256
    while True:
        stop = min(end, pos + length)
        window.hold(stop)
        try:
            return parquet.page(window.copy(pos, stop), 0)
        except IndexError:
            if stop == end or length >= parquet.MAX_HEADER:
                return None
            length *= 4


def _ends_run(window: Window, run: int, start: int, stop: int) -> bool:
    """Whether a run of small pieces ends after the one from `start` up to `stop`."""
    if stop - run < SMALL:
        return False
    return stop - run >= LIMIT or crc32(window.view(start, stop)) % JOINED < stop - start
