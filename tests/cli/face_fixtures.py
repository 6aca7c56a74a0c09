"""dsv as its users meet it: arguments in, two streams and an exit code out."""

import io
import json
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dsv.cli import reference
from dsv.cli.app import run
from dsv.render.shape import problems

FAILURE = {
    "v": "int",
    "error": {"kind": "text", "message": "text", "hint": "text?", "exit_code": "int"},
}


class Done(NamedTuple):
    """What a command did."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()

    @property
    def document(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        assert found["v"] == 1
        return found


class Stream(io.TextIOWrapper):
    """A stream that may claim to be a terminal."""

    def __init__(self, *, terminal: bool) -> None:
        self.bytes = io.BytesIO()
        self.terminal = terminal
        super().__init__(self.bytes, encoding="utf-8")

    def isatty(self) -> bool:
        return self.terminal


class Face:
    """Runs commands in this process."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.patch = patch

    def __call__(self, *arguments: str, cwd: Path | None = None, terminal: bool = False) -> Done:
        out, err = Stream(terminal=terminal), Stream(terminal=terminal)
        with self.patch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.chdir(cwd or self.folder)
            code = run(arguments)
        out.flush()
        err.flush()
        return Done(code, out.bytes.getvalue(), err.bytes.getvalue().decode())

    def ok(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run what must succeed; return its stdout."""
        done = self(*arguments, cwd=cwd)
        assert done.code == 0, done.err
        return done.out

    def json(self, *arguments: str, code: int = 0, cwd: Path | None = None) -> dict[str, Any]:
        """Run a command with `--json`; check the document against its description and return it."""
        done = self(*arguments, "--json", cwd=cwd)
        assert done.code == code, done.err
        shape = reference.command(arguments[0]).shape
        assert isinstance(shape, dict)
        assert list(problems(done.document, {"v": "int", **shape})) == []
        return done.document

    def fails(self, *arguments: str, code: int, cwd: Path | None = None) -> dict[str, Any]:
        """Run what must fail, in both languages; return what it says of the failure."""
        plain = self(*arguments, cwd=cwd)
        assert plain.code == code, plain.err
        assert plain.err.startswith("error: ")
        assert "Traceback" not in plain.err
        words = list(arguments)
        words.insert(words.index("--") if "--" in words else len(words), "--json")
        done = self(*words, cwd=cwd)
        assert done.code == code, done.err
        assert list(problems(done.document, FAILURE)) == []
        error: dict[str, Any] = done.document["error"]
        assert error["exit_code"] == code
        assert not error["message"].endswith(".")
        return error


def environment() -> dict[str, str]:
    """Return an environment for a process of dsv's own."""
    return {**os.environ, "DSV_AUTHOR": "Ada <ada@example.org>", "PYTHONPATH": str(Path(__file__).parents[2])}
