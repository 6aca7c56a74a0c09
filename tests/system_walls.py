"""Which walls this system can put around commands."""

import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from dsv.capture.execute import Here
from dsv.capture.isolation import Isolation
from dsv.capture.sandbox import Sandbox


@cache
def strongest() -> Isolation:
    """Return the strongest, as a command in them shows."""
    with tempfile.TemporaryDirectory() as place, Path(os.devnull).open("wb") as sink:
        clean, scratch = Path(place, "clean"), Path(place, "scratch")
        clean.mkdir()
        scratch.mkdir()
        sandbox = Sandbox(clean, scratch, {"PATH": os.environ["PATH"]}, {})
        out = sink.fileno()
        return sandbox.run(Here(), ["true"], stdout=out, stderr=out, stdin=subprocess.DEVNULL).isolation


needs_namespaces = pytest.mark.skipif(strongest() is not Isolation.NAMESPACES, reason="needs namespaces")
needs_walls = pytest.mark.skipif(strongest() is Isolation.FOLDER, reason="needs namespaces or Landlock")
