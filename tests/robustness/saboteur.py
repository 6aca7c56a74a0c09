"""What goes wrong on purpose: a process that kills itself at its Nth change of the disk."""

import io
import os
import signal
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHANGES = ("write", "rename", "replace", "link", "unlink", "mkdir", "rmdir", "symlink", "fsync", "chmod")


class Saboteur:
    """Counts the system calls that change a disk, and dies before one of them.

    A write that is the last call still gets half of its bytes out. Changes that SQLite makes
    in the stat cache are not seen; it is damaged elsewhere.

    Args:
        last: The number of the call, from 1, that is not made any more; 0 only counts.
        power: Whether what was not synced is lost with the process, as when the power fails.
        below: The folder that loses it.
    """

    def __init__(self, last: int, *, power: bool = False, below: str = "") -> None:
        self.calls = 0
        self._last = last
        self._power = power
        self._below = below
        self._lock = threading.Lock()
        self._unsynced: dict[tuple[int, int], tuple[int, int]] = {}
        self._real: dict[str, Callable[..., Any]] = {}

    def install(self) -> None:
        """Begin."""
        for name in CHANGES:
            self._real[name] = getattr(os, name)
            setattr(os, name, self._counted(name))
        self._real["open"] = os.open
        os.open = self._open
        self._real["builtin"] = io.open

    def _counted(self, name: str) -> Callable[..., Any]:
        real = self._real[name]

        def call(*arguments: Any, **named: Any) -> Any:
            with self._lock:
                self.calls += 1
                if self.calls == self._last:
                    if name == "write":
                        self._note(arguments[0])
                        real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                    self._die()
                if name == "write":
                    self._note(arguments[0])
                result = real(*arguments, **named)
                if name == "fsync":
                    self._forget(arguments[0])
            return result

        return call

    def _open(self, path: Any, flags: int, *arguments: Any, **named: Any) -> int:
        if flags & os.O_CREAT:
            with self._lock:
                self.calls += 1
                if self.calls == self._last:
                    self._die()
        found: int = self._real["open"](path, flags, *arguments, **named)
        return found

    def _note(self, fd: int) -> None:
        """Remember how long a file was before its first write that was not synced."""
        if not self._power:
            return
        found = os.fstat(fd)
        key = (found.st_dev, found.st_ino)
        if key not in self._unsynced and stat.S_ISREG(found.st_mode):
            self._unsynced[key] = (os.dup(fd), found.st_size)

    def _forget(self, fd: int) -> None:
        found = os.fstat(fd)
        held = self._unsynced.pop((found.st_dev, found.st_ino), None)
        if held is not None:
            os.close(held[0])

    def _die(self) -> None:
        for fd, size in self._unsynced.values():
            if str(Path(f"/proc/self/fd/{fd}").readlink()).startswith(self._below):
                os.ftruncate(fd, size)
        os.kill(os.getpid(), signal.SIGKILL)
