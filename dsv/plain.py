"""Reading files that others may have put there: a link to a device or a pipe must not hang, nor fill the memory."""

import os
import stat as modes
from pathlib import Path

from dsv.errors import BadConfig

SETTINGS_LIMIT = 4 << 20
"""Bytes of the largest file of settings that is read."""

_OPEN = os.O_RDONLY
for _flag in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOCTTY"):
    _OPEN |= getattr(os, _flag, 0)


def read_plain(path: Path, limit: int = SETTINGS_LIMIT) -> bytes:
    """Return what is in the file `path`, which is a regular one of at most `limit` bytes, or a link to one.

    Raises:
        BadConfig: It is something else, or larger.
        OSError: It is not there, or cannot be read.
    """
    # The kind is asked of what was opened: a name may lead elsewhere a moment later.
    fd = os.open(path, _OPEN)
    try:
        found = os.fstat(fd)
        if modes.S_ISDIR(found.st_mode):
            raise IsADirectoryError(f"{path.name} is a folder")
        if not modes.S_ISREG(found.st_mode):
            raise BadConfig(f"{path.name} is no regular file", hint=f"ls -l {path.name}  # what it leads to")
        data = bytearray()
        while len(data) <= limit and (more := os.read(fd, limit + 1 - len(data))):
            data += more
    finally:
        os.close(fd)
    if len(data) > limit:
        raise BadConfig(f"{path.name} has more than {limit >> 20} MiB, so it holds no settings")
    return bytes(data)


def read_plain_text(path: Path, limit: int = SETTINGS_LIMIT, errors: str = "strict") -> str:
    """Return the UTF-8 text in a file; lines end as in Python's text files.

    Raises:
        BadConfig, OSError: As `read_plain`.
        UnicodeDecodeError: It is not UTF-8.
    """
    return read_plain(path, limit).decode("utf-8", errors).replace("\r\n", "\n").replace("\r", "\n")
