"""Room for replays: a folder of their own in `.dsv/tmp`, which goes away with them, however they end."""

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from dsv.atomic import storing, temp_name
from dsv.errors import Busy
from dsv.store.lock import FileLock

_ROOM = "replay-"
_LOCK = ".lock"
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
        place.rename(wanted)
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
