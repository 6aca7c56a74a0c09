"""A lock between processes that dies with its holder."""

import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dsv.atomic import storing
from dsv.errors import Busy

PATIENCE = 10.0
"""Seconds that a command waits for another before it gives up."""

_PAUSE = 0.01


class FileLock:
    """An exclusive lock on a file, held in a `with` block.

    Two locks on one path exclude each other also within a process.

    Args:
        path: The lock file; created if missing, never removed.
        patience: Seconds to wait for another holder.
    """

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self._path = path
        self._patience = patience
        self._held: Any = None

    def __enter__(self) -> Self:
        """Wait for the lock and take it.

        Raises:
            Busy: Somebody else held it for all of the patience.
            StorageError: The lock file cannot be made.
        """
        with storing("lock", self._path):
            self._held = _take_portable(self) if os.name == "nt" else _take_posix(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lock back."""
        held, self._held = self._held, None
        if isinstance(held, int):
            os.close(held)
        else:
            held.release()


def _busy(path: Path) -> Busy:
    return Busy(f"another process holds {path}", hint="wait for it to end, then run the command again")


def _take_posix(lock: FileLock) -> int:
    import fcntl

    fd = os.open(lock._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)  # noqa: SLF001
    deadline = time.monotonic() + lock._patience  # noqa: SLF001
    try:
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise _busy(lock._path) from None  # noqa: SLF001
                time.sleep(_PAUSE)
            else:
                return fd
    except BaseException:
        os.close(fd)
        raise


def _take_portable(lock: FileLock) -> Any:
    import filelock

    held = filelock.FileLock(lock._path, is_singleton=False)  # noqa: SLF001
    try:
        held.acquire(timeout=lock._patience, poll_interval=_PAUSE)  # noqa: SLF001
    except filelock.Timeout:
        raise _busy(lock._path) from None  # noqa: SLF001
    return held
