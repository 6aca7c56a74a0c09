"""The terminal, lent to a command as a shell lends it.

A command gets a process group of its own, so that all of it can be ended. Such a group may not
read the terminal, nor does Ctrl-C reach it, unless it is made the terminal's foreground group.
"""

import contextlib
import os
import signal
import sys
from types import TracebackType
from typing import Self


class Terminal:
    """Hands our controlling terminal, if we have it, to a process group for as long as it runs.

    Only the main thread may use it: signals are its.

    Args:
        group: The process group.
    """

    def __init__(self, group: int) -> None:
        self._group = group
        self._fd: int | None = None
        self._before: signal.Handlers | object = None

    def __enter__(self) -> Self:
        try:
            fd = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return self
        try:
            ours = os.tcgetpgrp(fd) == os.getpgrp()
        except OSError:
            ours = False
        if not ours:
            os.close(fd)
            return self
        self._fd = fd
        # Taking the terminal back from the background stops us, unless this signal is ignored.
        self._before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        self._give(self._group)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._fd is None:
            return
        self._give(os.getpgrp())
        signal.signal(signal.SIGTTOU, self._before)  # type: ignore[arg-type]
        os.close(self._fd)

    @property
    def is_lent(self) -> bool:
        """Whether the group has the terminal."""
        return self._fd is not None

    def suspend(self) -> None:
        """Stop with the group, which Ctrl-Z has stopped; once we are continued, continue it."""
        self._give(os.getpgrp())
        os.killpg(os.getpgrp(), signal.SIGSTOP)
        self._give(self._group)

    def _give(self, group: int) -> None:
        # It may have ended already. If it read the terminal before it got it, it was stopped for that.
        with contextlib.suppress(OSError):
            assert self._fd is not None
            os.tcsetpgrp(self._fd, group)
            if group == self._group:
                os.killpg(group, signal.SIGCONT)


def pseudo(like: int) -> tuple[int, int] | None:
    """Return (our end, the command's end) of a pseudo terminal that looks like the terminal `like`.

    None if `like` is no terminal. What is written into it comes out unchanged: the real
    terminal makes line ends of it.
    """
    if sys.platform == "win32" or not os.isatty(like):
        return None
    import pty
    import termios

    try:
        ours, theirs = pty.openpty()
    except OSError:
        return None
    with contextlib.suppress(termios.error):
        termios.tcsetwinsize(theirs, termios.tcgetwinsize(like))
        settings = termios.tcgetattr(theirs)
        settings[1] &= ~termios.OPOST
        termios.tcsetattr(theirs, termios.TCSANOW, settings)
    return ours, theirs
