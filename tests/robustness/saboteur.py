"""What goes wrong on purpose: a process whose Nth change of the disk fails, or is its last one."""

import builtins
import errno
import io
import os
import signal
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from tests.robustness.names import Names, covered

CHANGES = (
    *(
        "write",
        "pwrite",
        "rename",
        "replace",
        "link",
        "unlink",
        "remove",
        "mkdir",
        "rmdir",
        "symlink",
        "fsync",
    ),
    *("chmod", "ftruncate", "truncate", "sendfile"),
)
SPACE = frozenset({"write", "pwrite", "link", "mkdir", "symlink", "sendfile", "open", "fsync", "ftruncate"})
"""What fails on a full disk."""


class Saboteur:
    """Counts the system calls that change a disk; at one of them it dies, or has it fail.

    A write that is the last call still gets half of its bytes out. Changes that SQLite makes
    in the stat cache are not seen; when the power fails it is left torn.

    Args:
        last: The number of the call, from 1, that is not made; 0 only counts.
        power: Whether what was not synced is lost with the process, as when the power fails: bytes of
            files, and names in folders, all of them or every other one.
        below: The folder that loses it.
        fail: The name of the error that the call gives instead; after ENOSPC whatever needs space fails.
    """

    def __init__(self, last: int, *, power: bool = False, below: str = "", fail: str = "") -> None:
        self.calls = 0
        self._last = last
        self._power = power
        self._below = below
        self._fail = getattr(errno, fail) if fail else 0
        self._full = False
        self._lock = threading.RLock()
        self._unsynced: dict[tuple[int, int], tuple[int, int]] = {}
        self._writing: set[int] = set()
        self._names = Names(below)
        self._real: dict[str, Callable[..., Any]] = {}

    def install(self) -> None:
        """Begin."""
        for name in CHANGES:
            self._real[name] = getattr(os, name)
            setattr(os, name, self._counted(name))
        self._real["open"], os.open = os.open, self._open
        self._real["close"], os.close = os.close, self._close
        self._real["file"] = io.open
        io.open = builtins.open = self._file

    def stop(self) -> None:
        """Let all that follows be."""
        self._last = 0
        self._full = False

    def count(self, name: str, write: Callable[[], object] = lambda: None) -> None:
        """Count a call, which dies or fails here if it is its turn; `write` makes half of it."""
        self.calls += 1
        now = self.calls == self._last
        if now and not self._fail:
            write()
            self._die()
        self._full = self._full or (now and self._fail == errno.ENOSPC)
        if (now and self._fail) or (self._full and name in SPACE):
            write()
            raise OSError(self._fail, os.strerror(self._fail))

    def _counted(self, name: str) -> Callable[..., Any]:
        real = self._real[name]

        def call(*arguments: Any, **named: Any) -> Any:
            with self._lock:
                half: Callable[[], object] = lambda: None  # noqa: E731
                if name == "write":
                    self._note(arguments[0])
                    half = lambda: real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])  # noqa: E731
                self.count(name, half)
                if self._power:
                    self._names.before(name, arguments)
                result = real(*arguments, **named)
                if name == "fsync":
                    self._forget(arguments[0])
                return result

        return call

    def _open(self, path: Any, flags: int, *arguments: Any, **named: Any) -> int:
        with self._lock:
            if flags & os.O_CREAT:
                self.count("open")
                if self._power and not os.path.lexists(path):
                    self._names.before("create", (path,))
            found: int = self._real["open"](path, flags, *arguments, **named)
            if flags & (os.O_WRONLY | os.O_RDWR):
                self._writing.add(found)
            return found

    def _close(self, fd: int) -> None:
        with self._lock:
            try:
                if fd in self._writing:
                    self._writing.discard(fd)
                    self.count("close")
            finally:
                self._real["close"](fd)

    def _file(self, file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        """Open a file as Python does; what is written to it in one go counts as one call."""
        if isinstance(file, int) or not set(mode) & set("wax+"):
            return self._real["file"](file, mode, *arguments, **named)
        with self._lock:
            self.count("open")
            if self._power and not os.path.lexists(file):
                self._names.before("create", (file,))
            found = self._real["file"](file, mode, *arguments, **named)
        return _Watched(found, self)

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
        if stat.S_ISDIR(found.st_mode):
            self._names.synced(found)
        held = self._unsynced.pop((found.st_dev, found.st_ino), None)
        if held is not None:
            self._real["close"](held[0])

    def _die(self) -> None:
        if self._power:
            for fd, size in self._unsynced.values():
                if covered(str(Path(f"/proc/self/fd/{fd}").readlink()), self._below):
                    self._real["ftruncate"](fd, size)
            for path in Path(self._below).glob("stat*") if self._last % 3 == 0 else ():
                self._real["truncate"](path, path.stat().st_size // 2)  # SQLite syncs nothing there
            self._names.lose(self._real, every=1 + self._last % 2)
        os.kill(os.getpid(), signal.SIGKILL)


class _Watched:
    """A file that tells of its writes."""

    def __init__(self, file: Any, saboteur: Saboteur) -> None:
        self._file = file
        self._saboteur = saboteur

    def write(self, data: Any) -> Any:
        self._saboteur.count("write", lambda: self._file.write(data[: len(data) // 2]))
        return self._file.write(data)

    def truncate(self, *size: int) -> Any:
        self._saboteur.count("ftruncate")
        return self._file.truncate(*size)

    def close(self) -> None:
        try:
            if not self._file.closed:
                self._saboteur.count("close")
        finally:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Any:
        return iter(self._file)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
