"""Where a command ran: its interpreter, the packages there, the programs."""

import os
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import NamedTuple, Self

from dsv.errors import UserError
from dsv.lineage.environment import (
    Environment,
    LockFile,
    environment_of,
    find_lock,
    imported_packages,
    recorded_lock,
)
from dsv.lineage.interpreter import Interpreter, find_python, interpreter_at, is_python
from dsv.lineage.portable import fill
from dsv.lineage.program import program_at
from dsv.recording.request import Request
from dsv.repo import Repo


class Surroundings(NamedTuple):
    """Where a command ran.

    Attributes:
        environment: The record.
        imported: The distributions that its Pythons imported; None if that is unknown.
        lock: The lock file that was there; the environment has none if it seems to hold a secret.
    """

    environment: Environment
    imported: tuple[str, ...] | None
    lock: LockFile | None


class Asked:
    """The interpreter of a command, asked beside it what it is: that takes as long as a small command.

    From `__enter__` to `__exit__`, at the latest, it is being asked. A command that no Python runs directly
    is looked into afterwards, and only if a Python told that it was there.

    Args:
        repo: The workspace.
        request: What is run.
    """

    def __init__(self, repo: Repo, request: Request) -> None:
        self._root = repo.root
        self._request = request
        self._argv = fill(request.argv, request.params)
        self._cwd = repo.root / request.cwd
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="dsv-interpreter")
        self._direct = is_python(self._argv[0])
        self._asked: Future[Interpreter | None] | None = None

    def __enter__(self) -> Self:
        if self._direct:
            self._asked = self._pool.submit(self._ask)
        self._pool.submit(_preload)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def ended(self, modules: frozenset[str] | None) -> None:
        """Take note that the command has ended, so that what is asked only now goes on beside other work.

        Args:
            modules: The top names of all modules that its Pythons imported; None if no Python told.
        """
        if self._asked is None and modules is not None:
            self._asked = self._pool.submit(self._ask)

    def answer(self, modules: frozenset[str] | None) -> Surroundings:
        """Return where the command ran, given the modules that its Pythons imported; call `ended` before."""
        interpreter = None if self._asked is None else self._asked.result()
        program = _absolute(self._argv[0], os.fspath(self._cwd))
        programs = () if self._direct else (program_at(program, self._request.env, self._root),)
        found = find_lock(self._root)
        environment = environment_of(interpreter, lock=recorded_lock(found), programs=programs)
        if interpreter is None or modules is None:
            return Surroundings(environment, None, found)
        return Surroundings(environment, imported_packages(interpreter, modules), found)

    def _ask(self) -> Interpreter | None:
        python = find_python(self._argv, self._request.env, self._cwd)
        try:
            return None if python is None else interpreter_at(python)
        except UserError:  # it does not answer: what it is stays unknown
            return None


def _preload() -> None:
    """Load what the tables of outputs will need, while there is nothing else to do."""
    from dsv import tabular  # noqa: F401


def _absolute(program: str, cwd: str) -> str:
    return os.path.join(cwd, program) if "/" in program else program  # noqa: PTH118  keeps what is absolute
