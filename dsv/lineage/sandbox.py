"""Executing a command in a clean folder, with nothing but what is named.

The command gets PATH, locale, time zone, the declared variables, and fresh HOME, TMPDIR and XDG
folders, all inside the folder. Where the kernel has Landlock, it can read only that folder, the
interpreters and their packages and the system's folders, and can use no TCP; elsewhere the result says
`folder`, and promises less.
"""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dsv.errors import NotFound
from dsv.lineage import landlock
from dsv.lineage.execute import TAIL_BYTES, Command, Execution, Executor
from dsv.lineage.interpreter import Interpreter
from dsv.lineage.landlock import Policy

FOLDER_ONLY = "folder"

_PRIVATE = ".dsv/sandbox"
"""Where the fresh folders are; `.dsv` is in no dataset, so nothing in it is taken for output."""

_FRESH = {
    "HOME": "home",
    "TMPDIR": "tmp",
    "XDG_CACHE_HOME": "cache",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_RUNTIME_DIR": "runtime",
    "XDG_STATE_HOME": "state",
}

_PASSED = frozenset({"PATH", "LANG", "LANGUAGE", "TZ"})

_SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/proc",
    "/sys",
    "/nix/store",
    "/gnu/store",
    "/run/systemd/resolve",
)

_DEVICES = (
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
    "/dev/shm",  # noqa: S108  semaphores and shared memory of processes that work together
    "/dev/dri",
    "/dev/kfd",
)


@dataclass(frozen=True, slots=True)
class Openings:
    """What a command may use beyond the rule.

    Attributes:
        allow: Files and folders that it may read besides.
        network: Whether it may use the network.
    """

    allow: tuple[Path, ...] = ()
    network: bool = False


@dataclass(frozen=True, slots=True)
class Confined:
    """An execution and how well it was isolated.

    Attributes:
        execution: How it went.
        isolation: `landlock ABI n` or `folder`.
    """

    execution: Execution
    isolation: str


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Executes commands in one clean folder.

    Attributes:
        folder: Holds what the command may use; the command may write everywhere in it.
        ambient: The caller's environment: PATH, locale and time zone are taken from it.
        declared: The variables that were declared; they win.
        interpreters: The Python interpreters that it may use; the first is `python` to it.
        workspace: Where the recorded run was: packages installed for editing from there are looked for
            in the clean folder instead.
        openings: What is allowed besides.
        use_landlock: Off to run as on a system without it.
        library: A package that the command imports although no interpreter has it: where it is.
    """

    folder: Path
    ambient: Mapping[str, str]
    declared: Mapping[str, str]
    interpreters: Sequence[Interpreter] = ()
    workspace: Path | None = None
    openings: Openings = Openings()
    use_landlock: bool = True
    library: Path | None = None

    def run(
        self,
        executor: Executor,
        argv: Sequence[str],
        cwd: str = "",
        *,
        stdout: int = 1,
        stderr: int = 2,
        stdin: int | None = None,
        tail_bytes: int = TAIL_BYTES,
    ) -> Confined:
        """Execute `argv` in the folder `cwd`, relative to the clean folder.

        Raises:
            NotFound: There is no such program or folder.
            UserError: It cannot be executed.
        """
        env = self.environment()
        here = self.folder / cwd
        self._find(argv[0], here, env["PATH"])
        version = landlock.abi() if self.use_landlock else 0
        full = [*_launcher(self.policy()), *argv] if version else list(argv)
        command = Command(full, here, env, stdout, stderr, stdin, tail_bytes)
        execution = executor.run(command)
        return Confined(execution, f"landlock ABI {version}" if version else FOLDER_ONLY)

    def environment(self) -> dict[str, str]:
        """Return the command's whole environment, and make the fresh folders that it names."""
        env = {
            name: value for name, value in self.ambient.items() if name in _PASSED or name.startswith("LC_")
        }
        for name, folder in _FRESH.items():
            place = self.folder / _PRIVATE / folder
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            env[name] = os.fspath(place)
        env["PATH"] = os.pathsep.join(dict.fromkeys([*self._ours(), *map(self._inner, self._searched())]))
        sources = [os.fspath(self.folder / path) for path in self._sources()]
        if self.library is not None:
            sources.append(self._linked(self.library))
        if sources:
            env["PYTHONPATH"] = os.pathsep.join(sources)
        return {**env, **self.declared}

    def policy(self) -> Policy:
        """Return what the command may use. What it declared opens nothing: whoever recorded it chose that."""
        programs = [*self._ours(), *filter(self._is_of_programs, self._searched())]
        library = [] if self.library is None else [os.fspath(self.library)]
        gpus = [os.fspath(path) for path in Path("/dev").glob("nvidia*")]
        roots = [root for python in self.interpreters for root in python.roots(but=self.workspace)]
        return Policy(
            read=(*_SYSTEM, *programs, *roots, *library, *map(os.fspath, self.openings.allow)),
            write=(os.fspath(self.folder), *_DEVICES, *gpus),
            network=self.openings.network,
        )

    def _linked(self, library: Path) -> str:
        """Return a folder that has the package `library` and nothing of what lies beside it."""
        place = self.folder / _PRIVATE / "library" / library.name
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.is_symlink():
            place.symlink_to(library)
        return os.fspath(place.parent)

    def _ours(self) -> list[str]:
        # First on PATH, as `python` may be a shim there that needs files which are out of reach.
        return [os.fspath(Path(python.executable).parent) for python in self.interpreters]

    def _searched(self) -> list[str]:
        return self.ambient.get("PATH", os.defpath).split(os.pathsep)

    def _inner(self, folder: str) -> str:
        """Return a folder of PATH, that of the clean folder instead of the workspace's own.

        So that a program of the workspace is the recorded one, not what it has become since.
        """
        if self.workspace is None or not self._is_own(folder):
            return folder
        return os.path.normpath(
            self.folder / os.path.relpath(os.path.realpath(folder), _real(self.workspace))
        )

    def _is_own(self, folder: str) -> bool:
        """Whether a folder of PATH is in the workspace, and no part of an interpreter's environment."""
        if self.workspace is None or not folder.startswith("/"):
            return False
        prefixes = [prefix for python in self.interpreters for prefix in python.prefixes]
        return _within(folder, self.workspace) and not any(_within(folder, prefix) for prefix in prefixes)

    def _is_of_programs(self, folder: str) -> bool:
        """Whether a folder of PATH may be read: it neither is in the workspace nor holds it, or everything."""
        if not folder.startswith("/") or self._is_own(folder):
            return False
        return not _within(self.folder, folder)

    def _sources(self) -> list[str]:
        if self.workspace is None:
            return []
        return [path for python in self.interpreters for path in python.searched_in(self.workspace)]

    def _find(self, program: str, here: Path, path: str) -> None:
        if not here.is_dir():
            raise NotFound(f"there is no folder {here.name} to run {program} in")
        found = (here / program).exists() if "/" in program else shutil.which(program, path=path) is not None
        if not found:
            raise NotFound(f"{program}: command not found")


def _real(place: str | Path) -> Path:
    return Path(os.path.realpath(place))


def _within(place: str | Path, folder: str | Path) -> bool:
    return _real(place).is_relative_to(_real(folder))


def _launcher(policy: Policy) -> list[str]:
    assert landlock.__file__ is not None
    return [sys.executable, "-I", "-S", landlock.__file__, policy.encode()]
