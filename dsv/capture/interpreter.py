"""Python interpreters: which one a command is run by, and what belongs to it."""

import json
import os
import platform
import re
import shutil
import site
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from dsv import startup
from dsv.capture.distributions import distributions_in
from dsv.errors import NotFound, UserError

PATIENCE = 20.0
"""Seconds that an interpreter has to say what it is."""

WITHOUT_HURRY = 300.0
"""Seconds that it has when it is asked again: the machine may be busy, or its packages far away."""

_NAME = re.compile(r"(python|pypy)(w?)[\d.]*(\.exe)?", re.IGNORECASE)
_ENV_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)

# Plain enough for any Python 3. What is installed there, we look up ourselves: that takes a tenth of the time.
_PROBE = r"""
import json, platform, sys
json.dump({
    "version": platform.python_version(), "implementation": platform.python_implementation(),
    "system": platform.system(), "machine": platform.machine(), "libc": " ".join(platform.libc_ver()).strip(),
    "executable": sys.executable, "prefixes": [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix],
    "path": sys.path}, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python interpreter on this machine, as it described itself.

    Attributes:
        executable: Where it is.
        prefixes: Where it and its virtual environment are installed.
        search: Where it looks for modules.
        facts: Its version, platform and distributions, for `dsv.capture.installed`.
    """

    executable: str
    prefixes: tuple[str, ...]
    search: tuple[str, ...]
    facts: dict[str, Any]

    def roots(self, *, but: Path | None = None) -> tuple[str, ...]:
        """Return the folders that a program run by it must be able to read.

        Args:
            but: A workspace: what is in it, such as packages installed for editing, does not count
                unless a whole environment is.
        """
        resolved = Path(self.executable).resolve().parent
        searched = [*self.search, *self._edited()]
        searched = [path for path in searched if Path(path).is_absolute() and not _inside(path, but)]
        # A prefix of / would open everything.
        found = [path for path in (*self.prefixes, os.fspath(resolved), *searched) if path not in {"", "/"}]
        return tuple(dict.fromkeys(found))

    def _edited(self) -> list[str]:
        """Return the projects that are installed for editing: finders may look there without its being in `search`."""
        found = []
        for _, direct, _ in self.facts.get("distributions", {}).values():
            told = json.loads(direct) if direct else {}
            if told.get("dir_info", {}).get("editable") and told.get("url", "").startswith("file:///"):
                found.append(unquote(told["url"].removeprefix("file://")))
        return found

    def searched_in(self, workspace: Path) -> tuple[str, ...]:
        """Return where in `workspace` it looks for modules, relative to it: packages installed for editing."""
        prefixes = [prefix for prefix in self.prefixes if _inside(prefix, workspace)]
        return tuple(
            os.path.relpath(path, workspace).replace(os.sep, "/")
            for path in self.search
            if _inside(path, workspace) and not any(_inside(path, Path(prefix)) for prefix in prefixes)
        )


def interpreter_at(python: Path, *, patience: float = PATIENCE) -> Interpreter:
    """Ask the interpreter `python` what it is.

    It is asked as it would run by itself: without the variables, and the user's own packages, that
    change where it looks.

    Args:
        python: The interpreter.
        patience: Seconds that it has to answer.

    Raises:
        NotFound: It is not there.
        UserError: It does not answer like a Python 3.
    """
    try:
        told = ourselves(python) or _told(python, patience)
        search = tuple(path for path in told["path"] if path)
        return Interpreter(
            executable=told["executable"],
            prefixes=tuple(dict.fromkeys(told["prefixes"])),
            search=search,
            facts={**told, "distributions": distributions_in(search)},
        )
    except FileNotFoundError as error:
        raise NotFound(f"{python.name}: there is no such interpreter") from error
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{python.name} does not answer like a Python interpreter") from error


def _told(python: Path, patience: float) -> dict[str, Any]:
    done = subprocess.run(
        [os.fspath(python), "-I", "-c", _PROBE],
        capture_output=True,
        timeout=patience,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def ourselves(python: Path) -> dict[str, Any] | None:
    """Return what the interpreter `python` would say, if it is the one that runs us, without starting it again.

    None if it is another, if something changes where we look for modules (variables, the user's own packages), or if
    this process is not dsv's own.
    """
    own = Path(sys.executable)
    same = (
        python.parent == own.parent
        and os.path.normpath(python) == os.fspath(python)
        and _is_file(python, own)
    )
    if not same or (search := _search_alone()) is None:
        return None
    return {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()).strip(),
        "executable": os.fspath(python),
        "prefixes": [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix],
        "path": search,
    }


def _is_file(one: Path, other: Path) -> bool:
    try:
        return one.is_absolute() and one.samefile(other)
    except OSError:
        return False


def _search_alone() -> list[str] | None:
    """Return where this interpreter looks when nothing from outside says so, None if something does.

    Its list begins with the archive of the standard library; before that stands at most the folder of the program.
    """
    search = startup.search or ()
    archive = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    before = next((at for at, path in enumerate(search) if Path(path).name == archive), None)
    if before not in (0, 1) or (site.ENABLE_USER_SITE and site.getusersitepackages() in search):
        return None
    alone = list(search[before:])
    home = Path(sys.base_prefix)  # another than its own if PYTHONHOME says so
    at_home = Path(sys.executable).resolve().is_relative_to(home) and Path(alone[0]).is_relative_to(home)
    return alone if at_home and set(filter(os.path.isdir, site.getsitepackages())) <= set(alone) else None


def is_python(program: str) -> bool:
    """Whether `program`, a name or a path, is named like a Python interpreter."""
    return _NAME.fullmatch(Path(program).name) is not None


def find_python(argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> Path | None:
    """Return the Python interpreter that `argv` is run by, or would be most likely by its children.

    That is the program itself, or the interpreter that the program's first line names (a console
    script of a virtual environment), or else `python` or `python3` on the PATH of `env`. None if
    there is none.
    """
    words = list(argv)
    while words and (Path(words[0]).name == "env" or _ENV_ASSIGNMENT.fullmatch(words[0])):
        words.pop(0)
    program = _locate(words[0], env, cwd) if words else None
    if program is not None:
        if is_python(program.name):
            return program
        named = named_interpreter(program)
        if named is not None:
            return named
    for name in ("python", "python3"):
        found = _locate(name, env, cwd)
        if found is not None:
            return found
    return None


def _locate(program: str, env: Mapping[str, str], cwd: Path) -> Path | None:
    if "/" in program:
        place = cwd / program
        return place if place.exists() else None
    found = shutil.which(program, path=env.get("PATH", os.defpath))
    return None if found is None else Path(found)


def named_interpreter(program: Path) -> Path | None:
    """Return the Python interpreter that the script `program` names by its path in its first line."""
    try:
        with program.open("rb") as file:
            line = file.readline(512)
    except OSError:
        return None
    words = line[2:].split() if line.startswith(b"#!") else []
    named = Path(os.fsdecode(words[0])) if words else None
    return named if named is not None and is_python(named.name) and named.exists() else None


def _inside(path: str, folder: Path | None) -> bool:
    return folder is not None and Path(path).is_relative_to(folder)
