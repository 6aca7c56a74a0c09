"""dsv in processes of their own that need not start: a tenth of the price of a short command."""

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

_SERVER = Path(__file__).with_name("forked_server.py")


class Forked:
    """Commands of dsv that are forked from a process that has imported everything.

    They differ from `python -P -m dsv` in nothing that a command can see, but in what is imported already.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", os.fspath(_SERVER)],
            env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()

    def run(
        self, words: Sequence[str], cwd: Path, env: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        """Run dsv and wait for its end, as `subprocess.run` with nothing to read and its output captured."""
        with tempfile.TemporaryDirectory(prefix="dsv-forked-") as folder, self._lock:
            out, err = Path(folder, "out"), Path(folder, "err")
            out.touch()
            err.touch()
            asked = {"words": words, "cwd": str(cwd), "env": dict(env), "out": str(out), "err": str(err)}
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            code = int(self._process.stdout.readline())
            return subprocess.CompletedProcess(["dsv", *words], code, out.read_text(), err.read_text())

    def close(self) -> None:
        """End the process that is forked."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


@functools.cache
def forked() -> Forked:
    """Return the one of this process of tests, which ends with it."""
    found = Forked()
    atexit.register(found.close)
    return found
