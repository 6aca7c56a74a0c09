"""Output on its way: passed on as it comes, with the end of it kept."""

import contextlib
import os
import threading
from collections import deque

_STEP = 1 << 16


class Tail:
    """The last bytes of what was fed, in the order in which it came. Threads may feed at once.

    Args:
        limit: How many bytes are kept.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._lock = threading.Lock()

    def feed(self, data: bytes) -> None:
        """Add `data` at the end."""
        with self._lock:
            self._pieces.append(data)
            self._size += len(data)
            while self._size - len(self._pieces[0]) >= self._limit:
                self._size -= len(self._pieces.popleft())

    def text(self) -> str:
        """Return what is kept; bytes that are not UTF-8 are replaced."""
        with self._lock:
            data = b"".join(self._pieces)
        return data[max(len(data) - self._limit, 0) :].decode("utf-8", "replace")


class Pump:
    """Copies one descriptor to another in a thread, and closes the one that it reads.

    Nobody being there to read the output (a closed pipe) does not stop the command: the rest is
    only kept.

    Args:
        source: Read until it ends; a pseudo terminal ends with an error, which is no error here.
        target: Written to.
        tail: Fed with all that passes.
    """

    def __init__(self, source: int, target: int, tail: Tail) -> None:
        self._source = source
        self._target: int | None = target
        self._tail = tail
        self._thread = threading.Thread(target=self._copy, name="dsv-output", daemon=True)
        self._thread.start()

    def join(self, timeout: float) -> bool:
        """Wait until the source has ended; return whether it has, within `timeout` seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _copy(self) -> None:
        try:
            while data := self._next():
                self._tail.feed(data)
                self._pass_on(data)
        finally:
            os.close(self._source)

    def _next(self) -> bytes:
        with contextlib.suppress(OSError):
            return os.read(self._source, _STEP)
        return b""

    def _pass_on(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view and self._target is not None:
                view = view[os.write(self._target, view) :]
        except OSError:
            self._target = None
