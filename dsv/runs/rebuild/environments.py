"""Interpreters for replays: which one stands in for the recorded one, and virtual environments made again."""

import os
import shutil
import subprocess
import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from dsv.atomic import storing
from dsv.capture.installed import environment_of, find_lock, recorded_lock
from dsv.capture.interpreter import Interpreter, interpreter_at
from dsv.capture.programs import program_at
from dsv.errors import DsvError, NotFound, StorageError, UserError
from dsv.ids import ObjectId, short
from dsv.lock import FileLock
from dsv.model.environment import Environment, InstalledProgram, PackageLock
from dsv.records import origins
from dsv.runs.differences import Circumstance, environment_changed
from dsv.runs.rebuild.scratch import clear
from dsv.workspace import Workspace

_VARIABLES = ("VIRTUAL_ENV", "CONDA_PREFIX")
_NAMES = ("python", "python3")
_NEVER_INSTALLED = frozenset({"pip", "setuptools", "wheel"})
_PATIENCE = 3600.0


def find_python(given: Path | None, ambient: Mapping[str, str]) -> Path | None:
    """Return the interpreter for replays; never dsv's own because it is dsv's own.

    It is the one that was given, else the active virtual environment's, else `python` or `python3` on PATH.

    Raises:
        NotFound: The one given is not there.
    """
    if given is not None:
        if not given.exists():
            raise NotFound(f"there is no program {given}")
        return given
    for variable in _VARIABLES:
        folder = ambient.get(variable)
        if folder:
            inside = Path(folder, "Scripts/python.exe" if os.name == "nt" else "bin/python")
            if inside.exists():
                return inside
    found = (shutil.which(name, path=ambient.get("PATH", os.defpath)) for name in _NAMES)
    return next((Path(path) for path in found if path is not None), None)


class Present:
    """What there is now, beside what was recorded; each program is asked once.

    Args:
        workspace: The workspace.
        ambient: The user's environment variables.
    """

    def __init__(self, workspace: Workspace, ambient: Mapping[str, str]) -> None:
        self._workspace = workspace
        self._ambient = ambient
        self._programs: dict[str, InstalledProgram] = {}
        self._guard = threading.Lock()

    def differences(
        self, run: ObjectId, recorded: ObjectId, python: Interpreter | None
    ) -> tuple[Circumstance, ...]:
        """Return how the environment of a replay differs from the recorded one, what was imported first.

        Args:
            run: The run.
            recorded: Its environment.
            python: The interpreter of the replay.
        """
        try:
            then = self._workspace.repo.environment(recorded)
            attempt = origins.attempt(self._workspace.repo, self._workspace.repo.refs(), run)
        except DsvError:
            return ()
        now = environment_of(
            python if then.python else None,
            lock=self._lock,
            programs=[self._program(program.name) for program in then.programs],
        )
        return tuple(environment_changed(then, now, None if attempt is None else attempt.imported))

    @cached_property
    def _lock(self) -> PackageLock | None:
        return recorded_lock(find_lock(self._workspace.root))

    def _program(self, name: str) -> InstalledProgram:
        with self._guard:
            if name not in self._programs:
                self._programs[name] = program_at(name, self._ambient, self._workspace.root)
            return self._programs[name]


def recreate(workspace: Workspace, oid: ObjectId, ambient: Mapping[str, str]) -> Interpreter:
    """Return an interpreter with the recorded packages, in `.dsv/cache`; made if it is not there yet.

    It is made by an installed Python of the recorded version, and pip. Packages that came from a folder of
    somebody's machine cannot be had again and are left out.

    Args:
        workspace: The workspace.
        oid: The environment's record.
        ambient: The user's environment variables; pip gets all of them.

    Raises:
        Missing: The record is not here.
        NotFound: There is no Python of that version.
        StorageError: A package cannot be installed; the message ends with what pip says.
        UserError: The run had no Python.
    """
    wanted = workspace.repo.environment(oid)
    folder = workspace.dot / "cache" / "environments" / oid
    with storing("write", folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock"), patience=_PATIENCE):
        python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if not (folder / "dsv-complete").exists():
            clear(folder)
            base = _base(wanted, ambient)
            _run([os.fspath(base), "-m", "venv", os.fspath(folder)], ambient, "make a virtual environment")
            needed = requirements(wanted)
            if needed:
                command = [
                    os.fspath(python),
                    "-m",
                    "pip",
                    "install",
                    "--no-deps",
                    "--no-input",
                    "-q",
                    *needed,
                ]
                _run(command, ambient, f"install the packages of environment {short(oid)}")
            with storing("write", folder):
                (folder / "dsv-complete").touch()
        return interpreter_at(python)


def requirements(wanted: Environment) -> list[str]:
    """Return the packages of an environment as pip is told them."""
    found = []
    for package in wanted.packages:
        if package.name in _NEVER_INSTALLED or package.url in ("local", "unknown"):
            continue
        found.append(
            f"{package.name}=={package.version}" if package.url is None else f"{package.name} @ {package.url}"
        )
    return found


def _base(wanted: Environment, ambient: Mapping[str, str]) -> Path:
    version = wanted.python.get("version", "")
    if not version:
        raise UserError("the run used no Python, so there is nothing to recreate")
    minor = ".".join(version.split(".")[:2])
    for name in (f"python{minor}", *_NAMES):
        found = shutil.which(name, path=ambient.get("PATH", os.defpath))
        if found is not None and _says(Path(found)).startswith(f"{minor}."):
            return Path(found)
    raise NotFound(f"the run used Python {version}, and there is no python{minor} here", hint="install it")


def _says(python: Path) -> str:
    try:
        return str(interpreter_at(python).facts["version"])
    except UserError:
        return ""


def _run(command: list[str], ambient: Mapping[str, str], what: str) -> None:
    try:
        done = subprocess.run(
            command,
            env={name: value for name, value in ambient.items() if not name.startswith("PYTHON")},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        raise StorageError(f"cannot {what}: {error.strerror}") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise StorageError(f"cannot {what}: {said[-1] if said else 'pip said nothing'}")
