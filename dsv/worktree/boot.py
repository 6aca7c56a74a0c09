"""Since when the machine runs: what was only in its memory before that may be lost."""

import os
import sys
import time
from functools import cache
from pathlib import Path

from dsv.hashing import checksum

_ID = Path("/proc/sys/kernel/random/boot_id")


@cache
def session() -> int:
    """Return a number that stands for this run of the machine, never 0; where none is known, for this process."""
    text = _mac_session() if sys.platform == "darwin" else _boot_id()
    return checksum(text) or 1 if text else int.from_bytes(os.urandom(8)) or 1


def started() -> int:
    """Return when the machine was started, in ns since 1970; 0 where that is not known."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return 0 if clock is None else time.time_ns() - time.clock_gettime_ns(clock)


def _boot_id() -> bytes:
    try:
        return _ID.read_bytes().strip()
    except OSError:
        return b""


def _mac_session() -> bytes:
    import ctypes

    text = ctypes.create_string_buffer(64)
    size = ctypes.c_size_t(len(text))
    failed = ctypes.CDLL(None).sysctlbyname(b"kern.bootsessionuuid", text, ctypes.byref(size), None, 0)
    return b"" if failed else text.value
