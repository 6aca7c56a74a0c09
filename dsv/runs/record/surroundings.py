"""Where a command ran: its interpreter, the packages there, the programs."""

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import NamedTuple, Self

from dsv.capture.detect import ExecutedProgram
from dsv.capture.installed import LockFile, environment_of, find_lock, imported_packages, recorded_lock
from dsv.capture.interpreter import (
    PATIENCE,
    WITHOUT_HURRY,
    Interpreter,
    find_python,
    interpreter_at,
    is_python,
)
from dsv.capture.portable import fill
from dsv.capture.programs import program_at
from dsv.errors import UserError
from dsv.model.environment import Environment
from dsv.runs.record.executed_files import python_of
from dsv.runs.record.request import Request
from dsv.workspace import Workspace

_SHORT = 1.0
"""Seconds after which a command is worth preparing for its tables: loading what reads them takes a third of one."""


class Surroundings(NamedTuple):
    """Where a command ran.

    Attributes:
        environment: The record.
        imported: The distributions that its Pythons imported; None if that is unknown.
        lock: The lock file that was there; the environment has none if it seems to hold a secret.
        interpreter: Where the Python was; None if there was none.
        unsure: What could not be detected, a clause each.
    """

    environment: Environment
    imported: tuple[str, ...] | None
    lock: LockFile | None
    interpreter: str | None = None
    unsure: tuple[str, ...] = ()


class _Answer(NamedTuple):
    """What an interpreter said of itself.

    Attributes:
        python: Where it is; None if there is none.
        interpreter: What it said; None if it did not answer.
    """

    python: Path | None
    interpreter: Interpreter | None


class AskedInterpreter:
    """The interpreter of a command, asked beside it what it is: that takes as long as a small command.

    From `__enter__` to `__exit__`, at the latest, it is being asked. A command that no Python runs directly
    is looked into afterwards, and only if a Python told that it was there.

    Args:
        workspace: The workspace.
        request: What is run.
    """

    def __init__(self, workspace: Workspace, request: Request) -> None:
        self._root = workspace.root
        self._request = request
        self._argv = fill(request.argv, request.params)
        self._cwd = workspace.root / request.cwd
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="dsv-interpreter")
        self._direct = is_python(self._argv[0])
        self._asked: Future[_Answer] | None = None
        self._ended = Event()

    def __enter__(self) -> Self:
        if self._direct:
            self._asked = self._pool.submit(self._ask, self._guess())
        self._pool.submit(self._preload)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._pool.shutdown(cancel_futures=True)

    def ended(self, modules: frozenset[str] | None, programs: Sequence[ExecutedProgram] = ()) -> None:
        """Take note that the command has ended, so that what is asked only now goes on beside other work.

        Args:
            modules: The top names of all modules that its Pythons imported; None if no Python told.
            programs: What it executed, as far as that was seen.
        """
        self._ended.set()
        seen = python_of(programs, self._root)
        if self._asked is not None:
            return
        if seen is not None or modules is not None:
            self._asked = self._pool.submit(self._ask, seen or self._guess())

    def answer(self, modules: frozenset[str] | None) -> Surroundings:
        """Return where the command ran, given the modules that its Pythons imported; call `ended` before."""
        python, interpreter = _Answer(None, None) if self._asked is None else self._asked.result()
        program = _absolute(self._argv[0], os.fspath(self._cwd))
        programs = () if self._direct else (program_at(program, self._request.env, self._root),)
        found = find_lock(self._root)
        environment = environment_of(interpreter, lock=recorded_lock(found), programs=programs)
        if interpreter is None:
            unsure = () if python is None else (f"{python.name} did not say what is installed for it",)
            return Surroundings(environment, None, found, None if python is None else str(python), unsure)
        imported = None if modules is None else imported_packages(interpreter, modules)
        return Surroundings(environment, imported, found, interpreter.executable)

    def _preload(self) -> None:
        """Load what the tables of outputs will need while the command is at work, unless it is a short one."""
        if not self._ended.wait(_SHORT):
            from dsv.records import version_tables  # noqa: F401

    def _guess(self) -> Path | None:
        return find_python(self._argv, self._request.env, self._cwd)

    def _ask(self, python: Path | None) -> _Answer:
        if python is None:
            return _Answer(None, None)
        for patience in (PATIENCE, WITHOUT_HURRY):
            try:
                return _Answer(python, interpreter_at(python, patience=patience))
            except UserError:  # it does not answer, or not in time
                continue
        return _Answer(python, None)


def _absolute(program: str, cwd: str) -> str:
    return os.path.join(cwd, program) if "/" in program else program  # noqa: PTH118  keeps what is absolute
