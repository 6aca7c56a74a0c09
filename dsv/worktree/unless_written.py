"""A sink that knows the files that were just written, and reads only others."""

import os

from dsv.ids import ObjectId
from dsv.worktree.sink import HashSink

REMEMBERED = 200_000
"""Files remembered; more are read again rather than kept in memory."""


class Written(HashSink):
    """Answers for a file that was written and has the stat that it had then.

    What it says is as good as any stat: the cache marks entries this young, so that they are
    looked at again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ids: dict[str, tuple[int, int, int, int, ObjectId]] = {}

    def note(self, path: str, stat: os.stat_result, oid: ObjectId) -> None:
        """Remember a file that is in place with the content `oid`."""
        if len(self._ids) < REMEMBERED:
            self._ids[path] = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, oid)

    def put_file(self, path: str, fd: int, stat: os.stat_result) -> ObjectId:
        """Return the file id, from memory where the stat is as it was noted."""
        return self._ids[path][4] if self.wrote(path, stat) else super().put_file(path, fd, stat)

    def wrote(self, path: str, stat: os.stat_result) -> bool:
        """Whether a file is as it was noted."""
        known = self._ids.get(path)
        seen = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
        return known is not None and known[:4] == seen
