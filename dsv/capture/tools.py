"""What a command needs of this machine: interpreters with their packages, and the folders of programs."""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dsv.capture.interpreter import Interpreter

_ENVIRONMENT_MARKS = ("pyvenv.cfg", "conda-meta")


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs that a command may use.

    Attributes:
        ambient: The caller's environment, for its PATH.
        interpreters: The Python interpreters; the first is `python` to the command.
        workspace: Where the recorded run was: programs and packages of it are those of the clean folder.
        apart: Folders that hold what is the user's, such as the clean folder: no folder of PATH that holds one
            of them is opened.
    """

    ambient: Mapping[str, str]
    interpreters: Sequence[Interpreter] = ()
    workspace: Path | None = None
    apart: tuple[Path, ...] = ()

    def path(self, clean: Path | None = None) -> str:
        """Return the PATH of the command; the interpreters come first.

        The `python` there may be a shim that needs files which are out of reach.

        Args:
            clean: The clean folder, if the workspace's own folders of PATH are to be looked for in it.
        """
        searched = self._searched()
        if clean is not None:
            searched = [self._moved(folder, clean) for folder in searched]
        return os.pathsep.join(dict.fromkeys([*self._first(), *searched]))

    def readable(self, program: str = "") -> tuple[str, ...]:
        """Return the folders that have to be readable: of programs, interpreters and packages.

        Args:
            program: What is run: if it belongs to an environment of its own, that counts, too.
        """
        programs = [folder for folder in self._searched() if self._is_of_programs(folder)]
        roots = [root for python in self.interpreters for root in python.roots(but=self.workspace)]
        return tuple(dict.fromkeys([*self._first(), *programs, *roots, *self._environment_of(program)]))

    def sources(self) -> tuple[str, ...]:
        """Return where in the workspace the interpreters look for modules: packages installed for editing."""
        if self.workspace is None:
            return ()
        found = [path for python in self.interpreters for path in python.searched_in(self.workspace)]
        return tuple(dict.fromkeys(found))

    def executables(self, program: str = "") -> Iterable[str]:
        """Yield the files that are started: the interpreters, and `program` if it is not of the workspace."""
        yield from (python.executable for python in self.interpreters)
        found = self._found(program)
        if found is not None:
            yield found

    def _first(self) -> list[str]:
        return [os.fspath(Path(python.executable).parent) for python in self.interpreters]

    def _searched(self) -> list[str]:
        return self.ambient.get("PATH", os.defpath).split(os.pathsep)

    def _moved(self, folder: str, clean: Path) -> str:
        if self.workspace is None or not self._is_own(folder):
            return folder
        return os.path.normpath(clean / os.path.relpath(os.path.realpath(folder), real(self.workspace)))

    def _is_own(self, folder: str) -> bool:
        """Whether a folder of PATH is in the workspace, and no part of an interpreter's environment."""
        if self.workspace is None or not folder.startswith("/"):
            return False
        prefixes = [prefix for python in self.interpreters for prefix in python.prefixes]
        return within(folder, self.workspace) and not any(within(folder, prefix) for prefix in prefixes)

    def _is_of_programs(self, folder: str) -> bool:
        """Whether a folder of PATH may be read: it neither is in the workspace nor holds what is the user's."""
        if not folder.startswith("/") or self._is_own(folder):
            return False
        apart = [*self.apart, *([self.workspace] if self.workspace is not None else [])]
        return not any(within(place, folder) for place in apart)

    def _environment_of(self, program: str) -> list[str]:
        """Return the virtual environment that a program found on PATH belongs to, and what that is based on."""
        found = self._found(program)
        if found is None:
            return []
        prefix = real(found).parent.parent
        if not any((prefix / mark).exists() for mark in _ENVIRONMENT_MARKS):
            return []
        return [os.fspath(prefix), *_base_of(prefix)]

    def _found(self, program: str) -> str | None:
        if not program or "/" in program:
            return None
        found = shutil.which(program, path=self.ambient.get("PATH", os.defpath))
        return None if found is None or self._is_own(os.fspath(Path(found).parent)) else found


def real(place: str | Path) -> Path:
    """Return where `place` is in truth, without links on the way."""
    return Path(os.path.realpath(place))


def within(place: str | Path, folder: str | Path) -> bool:
    """Whether `place` is `folder` or in it, links followed."""
    return real(place).is_relative_to(real(folder))


def _base_of(prefix: Path) -> list[str]:
    """Return the installation that the virtual environment `prefix` names in its `pyvenv.cfg`."""
    try:
        lines = (prefix / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    pairs = (line.partition("=") for line in lines)
    homes = [value.strip() for name, _, value in pairs if name.strip() == "home"]
    found = [real(home) for home in homes if home.startswith("/")]
    return [os.fspath(home.parent if home.name == "bin" else home) for home in found]
