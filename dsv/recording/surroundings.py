"""Where a command ran: its interpreter, the packages there, the programs."""

import os
from typing import NamedTuple

from dsv.errors import UserError
from dsv.lineage.environment import (
    Environment,
    environment_of,
    find_lock,
    imported_packages,
)
from dsv.lineage.interpreter import find_python, interpreter_at, is_python
from dsv.lineage.portable import fill
from dsv.lineage.program import program_at
from dsv.recording.request import Request
from dsv.repo import Repo


class Surroundings(NamedTuple):
    """Where a command ran.

    Attributes:
        environment: The record.
        imported: The distributions that its Pythons imported; None if that is unknown.
    """

    environment: Environment
    imported: tuple[str, ...] | None


def look(repo: Repo, request: Request, modules: frozenset[str] | None) -> Surroundings:
    """Return where the command of `request` ran.

    A program that is no Python counts as run by Python, too, if a Python below it told what it imported.

    Args:
        repo: The workspace.
        request: What was run.
        modules: The top names of all modules that its Pythons imported; None if no Python told.
    """
    argv = fill(request.argv, request.params)
    cwd = repo.root / request.cwd
    python = find_python(argv, request.env, cwd)
    direct = is_python(argv[0])
    lock = find_lock(repo.root)
    programs = () if direct else (program_at(_absolute(argv[0], os.fspath(cwd)), request.env, repo.root),)
    if python is None or not (direct or modules is not None):
        return Surroundings(environment_of(None, lock=lock, programs=programs), None)
    try:
        interpreter = interpreter_at(python)
    except UserError:  # not one that answers: what it is stays unknown
        return Surroundings(environment_of(None, lock=lock, programs=programs), None)
    imported = None if modules is None else imported_packages(interpreter, modules)
    return Surroundings(environment_of(interpreter, lock=lock, programs=programs), imported)


def _absolute(program: str, cwd: str) -> str:
    return os.path.join(cwd, program) if "/" in program else program  # noqa: PTH118  keeps what is absolute
