"""Walking through a Parquet file from page to page while it streams by."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dsv.segment import cdc, parquet_layout
from dsv.segment.window import Window

DENSE = 0.97
"""A page that compression left at this part of its size or more is no unit: what is inserted
before it moves its bytes without changing them, so FastCDC cuts inside of it."""

PEEK = 256
"""Bytes in which most headers end; one that does not is looked at again in ever more bytes."""

ALLOWANCE = 4 << 20
SHARE = 8
"""Bytes of headers that are read at the least, and the part of the file that they may be beyond
that: where there is little but headers, in hostile files, walking gains nothing and takes long."""


class Piece(NamedTuple):
    """A stretch up to `stop`; `packed`: an edit changes all of its bytes or none."""

    stop: int
    packed: bool


def walk(
    window: Window, chunks: Sequence[parquet_layout.ChunkBytes], *, allowance: int = ALLOWANCE
) -> Iterator[Piece]:
    """Yield consecutive pieces from the start of the file to the end of the last chunk.

    A piece is a page, what lies between two chunks, or the rest of a chunk from where its
    pages cannot be told apart. What is yielded does not depend on the window's steps.

    Raises:
        EOFError: The file has become shorter.
    """
    done = spent = 0
    for chunk in chunks:
        if done < chunk.start:
            yield Piece(chunk.start, packed=False)
            done = chunk.start
        while done < chunk.end and spent <= allowance + done // SHARE:
            page, looked = _page(window, done, chunk.end)
            spent += looked
            if page is None or page.header + page.body > chunk.end - done:
                break
            size = page.header + page.body
            done += size
            yield Piece(done, packed=size <= cdc.FINE or page.body < page.raw * DENSE)
        if done < chunk.end:
            yield Piece(chunk.end, packed=False)
            done = chunk.end


def _page(window: Window, pos: int, end: int) -> tuple[parquet_layout.PageBytes | None, int]:
    """Return the page at `pos`, if it is one, and how many bytes its header took to read."""
    length = PEEK
    while True:
        stop = min(end, pos + length)
        window.hold(stop)
        try:
            page = parquet_layout.page(window.copy(pos, stop), 0)
        except IndexError:
            if stop == end or length >= parquet_layout.MAX_HEADER:
                return None, stop - pos
            length *= 4
        else:
            return page, page.header if page else stop - pos
