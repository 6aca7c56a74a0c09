"""Process groups: who is left in one, and how to end it."""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

_MERCY = 1.0
"""Seconds between asking a process to end and ending it."""

_STEP = 0.02


def send(group: int, number: int) -> bool:
    """Send signal `number` to all of `group`; return whether there was anybody to send it to."""
    if sys.platform == "win32":
        return False
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # gone, or the number is somebody else's by now
        return False
    return True


def ended(group: int, seconds: float) -> bool:
    """Whether nobody of `group` runs any more, waiting up to `seconds` for that."""
    give_up = time.monotonic() + seconds
    while _runs(group):
        if time.monotonic() > give_up:
            return False
        time.sleep(_STEP)
    return True


def end(group: int) -> None:
    """End whatever is left of `group`: politely, then not."""
    if _runs(group) and send(group, signal.SIGTERM) and not ended(group, _MERCY):
        send(group, signal.SIGKILL)
        ended(group, _MERCY)


def _runs(group: int) -> bool:
    # An orphan that has ended stays in its group until process 1 takes note, which in a container
    # is often never. Only then are the states of all processes looked at.
    if not send(group, 0):
        return False
    processes = Path("/proc")
    if not (processes / "self/stat").exists():
        return True
    return any(_is_member(process / "stat", group) for process in processes.glob("[0-9]*"))


def _is_member(stat: Path, group: int) -> bool:
    with contextlib.suppress(OSError, ValueError, IndexError):
        # `pid (name) state parent group ...`; the name may hold anything (proc_pid_stat(5)).
        fields = stat.read_bytes().rpartition(b")")[2].split()
        return fields[0] not in (b"Z", b"X") and int(fields[2]) == group
    return False
