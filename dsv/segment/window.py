"""A window that moves over a file: each byte is read once, in order, and few are held."""

from collections.abc import Callable

from dsv.hashing import Buffer

ReadAt = Callable[[int, int], Buffer]
"""`read_at(offset, length)` returns exactly so many bytes, or raises EOFError."""

STEP = 4 << 20
"""Bytes read at a time."""


class Window:
    """The bytes of a file from `start` to `stop`.

    Views stay good when the window moves on: it gets a new buffer then.

    Attributes:
        size: Bytes of the file.
        stop: How far the file has been read.
    """

    __slots__ = ("_data", "_mark", "_read_at", "_start", "_step", "size", "stop")

    def __init__(self, read_at: ReadAt, size: int, step: int = STEP) -> None:
        self._read_at = read_at
        self._step = step
        self._data = b""
        self._start = 0
        self._mark = 0
        self.size = size
        self.stop = 0

    def release(self, mark: int) -> None:
        """Allow that the bytes before `mark` are forgotten."""
        self._mark = mark

    def hold(self, stop: int) -> None:
        """Have the bytes that were not released up to `stop`, or up to the end of the file.

        Raises:
            EOFError: The file has become shorter.
        """
        stop = min(stop, self.size)
        if stop <= self.stop:
            return
        length = min(max(stop - self.stop, self._step), self.size - self.stop)
        fresh = self._read(self.stop, length)
        kept = self._data[self._mark - self._start :]
        self._data = kept + fresh if kept else fresh
        self._start = self._mark
        self.stop += length

    def view(self, start: int, stop: int) -> memoryview:
        """Return the bytes from `start` up to `stop`, which are held."""
        return memoryview(self._data)[start - self._start : stop - self._start]

    def copy(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` up to `stop`, which are held."""
        return self._data[start - self._start : stop - self._start]

    def peek(self, start: int, length: int) -> bytes:
        """Return the `length` bytes from `start` on without moving; they are read again later.

        Raises:
            EOFError: The file has become shorter.
        """
        if self._start <= start and start + length <= self.stop:
            return self.copy(start, start + length)
        return self._read(start, length)

    def _read(self, start: int, length: int) -> bytes:
        data = bytes(self._read_at(start, length))
        if len(data) != length:
            raise EOFError(f"{len(data)} bytes instead of {length} at {start}")
        return data
