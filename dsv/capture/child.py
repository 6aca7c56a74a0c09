"""A command as a child process: started, and waited for with the patience of who has other things to look after."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Protocol

_STEP = 0.02


class Still(Enum):
    """How a process is that has not ended."""

    RUNS = "runs"
    STOPPED = "stopped"


class ChildProcess(Protocol):
    """A command that was started, the leader of a process group of its own."""

    @property
    def pid(self) -> int:
        """Its number, and that of its group."""

    @property
    def code(self) -> int | None:
        """Its exit code, or -n if signal n ended it; None if that is not known yet."""

    def look(self, seconds: float) -> int | Still:
        """Wait up to about `seconds` for its end or for its being stopped; return its code, or how it is."""

    def wait(self) -> int:
        """Wait for its end, and return its code."""


class Child:
    """A command that is our own child.

    Args:
        argv: The program and its arguments.
        cwd: The folder to start in.
        env: All environment variables, by name.
        stdin: The descriptor that it reads.
        stdout: The descriptor that its output goes to.
        stderr: The descriptor that its errors go to.
        passed: Other descriptors that it inherits.
        apart: Whether it gets a session of its own, and so no terminal.

    Raises:
        OSError: It cannot be started.
    """

    def __init__(
        self, argv: Sequence[str], cwd: Path, env: Mapping[str, str], stdin: int | None, stdout: int, stderr: int,
        *, passed: Sequence[int] = (), apart: bool = False,
    ) -> None:  # fmt: skip
        self._process = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            process_group=None if sys.platform == "win32" or apart else 0,
            start_new_session=apart,
            pass_fds=passed,
        )

    @property
    def pid(self) -> int:
        """Its number, and that of its group."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Its exit code, or -n if signal n ended it; None if that is not known yet."""
        return self._process.returncode

    def look(self, seconds: float) -> int | Still:
        """Wait up to about `seconds` for its end or for its being stopped; return its code, or how it is."""
        if self._process.returncode is not None:
            return self._process.returncode
        if sys.platform == "win32":
            with suppress(subprocess.TimeoutExpired):
                return self._process.wait(seconds)
            return Still.RUNS
        seen = look(self.pid, seconds)
        if isinstance(seen, int):
            self._process.returncode = seen
        return seen

    def wait(self) -> int:
        """Wait for its end, and return its code."""
        return self._process.wait()


def look(pid: int, seconds: float) -> int | Still:
    """Wait up to about `seconds` for our child `pid` to end or to be stopped; return its code, or how it is.

    Raises:
        ChildProcessError: It is not our child, or was waited for already.
    """
    seen = _state(pid)
    if seen is Still.RUNS:
        _await_end(pid, seconds)
        seen = _state(pid)
    return seen


def _state(pid: int) -> int | Still:
    changed, status = os.waitpid(pid, os.WUNTRACED | os.WNOHANG)
    if not changed:
        return Still.RUNS
    return Still.STOPPED if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)


def _await_end(pid: int, seconds: float) -> None:
    if sys.platform == "linux":
        with suppress(OSError):  # a kernel before 5.3, or a sandbox
            fd = os.pidfd_open(pid)
            try:
                poll = select.poll()
                poll.register(fd, select.POLLIN)
                poll.poll(round(seconds * 1000))
            finally:
                os.close(fd)
            return
    time.sleep(min(seconds, _STEP))
