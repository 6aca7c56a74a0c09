"""FastCDC: cut points that depend on the bytes around them, so that edits stay local.

FastCDC as of 2020 (Xia et al., "The Design of Fast Content-Defined Chunking for Data
Deduplication Based Storage Systems", IEEE TPDS 31(9)), by `pyfastcdc`. The parameters are
not part of the format, but another choice would find none of the old segments again.
"""

import warnings
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from dsv.segment.window import Window

if TYPE_CHECKING:
    from pyfastcdc import FastCDC

COARSE = 128 << 10
"""Average for whole files; a quarter of it is the minimum, which comes on top."""

FINE = 64 << 10
"""Average for short stretches, where the odd segments at both ends weigh more."""

MAX = 1 << 20


@cache
def _chunkers() -> "type[FastCDC]":
    """Load the library when the first file is cut: most are too small, and it takes longer than a small command."""
    with warnings.catch_warnings():
        # Without its compiled module pyfastcdc warns on stderr; `is_compiled` says it to who asks.
        warnings.simplefilter("ignore")
        from pyfastcdc import FastCDC
    return FastCDC


def is_compiled() -> bool:
    """Whether the fast module is in use. The other one gives the same cuts, 200 times slower."""
    return not _chunkers().__module__.startswith("pyfastcdc.py")


def cut(window: Window, start: int, stop: int, average: int = COARSE) -> Iterator[memoryview]:
    """Yield the bytes from `start` up to `stop` in segments of at most `MAX` bytes.

    The cuts are those of the whole stretch, wherever the window's edges fall. They depend on
    the bytes from `start` on alone.

    Raises:
        EOFError: The file has become shorter.
    """
    chunker = _chunkers()(average, min_size=average // 4, max_size=MAX)
    while start < stop:
        window.release(start)
        window.hold(min(stop, start + MAX + 1))
        edge = min(stop, window.stop)
        for chunk in chunker.cut_buf(window.view(start, edge)):
            end = start + chunk.length
            if end == edge != stop:
                # Cut by the window and not by content: look again when more is there. As more
                # than MAX bytes were held, this is never the first chunk.
                break
            yield chunk.data
            start = end
