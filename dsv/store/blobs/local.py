"""A store in a local folder, or in two: packs may be on another disk."""

import contextlib
import errno
import mmap
import os
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

from dsv import atomic
from dsv.errors import Conflict, Corrupt, RefMoved, StorageError
from dsv.hashing import Buffer
from dsv.lock import FileLock
from dsv.store.blobs.base import ALL_KEPT, BlobInfo, Conditions
from dsv.store.blobs.owners import token
from dsv.store.refs import MAX_BYTES

OPEN_FILES = 96
"""Files kept open for reading: macOS allows a process 256 by default."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)+")
_READ_ONLY = 0o444

# A folder that many can write may hold pipes, and opening one must not wait for its other end.
_READING = (
    os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
)


class _Handle:
    """An open file that closes itself when the last reader has let go of it."""

    __slots__ = ("fd", "lock")

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, _READING)
        self.lock = threading.Lock()

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError, OSError):
            os.close(self.fd)

    def read(self, length: int, offset: int) -> bytes:
        """Return up to `length` bytes from `offset`."""
        if hasattr(os, "pread"):
            return os.pread(self.fd, length, offset)
        with self.lock:
            os.lseek(self.fd, offset, os.SEEK_SET)
            return os.read(self.fd, length)


class LocalBlobs:
    """Blobs in a folder; `dsv.store.blobs.base.Blobs` says what the methods do.

    Args:
        root: The folder of the store; it must exist.
        packs: A folder that holds `packs/` and its scratch files instead, perhaps on another disk.
        owner: The `token` of the workspace as it was found: refs are not replaced if it has another by
            then, since the packs are elsewhere. Empty: nobody asks.
    """

    def __init__(self, root: Path, *, packs: Path | None = None, owner: bytes | None = b"") -> None:
        self.root = root
        self.packs_home = packs or root
        self._owner = owner
        self._handles: dict[str, _Handle] = {}

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Return bytes of a blob."""
        handle = self._handles.get(name) or self._open(name)
        try:
            if length is None:
                length = max(0, os.fstat(handle.fd).st_size - offset)
            data = handle.read(length, offset)
            if len(data) == length:
                return data
            return self._read_on(handle, name, data, offset, length)
        except OSError as error:
            raise atomic.storage_error("read", name, error) from error

    @staticmethod
    def _read_on(handle: _Handle, name: str, data: bytes, offset: int, length: int) -> bytes:
        # One read gives at most 2 GiB, or less where a signal came in between.
        parts = [data]
        done = len(data)
        while done < length:
            part = handle.read(length - done, offset + done)
            if not part:
                raise Corrupt(f"{name} ends at byte {offset + done}, before {offset + length}")
            parts.append(part)
            done += len(part)
        return b"".join(parts)

    def view(self, name: str) -> bytes | mmap.mmap:
        """Return all of a blob, mapped into memory."""
        handle = self._open_new(name)  # a mapping outlives its descriptor
        try:
            if os.fstat(handle.fd).st_size == 0:
                return b""
            return mmap.mmap(handle.fd, 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise atomic.storage_error("read", name, error) from error

    def put(self, name: str, data: Buffer) -> bool:
        """Create a blob; False if the name is taken."""
        path = self._path(name)
        with atomic.storing("write", path):
            temp_folder = self._temp_folder(name)
            atomic.make_folder(path.parent)
        return atomic.create_file(path, data, mode=_READ_ONLY, temp_folder=temp_folder)

    def adopt(self, name: str, path: Path) -> bool:
        """Create a blob from a local file, which is consumed."""
        target = self._path(name)
        with atomic.storing("write", target):
            atomic.make_folder(target.parent)
            temp = self._bring(name, path)
            temp.chmod(_READ_ONLY)
            fd = os.open(temp, os.O_RDONLY)
            try:
                atomic.sync_file(fd)
            finally:
                os.close(fd)
            return atomic.move_new(temp, target)

    def _bring(self, name: str, path: Path) -> Path:
        folder = self._temp_folder(name)
        if path.parent == folder:
            return path
        temp = folder / atomic.temp_name()
        try:
            path.rename(temp)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            try:
                shutil.copyfile(path, temp)
            except BaseException:
                with contextlib.suppress(OSError):
                    temp.unlink()
                raise
            path.unlink()
        return temp

    def scratch(self) -> Path:
        """Return a folder on the disk of the packs."""
        with atomic.storing("write", self.packs_home):
            return self._temp_folder("packs/")

    def list(self, prefix: str) -> Iterator[BlobInfo]:
        """Yield the blobs whose names start with `prefix`."""
        home = self._home(prefix)
        folders = [prefix.rstrip("/")]
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(home / folder) as entries:
                    for entry in entries:
                        name = f"{folder}/{entry.name}"
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(name)
                            continue
                        with contextlib.suppress(FileNotFoundError):
                            status = entry.stat(follow_symlinks=False)
                            yield BlobInfo(name, status.st_size, status.st_mtime)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise atomic.storage_error("list", home / folder, error) from error

    def delete(self, name: str) -> None:
        """Remove a blob; no error if it is gone already."""
        path = self._home(name) / name
        self._handles.pop(name, None)
        with atomic.storing("delete", path), contextlib.suppress(FileNotFoundError):
            if os.name == "nt":
                path.chmod(0o666)  # Windows keeps read-only files
            path.unlink()

    def load(self) -> bytes | None:
        """Return the mutable object."""
        path = self.root / "refs"
        try:
            with os.fdopen(os.open(path, _READING), "rb") as file:
                return file.read(MAX_BYTES + 1)  # what is longer is refused when it is decoded
        except FileNotFoundError:
            return None
        except OSError as error:
            raise atomic.storage_error("read", path, error) from error

    def swap(self, expected: bytes | None, new: bytes) -> None:
        """Replace the mutable object if it still is `expected`.

        Raises:
            RefMoved: It is something else by now.
            Conflict: The packs were moved to another folder.
            Busy: Another process held the lock for too long.
        """
        with FileLock(self.root / "refs.lock"):
            if self.load() != expected:
                raise RefMoved("refs were changed by another process meanwhile")
            if self._owner != b"" and token(self.root) != self._owner:
                raise Conflict(
                    "the packs of this workspace were moved meanwhile", hint="run the command again"
                )
            atomic.replace_file(self.root / "refs", new, temp_folder=self._temp_folder("refs"))

    def conditions(self) -> Conditions:
        """Return which conditions are kept: all."""
        return ALL_KEPT

    def abort_uploads(self, before: float) -> int:
        """Take nothing back: a blob appears in one step."""
        del before
        return 0

    def close(self) -> None:
        """Close the files that are open for reading."""
        self._handles.clear()

    def _open(self, name: str) -> _Handle:
        handle = self._open_new(name)
        handles = self._handles
        while len(handles) >= OPEN_FILES:
            with contextlib.suppress(StopIteration, RuntimeError):  # another thread was here
                handles.pop(next(iter(handles)), None)
        handles[name] = handle
        return handle

    def _open_new(self, name: str) -> _Handle:
        path = self._path(name)
        try:
            return _Handle(path)
        except FileNotFoundError:
            raise FileNotFoundError(errno.ENOENT, "no such blob", name) from None
        except OSError as error:
            raise atomic.storage_error("read", path, error) from error

    def _home(self, name: str) -> Path:
        return self.packs_home if name.startswith("packs/") else self.root

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise StorageError(f"{name!r} is no name for a blob")
        return self._home(name) / name

    def _temp_folder(self, name: str) -> Path:
        folder = self._home(name) / "tmp"
        atomic.make_folder(folder)
        return folder
