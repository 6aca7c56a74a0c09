"""What has come of a file so far; it outlives an interruption, so that fetching can go on from there."""

import json
import os
from pathlib import Path
from typing import Any, Self

from dsv.atomic import replace_file, storing, sync_file, write_all
from dsv.worktree.materialise import check_space

_LOOK_EVERY = 64 << 20
"""After so many bytes it is asked again whether the disk has room: a server may never end."""


class PartialFile:
    """A file that is on its way, with the name that its sender has for this version of it.

    Use it as a context manager: that opens the file.

    Args:
        folder: Where it is; the folder is there. What an earlier try left in it is gone on with.

    Attributes:
        path: The file.
        size: Bytes that have come.
        version: What the sender calls the version that they are of; "" if it cannot be asked for a rest.
        total: How many bytes that version has, if the sender said so.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "data"
        self.size = 0
        self.version = ""
        self.total: int | None = None
        self._note = folder / "version"
        self._fd = -1
        self._unseen = 0

    def __enter__(self) -> Self:
        """Open it.

        Raises:
            StorageError: The disk fails.
        """
        with storing("write", self.path):
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
            self.version, self.total = _read(self._note)
            size = os.fstat(self._fd).st_size
        if self.version:
            self.size = size
        else:
            self.restart("")
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def restart(self, version: str, *, total: int | None = None) -> None:
        """Begin again, with another version.

        Args:
            version: What its sender calls it.
            total: How many bytes it has, if that is told.

        Raises:
            StorageError: There is no room for it, or the disk fails.
        """
        with storing("write", self.path):
            os.ftruncate(self._fd, 0)
            replace_file(self._note, json.dumps([version, total]).encode())
        self.size, self.version, self.total = 0, version, total
        if total is not None:
            check_space(self.path.parent, total)

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            StorageError: The disk is full or fails.
        """
        self._unseen += len(data)
        if self._unseen >= _LOOK_EVERY:
            check_space(self.path.parent, len(data))
            self._unseen = 0
        with storing("write", self.path):
            os.lseek(self._fd, self.size, os.SEEK_SET)
            write_all(self._fd, data)
        self.size += len(data)

    def finish(self) -> None:
        """Have it on the disk.

        Raises:
            StorageError: The disk is full or fails.
        """
        with storing("write", self.path):
            os.ftruncate(self._fd, self.size)
            sync_file(self._fd)


def _read(note: Path) -> tuple[str, int | None]:
    try:
        found: Any = json.loads(note.read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return "", None
    match found:
        case [str() as version, int() | None as total]:
            return version, total
    return "", None
