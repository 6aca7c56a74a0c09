"""Runs that share a workspace: one captures at a time, and it learns of all others.

Events do not say who caused them, so what another run does meanwhile would be taken for this one's. Two
files tell runs of each other: `capturing` is locked by the run that captures, `running` by every
run together, which also leaves a byte there. Locks are the system's and die with their holder.
"""

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from dsv.errors import Busy

_OTHER_RUN = "another run was at work in the workspace"


class Turn:
    """The time of one run, from `__enter__` to `__exit__`.

    Args:
        folder: Where the two files are; it is made if missing.
        captures: Whether the run captures what it reads or writes.
    """

    def __init__(self, folder: Path, *, captures: bool) -> None:
        self._folder = folder
        self._captures = captures
        self._fds: list[int] = []
        self._alone = True
        self._size = 0

    def __enter__(self) -> Self:
        """Begin.

        Raises:
            Busy: This run captures, and so does another.
        """
        if sys.platform == "win32":
            return self
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            self._begin()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for fd in self._fds:
            os.close(fd)
        self._fds.clear()

    def blind(self) -> tuple[str, ...]:
        """Return, before the end, why the capture may be wrong: another run was there, or came."""
        if not self._fds:
            return ()
        came = os.fstat(self._fds[-1]).st_size != self._size
        return () if self._alone and not came else (_OTHER_RUN,)

    def _begin(self) -> None:
        if self._captures and not _lock(self._open("capturing"), exclusive=True):
            raise Busy(
                "another run captures what it reads and writes in this workspace",
                hint="wait for it, or declare both sides with -i and -o",
            )
        running = self._open("running")
        self._alone = _lock(running, exclusive=True)
        _lock(running, exclusive=False)
        os.write(running, b".")
        self._size = os.fstat(running).st_size

    def _open(self, name: str) -> int:
        fd = os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        self._fds.append(fd)
        return fd


def _lock(fd: int, *, exclusive: bool) -> bool:
    """Lock `fd`, alone or with others, if that is possible at once; return whether it was."""
    import fcntl

    try:
        fcntl.flock(fd, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
