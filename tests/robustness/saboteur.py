"""What goes wrong on purpose: a process whose Nth change of the disk fails, or is its last one."""

import builtins
import errno
import io
import os
import signal
import threading
from collections.abc import Callable
from random import Random
from typing import Any, Self

from dsv import atomic
from tests.robustness.disk import Disk

NAMES = ("mkdir", "rmdir", "unlink", "remove", "symlink", "link", "rename", "replace")
"""Calls that change names in folders."""

SYNCS = ("fsync", "fdatasync")
CHANGES = tuple(
    name
    for name in (
        *NAMES,
        *SYNCS,
        *("write", "pwrite", "writev", "pwritev", "sendfile", "copy_file_range", "splice"),
        *("truncate", "ftruncate", "posix_fallocate", "chmod", "fchmod", "utime", "sync"),
    )
    if hasattr(os, name)
)
SPACE = frozenset(CHANGES) - {"rmdir", "unlink", "remove", "chmod", "fchmod", "utime", "truncate", "rename"}
"""What fails on a full disk, and `open`."""


class Saboteur:
    """Counts the system calls that change a disk; at one of them it dies, or has it fail.

    A write that is the last call still gets half of its bytes out. Changes that SQLite and other programs make
    are not counted; when the power fails they count as not synced.

    Args:
        last: The number of the call, from 1, that is not made; 0 only counts.
        fail: The name of the error that the call gives instead; after ENOSPC whatever needs space fails.
        power: With the process also goes what was not synced below a folder: the arguments of `Disk`, the seed of
            what is lost, and the file that learns the times.
    """

    def __init__(self, last: int, *, fail: str = "", power: dict[str, Any] | None = None) -> None:
        self.calls = 0
        self._last = last
        self._process = os.getpid()
        self._power = power
        self._fail = getattr(errno, fail) if fail else 0
        self._full = False
        self._lock = threading.RLock()
        self._writing: set[int] = set()
        self._disk: Disk | None = None
        self._real: dict[str, Callable[..., Any]] = {}

    def install(self) -> None:
        """Begin."""
        self._real.update({name: getattr(os, name) for name in (*CHANGES, "open", "close")})
        self._real |= {"file": io.open, "syncfs": atomic.syncfs}
        if self._power is not None:
            self._disk = Disk(self._power["root"], self._power["before"], self._real)
        for name in CHANGES:
            setattr(os, name, self._counted(name))
        os.open, os.close = self._open, self._close
        io.open = builtins.open = self._file
        atomic.syncfs = self._counted("syncfs")

    def stop(self) -> None:
        """Let all that follows be."""
        self._last = 0
        self._full = False

    def count(self, name: str, write: Callable[[], object] = lambda: None) -> None:
        """Count a call, which dies or fails here if it is its turn; `write` makes half of it."""
        if os.getpid() != self._process:
            return  # forked by the command, which is what shall meet it
        self.calls += 1
        now = self.calls == self._last
        if now and not self._fail:
            write()
            self._die()
        self._full = self._full or (now and self._fail == errno.ENOSPC)
        if (now and self._fail) or (self._full and (name in SPACE or name == "open")):
            write()
            raise OSError(self._fail, os.strerror(self._fail))

    def _counted(self, name: str) -> Callable[..., Any]:
        real = self._real[name]

        def call(*arguments: Any, **named: Any) -> Any:
            with self._lock:
                half: Callable[[], object] = lambda: None  # noqa: E731
                if name == "write":
                    half = lambda: real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])  # noqa: E731
                self.count(name, half)
                with _Seen(self._disk, _places(name, arguments, named), new=name in {"mkdir", "symlink"}):
                    result = real(*arguments, **named)
                if self._disk is not None:
                    if name in SYNCS:
                        self._disk.synced(arguments[0])
                    elif name in {"sync", "syncfs"}:
                        self._disk.synced_all()
                return result

        return call

    def _open(self, path: Any, flags: int, *arguments: Any, **named: Any) -> int:
        with self._lock:
            makes = bool(flags & os.O_CREAT)
            if makes or flags & os.O_TRUNC:
                self.count("open")
            with _Seen(self._disk, [(path, named.get("dir_fd"))] if makes else [], new=True):
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
        if not set(mode) & set("wax+"):
            return self._real["file"](file, mode, *arguments, **named)
        with self._lock:
            if isinstance(file, int):
                found = self._real["file"](file, mode, *arguments, **named)
            else:
                self.count("open")
                with _Seen(self._disk, [(file, None)], new=True):
                    found = self._real["file"](file, mode, *arguments, **named)
        return _Watched(found, self)

    def cut(self) -> None:
        """Cut the power now: the command has ended."""
        self._die()

    def _die(self) -> None:
        if self._disk is not None and self._power is not None:
            self._disk.cut(self._power["mode"], Random(self._power["seed"]), self._power["note"])
        os.kill(os.getpid(), signal.SIGKILL)


def _places(name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> list[tuple[Any, int | None]]:
    """Return the names that a call changes, each with the folder that it is in."""
    if name not in NAMES:
        return []
    if name in {"rename", "replace"}:
        return [(arguments[0], named.get("src_dir_fd")), (arguments[1], named.get("dst_dir_fd"))]
    if name == "link":
        return [(arguments[1], named.get("dst_dir_fd"))]
    return [(arguments[name == "symlink"], named.get("dir_fd"))]


class _Seen:
    """Has a disk see a call that changes names, whether it fails or not."""

    def __init__(self, disk: Disk | None, places: list[tuple[Any, int | None]], *, new: bool) -> None:
        self._disk = disk if places else None
        self._new = new
        self._before = self._disk.before(*places) if self._disk is not None else []

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        if self._disk is not None:
            self._disk.after(self._before, new=self._new)


class _Watched:
    """A file that tells of its writes."""

    def __init__(self, file: Any, saboteur: Saboteur) -> None:
        self._file = file
        self._saboteur = saboteur

    def write(self, data: Any) -> Any:
        self._saboteur.count("write", lambda: self._file.write(data[: len(data) // 2]))
        return self._file.write(data)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

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
