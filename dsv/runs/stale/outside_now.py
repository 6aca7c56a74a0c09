"""Files outside of the workspace: what they hold now, read again only if their stat is another."""

import os
import stat as modes
import time
from pathlib import Path
from typing import Any

from dsv.hashing import file_hasher
from dsv.ids import ObjectId
from dsv.workspace import Workspace

_KEY = "outside"
_HOME = "~"

_SETTLED_NS = 2_000_000_000
"""What changed less than this before it was looked at is read again: its time may not tell of the next change."""

_CHUNK = 1 << 20


class OutsideFiles:
    """Looks at files outside of the workspace, each once.

    Args:
        workspace: The workspace; the caller commits its stat cache.
        rehash: Trust no stat.
    """

    def __init__(self, workspace: Workspace, *, rehash: bool = False) -> None:
        self._workspace = workspace
        self._rehash = rehash
        self._rows: dict[str, list[Any]] | None = None

    def content(self, path: str) -> ObjectId | None:
        """Return the file id of what is at the recorded path of a file; None if nothing is, or it cannot be read."""
        place = self.place(path)
        try:
            found = None if place is None else place.stat()
            if place is None or found is None or not modes.S_ISREG(found.st_mode):
                return None
            return self._content(path, place, found)
        except OSError:
            return None

    def _content(self, path: str, place: Path, found: os.stat_result) -> ObjectId:
        key = [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
        rows = self._known()
        if path in rows and rows[path][1:5] == key and not self._rehash:
            return ObjectId(rows[path][5])
        looked = time.time_ns()
        content = _hash(place)
        if max(found.st_mtime_ns, found.st_ctime_ns) < looked - _SETTLED_NS:
            rows[path] = [path, *key, content]
            self._workspace.worktree.cache.remember_snapshot(_KEY, list(rows.values()))
        return content

    def _known(self) -> dict[str, list[Any]]:
        if self._rows is None:
            self._rows = {row[0]: row for row in self._workspace.worktree.cache.snapshot(_KEY) or ()}
        return self._rows

    def place(self, path: str) -> Path | None:
        """Return where the recorded path of a file is on this machine; None if that is not known."""
        if path != _HOME and not path.startswith(f"{_HOME}/"):
            return Path(path)
        home = self._workspace.caller.home
        return None if home is None else home / path.removeprefix(_HOME).lstrip("/")


def _hash(place: Path) -> ObjectId:
    hasher = file_hasher()
    with place.open("rb") as file:
        while chunk := file.read(_CHUNK):
            hasher.update(chunk)
    return ObjectId(hasher.hexdigest())
