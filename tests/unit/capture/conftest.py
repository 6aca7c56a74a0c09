import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dsv.capture.detect import Capture, Captured
from dsv.worktree.ignore import NOTHING, Ignore


def environment() -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
    }


class Lab:
    """A workspace in which commands are captured."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: str, text: str = "x") -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def during(self, act: Callable[[], object], ignore: Ignore = NOTHING) -> Captured:
        with Capture(self.root, ignore) as capture:
            act()
        return capture.captured

    def shell(self, script: str) -> Captured:
        return self.during(lambda: self._run(["bash", "-ec", script]))

    def python(self, script: str, name: str = "job.py") -> Captured:
        self.put(name, script)
        return self.during(lambda: self._run([sys.executable, name]))

    def _run(self, argv: list[str]) -> None:
        subprocess.run(argv, cwd=self.root, env=environment(), check=True, stdin=subprocess.DEVNULL)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    root = tmp_path / "work"
    root.mkdir()
    return Lab(root)
