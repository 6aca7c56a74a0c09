"""dsv's side of a watched command: it starts the supervisor, and takes over if that is killed.

dsv holds the listener as well, and knows from the shared page which call is in work. So nobody is left waiting in the
kernel for an answer, whichever of the two is killed.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from mmap import PAGESIZE, mmap
from pathlib import Path

from dsv.capture.child import Still, look
from dsv.capture.witness import loop, seccomp
from dsv.capture.witness.launch import CannotWatch
from dsv.capture.witness.path_facts import Report, decode
from dsv.capture.witness.watch_order import WatchOrder
from dsv.capture.witness.wire import read_all, write_all

_ROOT = os.fspath(Path(__file__).parents[3])
_PROGRAM = f"import sys; sys.path.insert(0, {_ROOT!r}); from dsv.capture.witness import supervisor; supervisor.begin()"
"""Not the file itself: Python would compile it for each command."""

_MESSAGE = 256
_PATIENCE = 10.0
"""Seconds for a supervisor that has ended its work to end itself."""


class Watched:
    """A command under a supervisor.

    Args:
        order: What is to be watched.
        stdin: The descriptor that it reads, as `subprocess` takes it.
        stdout: Where its output goes.
        stderr: Where its errors go.

    Raises:
        CannotWatch: The system does not let us watch; nothing was executed.
        OSError: It cannot be executed, or there is no such folder.
    """

    def __init__(self, order: WatchOrder, stdin: int | None, stdout: int, stderr: int) -> None:
        self._code: int | None = None
        self._lost = False
        self._listener = -1
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._file, page = os.memfd_create("order"), os.memfd_create("page")
        try:
            write_all(self._file, order.encode())
            os.ftruncate(page, PAGESIZE)
            self._page = mmap(page, PAGESIZE)
            _ADOPTING.begin()
            fds = (theirs.fileno(), self._file, page)
            try:
                self._supervisor = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-c", _PROGRAM, *map(str, fds)],
                    stdin=stdin,
                    stdout=stdout,
                    stderr=stderr,
                    pass_fds=fds,
                    process_group=0,
                )
            except BaseException as error:
                _ADOPTING.end()
                if isinstance(error, OSError):
                    raise CannotWatch(b"start", error.errno or 0) from error
                raise
        except BaseException:
            self._close()
            raise
        finally:
            theirs.close()
            os.close(page)
        with self._or_nothing():
            self._begin()

    @property
    def pid(self) -> int:
        """Its number, and that of its group."""
        return self._pid

    @property
    def code(self) -> int | None:
        """Its exit code, or -n if signal n ended it; None if that is not known yet."""
        return self._code

    def look(self, seconds: float) -> int | Still:
        """Wait up to about `seconds` for its end or for its being stopped; return its code, or how it is."""
        if self._code is not None:
            return self._code
        if self._lost:
            return self._look_ourselves(seconds)
        self._control.settimeout(seconds)
        try:
            words = self._hear()
        except TimeoutError:
            return Still.RUNS
        if not words:
            self._take_over()
            return Still.RUNS
        if words[0] == b"stopped" and _is_stopped(self._pid):  # it may have been continued since
            return Still.STOPPED
        if words[0] == b"ended":
            self._code = int(words[1])
            return self._code
        return Still.RUNS

    def wait(self) -> int:
        """Wait for its end, and return its code."""
        while not isinstance(seen := self.look(_PATIENCE), int):
            pass
        return seen

    def facts(self) -> Report | None:
        """Return what was seen, once it has ended; None if the supervisor was killed. May be asked for once."""
        try:
            return None if self._lost else self._ask()
        finally:
            self._end()

    def _begin(self) -> None:
        self._control.settimeout(None)
        words = self._next()
        self._pid, number = int(words[0]), int(words[1])
        try:
            self._listener = seccomp.take(self._supervisor.pid, number)
        except OSError:
            self._listener = -1  # then the supervisor alone has it
        try:
            self._control.send(b"go")
        except OSError as error:  # it was killed, and the command with it before it began
            raise CannotWatch(b"gone", 0) from error
        try:
            self._next()
        except CannotWatch:  # it was killed; whether the command is executed already nobody knows
            self._take_over()

    def _next(self) -> list[bytes]:
        """Return what the supervisor says of its beginning.

        Raises:
            CannotWatch: It cannot watch.
            OSError: It cannot execute the command, or was killed.
        """
        word, *more = self._hear() or [b"gone"]
        if word == b"unwatched":
            raise CannotWatch(more[0], int(more[1]))
        if word == b"refused":
            raise OSError(int(more[0]), os.strerror(int(more[0])))
        if word == b"gone":
            raise CannotWatch(word, 0)
        return more

    def _hear(self) -> list[bytes]:
        """Return the next message, in words; none if the supervisor is gone, be it with ours unread.

        Raises:
            TimeoutError: There is none yet.
        """
        try:
            return self._control.recv(_MESSAGE).split()
        except ConnectionResetError:
            return []

    @contextmanager
    def _or_nothing(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._end()
            raise

    def _ask(self) -> Report | None:
        self._control.settimeout(None)
        with suppress(OSError):
            self._control.send(b"report")
            os.kill(self._supervisor.pid, signal.SIGUSR1)
        while (words := self._hear()) and words[0] != b"reported":
            pass
        try:
            return decode(read_all(self._file)) if words else None
        except ValueError:
            return None

    def _take_over(self) -> None:
        """Answer instead of the supervisor, which is gone."""
        self._lost = True
        if self._listener < 0:
            return
        listener = os.dup(self._listener)
        loop.release(listener, self._page)

        def keep() -> None:
            loop.keep(listener)
            os.close(listener)

        threading.Thread(target=keep, name="dsv-witness", daemon=True).start()

    def _look_ourselves(self, seconds: float) -> int | Still:
        try:
            seen = look(self._pid, seconds)
        except ChildProcessError:  # somebody else waited for it
            seen = 255
        if isinstance(seen, int):
            self._code = seen
        return seen

    def _end(self) -> None:
        self._close()
        _ADOPTING.end()
        try:
            self._supervisor.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()

    def _close(self) -> None:
        self._control.close()
        os.close(self._file)
        if self._listener >= 0:
            os.close(self._listener)
            self._listener = -1


def _is_stopped(pid: int) -> bool:
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"T"
    return False


class _Adopting:
    """For as long as commands are watched their orphans become our children.

    So that we can wait for a command whose supervisor was killed.
    """

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()

    def begin(self) -> None:
        with self._lock:
            self._count += 1
            if self._count == 1:
                with suppress(OSError):
                    seccomp.adopt(orphans=True)

    def end(self) -> None:
        with self._lock:
            self._count -= 1
            if self._count == 0:
                with suppress(OSError):
                    seccomp.adopt(orphans=False)


_ADOPTING = _Adopting()
