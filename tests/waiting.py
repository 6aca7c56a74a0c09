"""Waiting for what another process or thread does, and never for time to pass."""

import os
import select
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

PATIENCE = 120
"""Seconds after which something will not happen any more, on a machine that does much else."""


class Gate:
    """A named pipe by which another process says that it came somewhere: it writes (`echo > PATH`), the test waits.

    Both ends are open here, so that the other one never has to wait, and what it said before the test asks is kept.

    Attributes:
        path: Where it is; made here.
    """

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def wait(self) -> None:
        """Return when somebody has written, or has written before."""
        ready, _, _ = select.select([self._fd], [], [], PATIENCE)
        assert ready, f"nobody came to {self.path.name}"
        os.read(self._fd, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def until(happened: Callable[[], object]) -> None:
    """Return when `happened` says so, for what nobody announces; it fails by an error of its own, or after `PATIENCE`."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)
