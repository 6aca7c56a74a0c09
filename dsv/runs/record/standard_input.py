"""Standard input of a command: what the record holds, or nothing.

A command never gets input that the record lacks. What is kept for it is stored first, and then read from a file.
A pipe that nobody has written to stays open for the command, as without dsv; once something comes, the command is
ended and the run refused. From a terminal comes nothing: what is typed is in no record.
"""

import fcntl
import os
import select
import stat as modes
import subprocess
import sys
import termios
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from dsv.errors import Changing, Refused
from dsv.ids import ObjectId
from dsv.runs.record.request import Request
from dsv.store.ingest import ingest
from dsv.workspace import Workspace

HINT = "dsv run --stdin keep -- ... stores what it reads; dsv run -- ... < /dev/null gives it nothing"

_STEP = 1 << 20


def waiting(fd: int) -> str | None:
    """Return in words what waits at the descriptor `fd` for its reader; None if nothing does.

    Of a terminal nothing waits, nor at a pipe that nobody has written to.
    """
    try:
        found = os.fstat(fd)
    except OSError:  # closed
        return None
    if modes.S_ISREG(found.st_mode):
        return "a file" if found.st_size > os.lseek(fd, 0, os.SEEK_CUR) else None
    if modes.S_ISCHR(found.st_mode):
        return None if os.isatty(fd) or found.st_rdev == Path(os.devnull).stat().st_rdev else "a device"
    return "a pipe" if _readable(fd) else None


def is_pipe(fd: int) -> bool:
    """Whether `fd` is a pipe or a socket."""
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        return False
    return modes.S_ISFIFO(mode) or modes.S_ISSOCK(mode)


def keep(workspace: Workspace, fd: int) -> ObjectId | None:
    """Store all that can be read from `fd`, and return its file id; None if it was nothing.

    It counts for nothing until a run names it.
    """
    import tempfile

    with tempfile.TemporaryFile(dir=workspace.scratch()) as spool:
        size = 0
        while data := os.read(fd, _STEP):
            spool.write(data)
            size += len(data)
        spool.flush()
        if not size:
            return None

        def read_at(offset: int, length: int) -> bytes:
            return os.pread(spool.fileno(), length, offset)

        with workspace.repo.writer() as writer:
            try:
                oid = ingest(writer, read_at, size, "standard input")
            except EOFError as error:
                raise Changing("standard input changed while it was kept") from error
            workspace.repo.publish(lambda found, _: found, writer=writer)
    return oid


class StandardInput:
    """What a command reads as its standard input, from `__enter__` to `__exit__`.

    Args:
        workspace: The workspace.
        request: What is run.
        stop: Ends the command.
    """

    def __init__(self, workspace: Workspace, request: Request, stop: Callable[[], None]) -> None:
        self._workspace = workspace
        self._request = request
        self._stop = stop
        self._came = False
        self._thread: threading.Thread | None = None
        self._open: list[int] = []
        self.descriptor = subprocess.DEVNULL

    def __enter__(self) -> Self:
        """Make it ready."""
        if self._request.stdin is not None:
            self.descriptor = self._spooled(self._request.stdin)
        elif self._request.idle is not None:
            self.descriptor = self._guarded(self._request.idle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it.

        Raises:
            Refused: Something came that the command might have read.
        """
        if self._thread is not None:
            os.write(self._wake, b"!")
            self._thread.join()
        for fd in self._open:
            os.close(fd)
        if self._came and (error is None or isinstance(error, Exception)):
            raise Refused(
                "standard input is a pipe, and something came through it: the record would not hold it",
                hint=HINT,
            ) from error

    def _spooled(self, oid: ObjectId) -> int:
        import tempfile

        fd, name = tempfile.mkstemp(dir=self._workspace.scratch())
        self._open.append(fd)
        Path(name).unlink()
        for part in self._workspace.repo.contents.stream(oid):
            view = memoryview(part)
            while view:
                view = view[os.write(fd, view) :]
        os.lseek(fd, 0, os.SEEK_SET)
        return fd

    def _guarded(self, idle: int) -> int:
        """Return an end of a pipe at which nothing comes, and which ends when `idle` does."""
        ours, theirs = os.pipe()
        sleeper, self._wake = os.pipe()
        self._open += [ours, sleeper, self._wake]
        self._thread = threading.Thread(
            target=self._watch, args=(idle, theirs, sleeper), name="dsv-stdin", daemon=True
        )
        self._thread.start()
        return ours

    def _watch(self, idle: int, theirs: int, sleeper: int) -> None:
        poll = select.poll()
        poll.register(idle, select.POLLIN)
        poll.register(sleeper, select.POLLIN)
        ready = {fd for fd, _ in poll.poll()}
        if sleeper not in ready and _readable(idle):
            self._came = True
            self._stop()
        os.close(theirs)


def _readable(fd: int) -> bool:
    """Whether bytes wait in the pipe or socket `fd`."""
    try:
        return int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, bytes(4)), sys.byteorder) > 0
    except OSError:
        return False
