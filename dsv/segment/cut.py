"""Cutting a file into segments: the public face of the package."""

from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

from dsv.segment import cdc, parquet
from dsv.segment.window import STEP, ReadAt, Window

SMALL = 16 << 10
"""A file up to this size is one segment; pages below it are joined with their neighbours."""

TINY = 16
"""Less than this (the magic, padding) is joined even with a neighbour that is not small. Not more:
a dictionary that goes with the page after it makes that page new whenever it changes."""

JOINED = 32 << 10
"""About how many bytes of small pages follow the first `SMALL` ones in a joined segment."""

LIMIT = 128 << 10
"""Most bytes of a joined segment, give or take a page."""

DENSE = 0.97
"""A page that compression left at this part of its size or more is cut by FastCDC as well: what
was inserted before it moves its bytes, but does not change them."""

MANY = 64
MEAGRE = 512
"""A column chunk that has more than `MANY` pages of under `MEAGRE` bytes on average is not walked
to its end: made by no writer, it would take a second for each megabyte."""


def cut(read_at: ReadAt, size: int, *, step: int = STEP) -> Iterator[memoryview]:
    """Yield the bytes of a file in segments: consecutive, not empty, at most `cdc.MAX` bytes each.

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
    """A stretch up to `stop`; `packed`: an edit changes all of its bytes or none."""

    stop: int
    packed: bool


def _cut(window: Window) -> Iterator[memoryview]:
    run = start = 0
    for stop, packed in _pieces(window, _chunks(window)):
        if stop - start < SMALL:
            window.hold(stop)
            if _ends_run(window, run, start, stop):
                yield window.view(run, stop)
                run = stop
                window.release(run)
        else:
            if start - run < TINY:
                start = run
            else:
                yield window.view(run, start)
                window.release(start)
            if packed and stop - start <= cdc.MAX:
                window.hold(stop)
                yield window.view(start, stop)
            else:
                yield from cdc.cut(window, start, stop, cdc.COARSE if packed else cdc.FINE)
            run = stop
            window.release(run)
        start = stop
    if run < start:
        yield window.view(run, start)
    # What follows the last column chunk, indexes and footer, changes with every edit.
    yield from cdc.cut(window, start, window.size)


def _chunks(window: Window) -> list[parquet.Chunk]:
    """Return the column chunks that can be walked; none if the file is not Parquet."""
    window.hold(len(parquet.MAGIC))
    if window.copy(0, len(parquet.MAGIC)) != parquet.MAGIC:
        return []
    trailer = window.peek(window.size - parquet.TRAILER, parquet.TRAILER)
    length = parquet.footer_size(trailer, window.size)
    if length is None:
        return []
    start = window.size - length
    return parquet.chunks(window.peek(start, length - parquet.TRAILER), start)


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
        yield _Piece(stop, stop - pos <= cdc.FINE or page.body < page.raw * DENSE)
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
