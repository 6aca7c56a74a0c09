"""What this workspace last saw of a remote's refs, so that it notices when they are older than that.

Refs end with the ids of their last 64 writes, which are random and only ever added to. So if they name
an earlier write that was seen here, and not the last one, somebody has put older refs in their place.
"""

import contextlib
from pathlib import Path

from dsv.atomic import make_folder, replace_file
from dsv.errors import StorageError
from dsv.store.refs import Refs

_LIMIT = 1 << 16


class SeenWrites:
    """The writes that were seen, in a file; it may be lost without harm.

    Args:
        path: The file.
        url: Of the remote: another place has other refs.
    """

    def __init__(self, path: Path, url: str) -> None:
        self._path = path
        self._url = url

    def _writes(self) -> list[str]:
        try:
            with self._path.open(encoding="utf-8") as file:
                url, *writes = file.read(_LIMIT).splitlines()
        except (OSError, ValueError):
            return []
        return writes if url == self._url else []

    def setback(self, refs: Refs | None) -> bool:
        """Whether refs are older than those seen last, or gone (None)."""
        writes = self._writes()
        if not writes:
            return False
        if refs is None:
            return True
        return bool(set(writes) & set(refs.writes)) and writes[-1] not in refs.writes

    def remember(self, refs: Refs) -> None:
        """Note that these refs were seen."""
        writes = list(refs.writes)
        if writes and writes != self._writes():
            with contextlib.suppress(StorageError, OSError):
                make_folder(self._path.parent)
                replace_file(self._path, "\n".join([self._url, *writes]).encode())
