"""A terminal for programs under test, with keys that are pressed on it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.unit.capture.conftest import environment

ROOT = Path(__file__).parents[3]

_SPAWN = "import pty, sys\npty.spawn([sys.executable, *sys.argv[1:]])"


def on_a_terminal(arguments: Sequence[str], keys: bytes, folder: Path) -> str:
    """Run Python with `arguments` on a terminal of its own, press `keys` once it says ready; return the screen."""
    with subprocess.Popen(
        [sys.executable, "-c", _SPAWN, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**environment(), "PYTHONPATH": str(ROOT)},
        cwd=folder,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        screen = b""
        while b"ready" not in screen:
            step = os.read(process.stdout.fileno(), 1000)
            assert step, screen
            screen += step
        process.stdin.write(keys)
        process.stdin.flush()
        while step := os.read(process.stdout.fileno(), 1000):  # to the end: the last line may come in two
            screen += step
        return screen.decode()
