"""What is in a folder: its names, where its pages end, and the stats of its entries."""

import os
import stat as modes
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dsv.atomic import TEMP_PREFIX
from dsv.errors import Refused, StorageError, UserError
from dsv.model.dataset_paths import NEVER_DATA
from dsv.model.node import LEAF_LIMIT, is_boundary
from dsv.worktree.ignore import Ignore
from dsv.worktree.stat_cache import PageRow
from dsv.worktree.stat_pages import names_sig

DIR_MODE = modes.S_IFDIR

_SPECIAL = {
    modes.S_IFIFO: "a named pipe",
    modes.S_IFSOCK: "a socket",
    modes.S_IFBLK: "a device",
    modes.S_IFCHR: "a device",
}


class Scanned(NamedTuple):
    """The stats of a stretch of names.

    Attributes:
        numbers: Size, mtime_ns, ctime_ns, inode and mode of each name, one after another;
            of a directory only the mode, without its permissions.
        folders: Positions of the directories.
    """

    numbers: list[int]
    folders: list[int]


def list_names(path: str | int, shown: str, ignore: Ignore) -> list[str]:
    """Return the names in the folder `path` in order, without those that are left out.

    Args:
        path: The folder, or its descriptor.
        shown: The folder relative to the workspace, for rules and messages.
        ignore: The workspace's rules.

    Raises:
        Refused: A name is not UTF-8, or is `.git` or `.dsv` in other letters.
        UserError: The folder is gone or cannot be read.
    """
    try:
        names = _ruled(path, shown, ignore) if ignore else os.listdir(path)  # noqa: PTH208
    except OSError as error:
        raise failure(error, shown) from error
    names.sort()
    # Only names that start with a dot can be the store or git.
    start, end = bisect_left(names, "."), bisect_left(names, "/")
    if start < end:
        hidden = [
            name for name in names[start:end] if name not in NEVER_DATA and not name.startswith(TEMP_PREFIX)
        ]
        for name in hidden:
            if name.casefold() in NEVER_DATA:
                raise Refused(f"{shown}/{name} has a name that some systems take for {name.casefold()}")
        names[start:end] = hidden
    return names


def cut_names(names: Sequence[str], rows: Sequence[PageRow], shown: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each page of `names`, which are sorted.

    Hashing a million names to find where pages end takes most of a second, so stretches that
    are named in the cache as they were end where they ended.

    Raises:
        Refused: A name is not UTF-8.
    """
    count = len(names)
    if count <= LEAF_LIMIT:
        yield 0, count
        return
    start = position = 0
    # A single row may be of a directory that was small then, and was not cut.
    for row in rows if len(rows) > 1 else ():
        end = bisect_right(names, row.last, position)
        if start == position and _is_page(names[start:end], row, shown) and _ends(row, end == count):
            yield start, end
            start = end
        else:
            for here in _boundaries(names, position, end, shown):
                yield start, here
                start = here
        position = end
    for here in _boundaries(names, position, count, shown):
        yield start, here
        start = here
    if start < count:
        yield start, count


def digest_names(names: Sequence[str], shown: str) -> bytes:
    """Return the hash of `names`, which are in the folder `shown`.

    Raises:
        Refused: One is not UTF-8.
    """
    try:
        return names_sig(names)
    except UnicodeEncodeError as error:
        raise not_utf8(names, shown) from error


def scan(folder: int, shown: str, names: Sequence[str]) -> Scanned:
    """Return the stats of `names` in the open folder `folder`.

    Raises:
        Refused: One is a pipe, a socket or a device.
        UserError: One vanished meanwhile or cannot be looked at.
    """
    numbers: list[int] = []
    folders: list[int] = []
    lstat = os.lstat
    regular, kind = modes.S_IFREG, 0o170000
    name = ""
    try:
        for name in names:
            found = lstat(name, dir_fd=folder)
            mode = found.st_mode
            if mode & kind != regular:
                if mode & kind == DIR_MODE:
                    folders.append(len(numbers) // 5)
                    numbers += (0, 0, 0, 0, DIR_MODE)
                    continue
                refuse_special(mode, under(shown, name))
            numbers += (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, mode)
    except OSError as error:
        raise failure(error, under(shown, name)) from error
    return Scanned(numbers, folders)


def under(shown: str, name: str) -> str:
    """Return the path of `name` in the folder `shown`; the workspace itself is the empty path."""
    return f"{shown}/{name}" if shown else name


def refuse_special(mode: int, shown: str) -> None:
    """Refuse what is neither file, link nor directory.

    Raises:
        Refused: `mode` is of a pipe, a socket or a device; `shown` names it.
    """
    what = _SPECIAL.get(modes.S_IFMT(mode))
    if what is not None:
        raise Refused(f"{shown} is {what}", hint="remove it, or name it in .dsvignore")


def failure(error: OSError, shown: str) -> StorageError | UserError:
    """Return the error to raise when the system refuses to let `shown` be read."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return UserError(f"{shown} vanished while it was read", hint="run the command again")
    if isinstance(error, PermissionError):
        return UserError(f"{shown} cannot be read: permission denied")
    return StorageError(f"{shown} cannot be read: {error.strerror or error}")


def not_utf8(names: Sequence[str], shown: str) -> Refused:
    """Return the error for the first of `names` that is not UTF-8."""
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            return Refused(f"{shown}/{os.fsencode(name)!r} is not named in UTF-8", hint="rename it")
    return Refused(f"{shown} holds a name that is not UTF-8")


def _ruled(path: str | int, shown: str, ignore: Ignore) -> list[str]:
    with os.scandir(path) as entries:
        return [
            entry.name
            for entry in entries
            if not ignore.matches(under(shown, entry.name), is_dir=entry.is_dir(follow_symlinks=False))
        ]


def _is_page(names: Sequence[str], row: PageRow, shown: str) -> bool:
    """Whether `names` are the names of the page that the cache knows as `row`."""
    if not names or len(names) != row.head.entries:
        return False
    return digest_names(names, shown) == row.head.names


def _ends(row: PageRow, final: bool) -> bool:
    # The last page of a directory ends where the directory does, at no boundary.
    return final or is_boundary(row.last)


def _boundaries(names: Sequence[str], start: int, end: int, shown: str) -> Iterator[int]:
    try:
        for position in range(start, end):
            if is_boundary(names[position]):
                yield position + 1
    except UnicodeEncodeError as error:
        raise not_utf8(names[start:end], shown) from error
