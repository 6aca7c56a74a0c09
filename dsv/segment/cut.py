"""Cutting a file into segments: the public face of the package."""

from collections.abc import Iterator
from zlib import crc32

from dsv.segment import cdc, parquet_layout, parquet_pages
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


def _cut(window: Window) -> Iterator[memoryview]:
    run = start = 0
    for stop, packed in parquet_pages.walk(window, _chunks(window)):
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


def _chunks(window: Window) -> list[parquet_layout.ChunkBytes]:
    """Return the column chunks that can be walked; none if the file is not Parquet."""
    window.hold(len(parquet_layout.MAGIC))
    if window.copy(0, len(parquet_layout.MAGIC)) != parquet_layout.MAGIC:
        return []
    trailer = window.peek(window.size - parquet_layout.TRAILER, parquet_layout.TRAILER)
    length = parquet_layout.footer_size(trailer, window.size)
    if length is None:
        return []
    start = window.size - length
    return parquet_layout.chunks(window.peek(start, length - parquet_layout.TRAILER), start)


def _ends_run(window: Window, run: int, start: int, stop: int) -> bool:
    """Whether a run of small pieces ends after the one from `start` up to `stop`."""
    if stop - run < SMALL:
        return False
    return stop - run >= LIMIT or crc32(window.view(start, stop)) % JOINED < stop - start
