"""Room for replays: a folder of their own outside of the workspace, which goes away with them, however they end."""

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dsv.atomic import storing, temp_name
from dsv.errors import Busy, StorageError
from dsv.lock import FileLock

_ROOM = "replay-"
_LOCK = ".lock"
_LASTING = "/var/tmp"  # noqa: S108  a folder in it is ours alone, which is checked
_LONGEST = 40
KEPT = "rebuilt-"
"""Folders that hold results for the user to look at; gc removes them when they are old."""


@contextlib.contextmanager
def room(scratch: Path) -> Iterator[Path]:
    """Give an empty folder in `scratch` that only this process uses, and remove it in the end.

    What killed replays left is removed first: their locks died with them.

    Raises:
        StorageError: It cannot be made.
    """
    _sweep(scratch)
    name = f"{_ROOM}{temp_name().rpartition('-')[2]}"
    with FileLock(scratch / f"{name}{_LOCK}"):
        folder = scratch / name
        try:
            with storing("write", folder):
                folder.mkdir(mode=0o700)
            yield folder
        finally:
            clear(folder)
            (scratch / f"{name}{_LOCK}").unlink(missing_ok=True)


def outside(root: Path, cache: Path) -> Path:
    """Return a folder for rooms that is not in the workspace, where programs would find what is around.

    Best is one on the same disk, so that results are moved and not copied, and with a short path: a socket's path
    has at most 107 bytes.

    Args:
        root: The workspace.
        cache: The user's cache folder for dsv.

    Raises:
        StorageError: There is none.
    """
    name = f"dsv-{os.getuid()}" if hasattr(os, "getuid") else "dsv"
    temporary = (Path(folder, name) for folder in (_LASTING, tempfile.gettempdir()))
    usable = [folder for folder in (cache / "replays", *temporary) if not _is_in(folder, root)]
    usable.sort(key=lambda folder: (len(os.fsencode(folder)) > _LONGEST, not _same_disk(folder, root)))
    for folder in usable:
        with contextlib.suppress(OSError):
            _make(folder)
            return folder
    raise StorageError("there is no folder outside of the workspace to replay in", hint="set XDG_CACHE_HOME")


def _make(folder: Path) -> None:
    """Make a folder that is ours alone.

    Raises:
        OSError: It cannot be made, or is somebody else's.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    ours = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    if not stat.S_ISDIR(found.st_mode) or not ours or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"{folder} is not ours alone")


def _is_in(folder: Path, root: Path) -> bool:
    return folder.resolve().is_relative_to(root.resolve())


def _same_disk(folder: Path, root: Path) -> bool:
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return there.stat().st_dev == root.stat().st_dev


def keep(scratch: Path, place: Path, path: str) -> Path:
    """Move what a replay put at `place` to a folder of `scratch` that stays, and return where it is.

    Args:
        scratch: `.dsv/tmp`.
        place: A file or a folder in a room.
        path: The dataset that it is, which names it there.

    Raises:
        StorageError: It cannot be moved.
    """
    wanted = scratch / f"{KEPT}{temp_name().rpartition('-')[2]}" / path
    with storing("write", wanted):
        wanted.parent.mkdir(parents=True)
        shutil.move(place, wanted)
    return wanted


def clear(folder: Path) -> None:
    """Remove `folder` with all in it, also what a command made unreadable; never fails."""
    if not os.path.lexists(folder):
        return
    shutil.rmtree(folder, ignore_errors=True)
    if folder.is_dir():
        for here, folders, _ in os.walk(folder):
            for name in (".", *folders):
                with contextlib.suppress(OSError):
                    path = Path(here, name)
                    if not path.is_symlink():
                        path.chmod(stat.S_IRWXU)
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(scratch: Path) -> None:
    for lock in scratch.glob(f"{_ROOM}*{_LOCK}"):
        with contextlib.suppress(Busy, OSError), FileLock(lock, patience=0.0):
            clear(lock.with_suffix(""))
            lock.unlink(missing_ok=True)
