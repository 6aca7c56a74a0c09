import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from dsv.capture.detect import Captured
from dsv.capture.execute import Command, Execution, Here
from dsv.capture.eyes import Eye
from dsv.capture.python_imports import observed
from dsv.worktree.ignore import NOTHING, Ignore
from tests.unit.capture.conftest import environment


class Scene:
    """A workspace in which commands are watched call by call."""

    eye = "calls"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.execution: Execution | None = None

    def put(self, path: str, text: str = "x") -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def run(self, argv: list[str], ignore: Ignore = NOTHING, code: int = 0, **env: str) -> Captured:
        with tempfile.TemporaryDirectory(prefix="dsv-") as folder, Path(os.devnull).open("r+b") as nothing:
            reports, cache = Path(folder, "reports"), Path(folder, "cache")
            reports.mkdir()
            cache.mkdir()
            sink = nothing.fileno()
            variables = observed({**environment(), **env}, reports, cache)
            command = Command(argv, self.root, variables, sink, sink, stdin=subprocess.DEVNULL)
            with Eye(self.root, ignore, self.eye) as eye:
                self.execution = Here().run(eye.watching(command))
        assert self.execution.exit_code == code, self.execution.tail
        return eye.captured

    def shell(self, script: str, **more: Any) -> Captured:
        return self.run(["bash", "-ec", script], **more)

    def python(self, script: str, name: str = "job.py", **more: Any) -> Captured:
        self.put(name, script)
        return self.run([sys.executable, name], **more)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    root = tmp_path / "work"
    root.mkdir()
    return Scene(root)
