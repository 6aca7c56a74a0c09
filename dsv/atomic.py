"""Files that are there as a whole or not at all, and stay there after a power cut.

A file is written under a temporary name, synced, moved into place, and then its folder
is synced: a rename alone may reach the disk before the bytes do (the sequence is the
one that Pillai et al., OSDI 2014, found to be safe on every file system they tried).
"""

import contextlib
import errno
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from dsv.errors import StorageError
from dsv.hashing import Buffer

TEMP_PREFIX = ".dsv-tmp-"

_REASONS = {
    errno.ENOSPC: "no space is left on its disk",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than is allowed here",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "not permitted",
    errno.EIO: "the disk reports an error",
    errno.EMFILE: "too many files are open",
}
_HINTS = {
    errno.ENOSPC: "free some space, then run the command again",
    errno.EDQUOT: "free some space, then run the command again",
}


def storage_error(action: str, path: Path | str, error: OSError) -> StorageError:
    """Return `error` as the error that dsv shows: what was tried, on which path, and why not."""
    code = error.errno or 0
    reason = _REASONS.get(code) or error.strerror or str(error)
    return StorageError(f"cannot {action} {path}: {reason}", hint=_HINTS.get(code))


@contextlib.contextmanager
def storing(action: str, path: Path | str) -> Iterator[None]:
    """Turn an `OSError` in the block into `StorageError`."""
    try:
        yield
    except OSError as error:
        raise storage_error(action, path, error) from error


def sync_file(fd: int) -> None:
    """Return when the bytes of an open file are on its disk, not only in the disk's cache."""
    if sys.platform == "darwin":  # fsync on macOS does not flush the disk's own cache
        import fcntl

        with contextlib.suppress(OSError):  # some file systems do not have it
            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
            return
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise


def sync_folder(path: Path | str) -> None:
    """Return when the names in a folder are on its disk."""
    if os.name == "nt":
        return  # folders cannot be opened there; NTFS journals names itself
    fd = os.open(path, os.O_RDONLY)
    try:
        sync_file(fd)
    finally:
        os.close(fd)


def sync_disk(path: Path) -> None:
    """Return when all that was written to the file system of the folder `path` is on its disk.

    Where the system cannot do that for one file system, all are asked, and may go on after this returns.

    Raises:
        OSError: Something could not be written.
    """
    if sys.platform != "linux":
        if hasattr(os, "sync"):
            os.sync()
        return
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        syncfs(fd)
    finally:
        os.close(fd)


def syncfs(fd: int) -> None:
    """Return when all that was written to the file system of an open file is on its disk; Python lacks this call.

    Raises:
        OSError: Something could not be written.
    """
    import ctypes

    if ctypes.CDLL(None, use_errno=True).syncfs(fd):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def make_folder(path: Path) -> None:
    """Create a folder with its parents, durably; no error if it is there."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        path.mkdir()
    sync_folder(path.parent)


def write_all(fd: int, data: Buffer) -> None:
    """Write all of `data`; `os.write` may stop early."""
    done = os.write(fd, data)
    if done < len(data):
        rest = memoryview(data).cast("B")
        while done < len(rest):
            done += os.write(fd, rest[done:])


def open_new(path: Path | str, mode: int = 0o666, folder: int | None = None) -> int:
    """Return a descriptor of a file that did not exist, open for reading and writing; `folder` is an open one."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    return os.open(path, flags, mode, dir_fd=folder)


def temp_name() -> str:
    """Return a file name that nothing else uses."""
    return TEMP_PREFIX + os.urandom(8).hex()


def write_temp(folder: Path, parts: Iterable[Buffer], mode: int = 0o666) -> Path:
    """Return a new synced file in `folder` with the given bytes; nothing is left of it on failure.

    Raises:
        OSError: It cannot be written.
    """
    path = folder / temp_name()
    fd = open_new(path, mode)
    try:
        try:
            for part in parts:
                write_all(fd, part)
            sync_file(fd)
        finally:
            os.close(fd)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    return path


def replace_file(path: Path, data: Buffer, *, mode: int = 0o666, temp_folder: Path | None = None) -> None:
    """Give `path` the content `data`, durably and in one step, whether or not it exists.

    Args:
        path: Where.
        data: What.
        mode: Permissions, less the umask.
        temp_folder: An existing folder for the temporary file, so that a kill leaves nothing beside
            `path`; where it is on another disk, or by default, that is written beside it.

    Raises:
        StorageError: It cannot be written; the old content is still there.
    """
    with storing("write", path):
        if temp_folder is None or temp_folder.stat().st_dev != path.parent.stat().st_dev:
            temp_folder = path.parent
        temp = write_temp(temp_folder, (data,), mode)
        try:
            temp.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temp.unlink()
            raise
        sync_folder(path.parent)


def create_file(path: Path, data: Buffer, *, mode: int = 0o666, temp_folder: Path | None = None) -> bool:
    """Create `path` with the content `data`, durably and in one step.

    Args:
        path: Where.
        data: What.
        mode: Permissions, less the umask.
        temp_folder: A folder on the same disk for the temporary file; by default the same folder.

    Returns:
        False if the name was taken; nothing is changed then.

    Raises:
        StorageError: It cannot be written; nothing is left of it.
    """
    with storing("write", path):
        temp = write_temp(temp_folder or path.parent, (data,), mode)
        return move_new(temp, path)


def move_new(source: Path, target: Path) -> bool:
    """Move a synced file to a name that is free, durably; the source is gone either way.

    Returns:
        False if the name was taken; nothing is changed then.

    Raises:
        OSError: The move failed.
    """
    try:
        created = _link(source, target)
    finally:
        with contextlib.suppress(OSError):
            source.unlink()
    sync_folder(target.parent)
    return created


def _link(source: Path, target: Path) -> bool:
    # A hard link, unlike a rename, never replaces what is there.
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    except FileNotFoundError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            return False
        source.rename(target)
    return True
