"""Names in folders that a power cut takes back, because nobody synced the folder."""

import contextlib
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

OWN = ("dsv.toml", "dsv.lock", ".gitignore")
"""Files beside the store that dsv writes durably."""


def covered(path: str, below: str) -> bool:
    """Whether dsv promises that a file outlives a power cut: it is in the store `below`, or is one of `OWN`."""
    folder, _, name = path.rpartition("/")
    return path.startswith(f"{below}/") or (folder == below.rpartition("/")[0] and name in OWN)


class _Change(NamedTuple):
    """A change of names that may be lost: in which folder, and what takes it back."""

    folder: tuple[int, int]
    undo: Callable[[Mapping[str, Callable[..., Any]]], None]


class Names:
    """Remembers changes of names below a folder until the folders that they are in are synced.

    What is replaced or removed stays readable through a descriptor, so that it can be put back.

    Args:
        below: The folder.
    """

    def __init__(self, below: str) -> None:
        self._below = below
        self._changes: list[_Change] = []

    def before(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Note a call that is about to be made."""
        makes = {"create", "mkdir", "symlink", "link", "rename", "replace", "unlink", "remove", "rmdir"}
        if name not in makes:
            return
        paths = [
            Path(os.fsdecode(one)) for one in arguments[:2] if isinstance(one, str | bytes | os.PathLike)
        ]
        target = paths[-1]
        if not paths or not all(covered(str(path), self._below) for path in paths):
            return
        with contextlib.suppress(OSError):
            # Where a file came from may still have its name, too: that harms nobody.
            self._changes.append(_Change(_folder(target), _undo(name, paths[0], target)))

    def synced(self, folder: os.stat_result) -> None:
        """Forget the changes in a folder."""
        key = (folder.st_dev, folder.st_ino)
        self._changes = [one for one in self._changes if one.folder != key]

    def lose(self, real: Mapping[str, Callable[..., Any]], *, every: int) -> None:
        """Take back what nobody synced, the last first; of two only one, if `every` is 2."""
        for change in self._changes[::-1][::every]:
            with contextlib.suppress(OSError):
                change.undo(real)


def _folder(path: Path) -> tuple[int, int]:
    found = path.parent.stat()
    return found.st_dev, found.st_ino


def _undo(name: str, source: Path, target: Path) -> Callable[[Mapping[str, Callable[..., Any]]], None]:
    kept = _keep(target) if name in {"rename", "replace", "unlink", "remove"} else None

    def undo(real: Mapping[str, Callable[..., Any]]) -> None:
        if name in {"create", "link", "symlink"}:
            real["unlink"](target)
        elif name == "mkdir":
            real["rmdir"](target)
        elif name == "rmdir":
            real["mkdir"](target)
        elif name in {"rename", "replace"}:
            real["rename"](target, source)
        if kept is not None:
            kept(target, real)

    return undo


def _keep(path: Path) -> Callable[[Path, Mapping[str, Callable[..., Any]]], None] | None:
    """Hold what is at a path, and return what puts it there again."""
    try:
        found = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    content = path.read_bytes()

    def put(target: Path, real: Mapping[str, Callable[..., Any]]) -> None:
        with real["file"](target, "wb") as file:
            file.write(content)
        real["chmod"](target, stat.S_IMODE(found.st_mode))

    return put
