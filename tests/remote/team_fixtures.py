"""People who share a remote, each in a workspace with commands in processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.cli.face_fixtures import environment


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


class Person:
    """A workspace, and dsv in it.

    Args:
        root: Its folder; made if missing.
        variables: Of the environment, besides dsv's own.
    """

    def __init__(self, root: Path, variables: Mapping[str, str]) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self._env = {**environment(), **variables}

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "dsv", *arguments],
            cwd=self.root,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str) -> Ran:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=300)
        assert "Traceback" not in err, err
        return Ran(process.returncode, out, err)

    def ok(self, *arguments: str) -> str:
        """Run what must succeed; return its stdout."""
        ran = self(*arguments)
        assert ran.code == 0, f"dsv {' '.join(arguments)}: {ran.err}"
        return ran.out

    def json(self, *arguments: str) -> dict[str, Any]:
        """Run what must succeed; return its document."""
        ran = self(*arguments, "--json")
        assert ran.code == 0, ran.err
        return ran.document

    def commit(self, files: Mapping[str, bytes]) -> str:
        """Write files, commit them, and return the commit."""
        for name, data in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_bytes(data)
        self.ok("add", *{name.partition("/")[0] for name in files})
        self.ok("commit", "-m", " ".join(files))
        return self.head

    @property
    def head(self) -> str:
        found = self.json("status")["head"]
        assert isinstance(found, str)
        return found


def variables() -> dict[str, str]:
    """Return the variables of this process that a client of S3 reads."""
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
