"""A project in the wild: what is in its git repository, its raw data, its steps, and what follows from each change.

A project is one TOML file in `projects/FAMILY/`:

    about     what it is like
    packages  Python packages it imports; without one of them it is skipped
    programs  programs it runs; likewise
    raw       the datasets that it starts from and that are not in git
    in_git    the data that it starts from and that is in git
    made      the datasets that it makes
    unstable  of these, the ones whose bytes two honest runs do not share
    [verdict] what `verify` says of a dataset, where that is not "identical"; words with | between them, if one of
              several is right
    blind     a pattern of what dsv says it cannot tell of the runs, if there is such
    setup     a shell script that makes what is not in git: the raw data, links, a submodule
    install   a shell script that makes what belongs to a place and is not data: a virtual environment. It runs
              after `setup`, in a clone, and where the project was moved to
    [files]   what is in git: the text of each file
    [variables] of the environment, as the user's shell sets them
    [[step]]  run: a command, after options of dsv and ` -- `; cwd: the folder that it is started in; lists: folders that it lists; seeks: paths that it looks for in vain;
              left_out: files that it writes and that are no datasets
    [[change]] name; sh: a shell command that changes something; stale: exactly the datasets that are not
              current after it; made: the datasets afterwards, where they are others
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "projects"
PATH = os.pathsep.join([os.fspath(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
"""Where programs are looked for: first beside the interpreter of the tests, as in an active environment."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command that is recorded, and what a run of it does besides reading and writing files."""

    run: str
    cwd: str = ""
    lists: tuple[str, ...] = ()
    seeks: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Something that changes in a project, and what it makes stale."""

    name: str
    sh: str
    stale: tuple[str, ...]
    made: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """A project; the module says what its members are."""

    family: str
    name: str
    about: str
    steps: tuple[Step, ...]
    made: tuple[str, ...]
    files: Mapping[str, str]
    changes: tuple[Change, ...]
    raw: tuple[str, ...] = ()
    in_git: tuple[str, ...] = ()
    blind: str = ""
    setup: str = ""
    install: str = ""
    unstable: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    verdict: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    def missing(self) -> str | None:
        """Return what this machine lacks for it, or None."""
        for name in self.packages:
            if importlib.util.find_spec(name) is None:
                return f"needs the package {name}"
        for name in self.programs:
            if shutil.which(name, path=PATH) is None:
                return f"needs the program {name}"
        return None

    def lay_out(self, folder: Path, env: Mapping[str, str]) -> None:
        """Make `folder` the project before any step of it ran: a git repository, and the raw data beside it."""
        folder.mkdir(parents=True)
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            if text.startswith("#!"):
                path.chmod(0o755)
        sh(folder, env, "git init -q -b main . && git add -A && git commit -q -m code")
        for script in filter(None, (self.setup, self.install)):
            sh(folder, env, script)


def sh(folder: Path, env: Mapping[str, str], script: str) -> str:
    """Run a shell script in `folder`; it must succeed. Return what it printed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def load(path: Path) -> Project:
    """Read a project; an unknown member is an error."""
    found: dict[str, Any] = tomllib.loads(path.read_text())
    steps = tuple(Step(**_tuples(one)) for one in found.pop("step"))
    changes = tuple(Change(**_tuples(one)) for one in found.pop("change"))
    return Project(path.parent.name, path.stem, steps=steps, changes=changes, **_tuples(found))


def _tuples(table: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


ALL = tuple(load(path) for path in sorted(FOLDER.glob("*/*.toml")))


def same(one: Path, other: Path) -> bool:
    """Tell whether two files or folders hold the same bytes, caches and links' own names aside."""
    if one.is_dir() != other.is_dir():
        return False
    if not one.is_dir():
        return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()
    names = _names(one)
    return names == _names(other) and all(same(one / name, other / name) for name in names)


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"__pycache__", ".gitkeep", ".gitignore"}
