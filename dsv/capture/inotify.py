"""Linux's inotify, by ctypes: which names in which folders were opened, changed, moved.

The structure and the flags are those of `inotify(7)` and `linux/inotify.h`. The packages that
wrap inotify either leave out the events for opening and reading, or are as long as this.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

ACCESS: Final = 0x1
MODIFY: Final = 0x2
ATTRIB: Final = 0x4
CLOSE_WRITE: Final = 0x8
CLOSE_NOWRITE: Final = 0x10
OPEN: Final = 0x20
MOVED_FROM: Final = 0x40
MOVED_TO: Final = 0x80
CREATE: Final = 0x100
DELETE: Final = 0x200
OVERFLOW: Final = 0x4000
IGNORED: Final = 0x8000
ISDIR: Final = 0x4000_0000

_ONLY_DIRECTORIES: Final = 0x0100_0000
_NO_LINKS: Final = 0x0200_0000

USES: Final = (
    ACCESS | MODIFY | ATTRIB | CLOSE_WRITE | CLOSE_NOWRITE | OPEN | MOVED_FROM | MOVED_TO | CREATE | DELETE
)
"""All that can happen to a name in a folder."""

_FOLDER_CHANGES: Final = MOVED_FROM | MOVED_TO | CREATE | IGNORED

_HEADER = struct.Struct("iIII")
_BUFFER = 1 << 18


class Event(NamedTuple):
    """Something happened.

    Attributes:
        watch: The number of the folder's watch; -1 for an overflow.
        mask: The flags.
        cookie: Joins the two halves of a move; else 0.
        name: The name in the folder; empty if it happened to the folder itself.
    """

    watch: int
    mask: int
    cookie: int
    name: str


class Inotify:
    """One queue of events and its watches.

    Raises:
        OSError: This system has no inotify, or the user has too many queues (EMFILE).
    """

    def __init__(self) -> None:
        try:
            self._libc: Any = ctypes.CDLL(None, use_errno=True)
            start = self._libc.inotify_init1
        except (AttributeError, OSError, TypeError) as error:
            raise OSError(errno.ENOSYS, "no inotify on this system") from error
        self.fd: int = start(os.O_CLOEXEC | os.O_NONBLOCK)
        if self.fd < 0:
            raise _failure()

    def add(self, folder: str) -> int:
        """Watch `folder`; return the watch's number, the same one for the same folder.

        Raises:
            OSError: It is gone, is no folder or may not be read; or no watch is left (ENOSPC).
        """
        watch: int = self._libc.inotify_add_watch(
            self.fd, os.fsencode(folder), USES | _ONLY_DIRECTORIES | _NO_LINKS
        )
        if watch < 0:
            raise _failure()
        return watch

    def remove(self, watch: int) -> None:
        """Watch no longer; a watch that is gone already is no error."""
        self._libc.inotify_rm_watch(self.fd, watch)

    def read(self) -> bytes:
        """Return the events that wait in the queue, at most one buffer of them; empty if there are none."""
        try:
            return os.read(self.fd, _BUFFER)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Give back the queue and all watches."""
        os.close(self.fd)


def parse(data: bytes) -> Iterator[Event]:
    """Yield the events in `data`, without those of folders that were only opened, listed and closed."""
    offset = 0
    while offset < len(data):
        watch, mask, cookie, size = _HEADER.unpack_from(data, offset)
        start = offset + _HEADER.size
        offset = start + size
        if mask & ISDIR and not mask & _FOLDER_CHANGES:
            continue
        yield Event(watch, mask, cookie, os.fsdecode(data[start:offset].rstrip(b"\0")))


def limit(name: str) -> int | None:
    """Return the system's limit `name` of inotify, such as `max_user_watches`; None if it tells none."""
    try:
        with open(f"/proc/sys/fs/inotify/{name}", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read())
    except (OSError, ValueError):
        return None


def _failure() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
