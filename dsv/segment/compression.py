"""Whether a segment is worth compressing.

Text and plain columns shrink several times over; Parquet pages, images and archives are
compressed already. A sample tells the two apart for a small part of the price. The answer
changes only how a segment is stored, never its id.
"""

import threading
from typing import Protocol

from dsv.hashing import Buffer

LEVEL = 1
"""Level of zstd to store with: measured in `docs/design/001-segment-sizes.md`."""

MIN_SIZE = 512
"""Bytes below which the gain is not worth a decompression at each read."""

SAMPLE = 8 << 10
"""Bytes from the middle that are tried; a segment that is not longer is tried whole."""

PAYS = 0.8
"""What is compressed must come out smaller than this part of itself."""

MAX_TRUST = 16
"""Most segments of a file that are judged like the last one that was tried."""


class _Compressor(Protocol):
    def compress(self, data: Buffer, /) -> bytes: ...


class _Local(threading.local):
    """A compressor for each thread: they cannot be shared."""

    compressor: _Compressor | None = None


_LOCAL = _Local()


def worth_compressing(segment: Buffer) -> bool:
    """Whether zstd makes `segment` smaller by enough; takes 10 to 30 us. Safe in any thread."""
    size = len(segment)
    if size < MIN_SIZE:
        return False
    if size > SAMPLE:
        start = (size - SAMPLE) // 2
        segment = memoryview(segment)[start : start + SAMPLE]
    return len(_compressor().compress(segment)) < PAYS * len(segment)


def _compressor() -> _Compressor:
    if _LOCAL.compressor is None:
        from zstandard import ZstdCompressor  # takes 20 ms: only when something is stored

        _LOCAL.compressor = ZstdCompressor(level=LEVEL, write_checksum=False)
    return _LOCAL.compressor


class Judge:
    """Decides for the segments of one file in turn.

    While samples agree, ever fewer are taken (one in `MAX_TRUST` at last); the first that
    does not agree ends the trust. For one thread at a time.
    """

    __slots__ = ("_last", "_left", "_trust")

    def __init__(self) -> None:
        self._last = False
        self._trust = 0
        self._left = 0

    def wants(self, segment: Buffer) -> bool:
        """Whether to compress `segment`, the next one of the file."""
        if len(segment) < MIN_SIZE:
            return False
        if self._left:
            self._left -= 1
            return self._last
        answer = worth_compressing(segment)
        self._trust = min(2 * self._trust + 1, MAX_TRUST - 1) if answer == self._last else 0
        self._last = answer
        self._left = self._trust
        return answer
