"""The life of a room, as its process 1 sees it: signals, and who ends."""

import contextlib
import os
import select
import signal
import time
from types import FrameType

PASSED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""The signals that are passed on to the command."""

_GRACE = 2.0
"""Seconds for what the command left running to end by itself, as outside of a room."""

_LOST = 126


class Life:
    """From the start of the command to the end of the room.

    Args:
        lifeline: Hangs up with the keeper.
    """

    def __init__(self, lifeline: int) -> None:
        self._wake, woken = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._poll = select.poll()
        self._poll.register(lifeline, 0)
        self._poll.register(self._wake, select.POLLIN)
        self._lifeline = lifeline
        self._command = 0
        self._code: int | None = None
        self._patience: float | None = None
        self._gone = False
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)

    def begin(self, command: int) -> None:
        """Pass signals on to `command` from now on; of those from inside process 1 gets only what it handles."""
        self._command = command

        def pass_on(number: int, _frame: FrameType | None) -> None:
            with contextlib.suppress(OSError):
                os.killpg(command, number)

        for number in PASSED:
            signal.signal(number, pass_on)

    def is_over(self) -> bool:
        """Take note of who has ended; whether the command has, and all others or their patience; or the keeper."""
        try:
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if found[0] == self._command:
                    self._code, self._patience = exit_code(found[1]), time.monotonic() + _GRACE
        except ChildProcessError:
            return True
        self._look(0)
        return self._gone or (self._patience is not None and time.monotonic() >= self._patience)

    def wait(self) -> int:
        """Wait until it is over, and return the command's exit code."""
        while not self.is_over():
            left = None if self._patience is None else max(self._patience - time.monotonic(), 0) * 1000
            self._look(left)
        if self._gone:
            return 128 + signal.SIGKILL
        return _LOST if self._code is None else self._code

    def _look(self, milliseconds: float | None) -> None:
        for fd, _ in self._poll.poll(milliseconds):
            if fd == self._lifeline:
                self._gone = True
            else:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake, 4096)


def exit_code(status: int) -> int:
    """Return the exit code of a status of waitpid(2), as a shell says it."""
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code
