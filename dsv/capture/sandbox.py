"""Executing a command in a clean folder, with nothing but what is named.

The command gets PATH, locale, time zone, the declared variables, and a HOME and temporary folders of its own. In
which walls it runs depends on the system: in a room made of namespaces, else under Landlock, else only in the
clean folder; the result says which it was, and why no better. On Linux it never has capabilities, new privileges or
a terminal.
"""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dsv.capture import landlock
from dsv.capture.changed_on_disk import mark
from dsv.capture.cleanroom import layout_plan
from dsv.capture.cleanroom.launch_order import LaunchOrder, Room, RoomWatch
from dsv.capture.cleanroom.launcher import Launched
from dsv.capture.cleanroom.sightings import captured
from dsv.capture.detect import Captured
from dsv.capture.execute import TAIL_BYTES, Command, Execution, Executor
from dsv.capture.interpreter import Interpreter
from dsv.capture.isolation import Isolation, Openings
from dsv.capture.landlock import Confinement
from dsv.capture.python_imports import marked
from dsv.capture.tools import Tools
from dsv.capture.witness.wire import read_all
from dsv.errors import NotFound, UserError
from dsv.worktree.ignore import NOTHING, Ignore

_FRESH = {
    "HOME": "home",
    "TMPDIR": "t",
    "XDG_CACHE_HOME": "cache",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_RUNTIME_DIR": "runtime",
    "XDG_STATE_HOME": "state",
}
"""Without a room; the temporary folder has a short name, as sockets in it may have long ones."""

_PASSED = frozenset({"PATH", "LANG", "LANGUAGE", "TZ"})

_SYSTEM = (*layout_plan.SYSTEM, "/proc", "/run/systemd/resolve")
_DEVICES = (
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/shm",  # noqa: S108  semaphores and shared memory of processes that work together
    "/dev/dri",
    "/dev/kfd",
)

_OWN = ("/tmp", "/var/tmp", "/dev", "/proc")  # noqa: S108  in a room


@dataclass(frozen=True, slots=True)
class Confined:
    """An execution and how well it was isolated.

    Attributes:
        execution: How it went.
        isolation: How well.
        why: Why it was isolated no better; "" if it could not be.
        captured: What it was seen to do in the clean folder; None if nobody could watch it.
    """

    execution: Execution
    isolation: Isolation
    why: str = ""
    captured: Captured | None = None


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Executes commands in one clean folder.

    Attributes:
        folder: Holds what the command may use; the command may write everywhere in it.
        scratch: An empty folder elsewhere, for what else it may write; best with a short path.
        ambient: The caller's environment: PATH, locale and time zone are taken from it.
        declared: The variables that were declared; they win.
        interpreters: The Python interpreters that it may use; the first is `python` to it.
        workspace: Where the recorded run was: in a room the clean folder is there. Otherwise packages installed
            for editing from there are looked for in the clean folder instead.
        openings: What is allowed besides.
        strongest: The strongest walls that are tried.
        library: A package that the command imports although no interpreter has it: where it is.
        timeout: After how many seconds it is ended; None: never.
        watched: Whether it is watched where that is possible, which is in a room.
        ignore: The workspace's rules for what is not looked at.
        search: Folders of the workspace that Pythons look for modules in, relative to it.
    """

    folder: Path
    scratch: Path
    ambient: Mapping[str, str]
    declared: Mapping[str, str]
    interpreters: Sequence[Interpreter] = ()
    workspace: Path | None = None
    openings: Openings = field(default_factory=Openings)
    strongest: Isolation = Isolation.NAMESPACES
    library: Path | None = None
    timeout: float | None = None
    watched: bool = True
    ignore: Ignore = NOTHING
    search: tuple[str, ...] = ()

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
        here = self.folder / cwd
        self._find(argv[0], here)
        command = Command(argv, here, {}, stdout, stderr, stdin, tail_bytes, timeout=self.timeout)
        why = [] if executor.supports_starters else ["commands are executed elsewhere"]
        strongest = self.strongest if executor.supports_starters else Isolation.FOLDER
        for isolation in strongest.weaker:
            problem = _missing(isolation)
            if not problem:
                done, problem = self._try(executor, isolation, command)
                if not problem:
                    return replace(done, why="; ".join(why))
            why.append(f"no {isolation}: {problem}")
        raise UserError(f"{argv[0]} cannot be executed: {problem}")

    def environment(self, *, room: bool) -> dict[str, str]:
        """Return the command's whole environment, in a room or not.

        Without a room its private folders are made.
        """
        env = {
            name: value for name, value in self.ambient.items() if name in _PASSED or name.startswith("LC_")
        }
        env["PATH"] = self._tools.path(None if room else self.folder)
        base = self._place if room else self.folder
        sources = [os.path.normpath(base / path) for path in self.search]
        if room:
            env |= {"HOME": self._home, "TMPDIR": "/tmp"}  # noqa: S108
            sources += [] if self.library is None else [layout_plan.LIBRARY]
        else:
            env |= {name: os.fspath(self._private(folder)) for name, folder in _FRESH.items()}
            sources += [os.fspath(self.folder / path) for path in self._tools.sources()]
            sources += [] if self.library is None else [self._linked(self.library)]
        if sources:
            env["PYTHONPATH"] = os.pathsep.join(sources)
        return {**env, **self.declared}

    def room(self, program: str = "") -> Room:
        """Return the room for the command `program`. What it declared opens nothing: the one who recorded it chose that."""
        return layout_plan.room_of(
            self.folder,
            self._place,
            self._private("room"),
            self._home,
            read=(*self._tools.readable(program), *map(os.fspath, self.openings.allow)),
            executables=self._tools.executables(program),
            library=self.library,
            network=self.openings.network,
        )

    def policy(self, program: str = "") -> Confinement:
        """Return what the command may use where there is no room; as for `room`."""
        library = [] if self.library is None else [os.fspath(self.library)]
        gpus = [os.fspath(path) for path in Path("/dev").glob("nvidia*")]
        allowed = map(os.fspath, self.openings.allow)
        return Confinement(
            read=(*_SYSTEM, *self._tools.readable(program), *library, *allowed),
            write=(os.fspath(self.folder), os.fspath(self.scratch), *_DEVICES, *gpus),
            network=self.openings.network,
        )

    @property
    def _tools(self) -> Tools:
        home = self.ambient.get("HOME", "")
        apart = (self.folder, self.scratch, *([Path(home)] if home.startswith("/") else []))
        return Tools(self.ambient, self.interpreters, self.workspace, apart)

    @property
    def _place(self) -> Path:
        """Where the clean folder is in a room."""
        return self.workspace or self.folder

    @property
    def _home(self) -> str:
        return layout_plan.home_in_room(self.ambient.get("HOME", ""), self._place)

    def _try(self, executor: Executor, isolation: Isolation, command: Command) -> tuple[Confined, str]:
        """Execute `command` in these walls; return how it went, and why the walls could not be made, if so."""
        if sys.platform != "linux" or not executor.supports_starters:
            return Confined(executor.run(replace(command, env=self.environment(room=False))), isolation), ""
        if isolation is Isolation.NAMESPACES:
            return self._in_room(executor, command)
        program = command.argv[0]
        policy = self.policy(program) if isolation is Isolation.LANDLOCK else None
        cwd = os.fspath(command.cwd)
        order = LaunchOrder(command.argv, cwd, self.environment(room=False), os.getpid(), policy=policy)
        launched = Launched(order)
        return Confined(executor.run(replace(command, starter=launched)), isolation), launched.problem()

    def _in_room(self, executor: Executor, command: Command) -> tuple[Confined, str]:
        place = os.path.realpath(self._place)
        room = self.room(command.argv[0])
        policy = Confinement(("/",), (place, self._home, *_OWN), network=True) if landlock.abi() else None
        env = marked(self.environment(room=True), layout_plan.HOOK, place)
        held = os.memfd_create("seen")
        try:
            since = mark()
            boring = [f"{one}/" for one in ("/run/dsv", f"{place}/.dsv", f"{place}/.git")]
            watch = (
                RoomWatch(place, boring, marks=bool(self.interpreters), facts=held) if self.watched else None
            )
            cwd = os.fspath(self._place / command.cwd.relative_to(self.folder))
            launched = Launched(
                LaunchOrder(command.argv, cwd, env, os.getpid(), room, policy, watch), (held,)
            )
            execution = executor.run(replace(command, starter=launched))
            problem = launched.problem()
            other = [target for _, target, *_ in room.binds if target.startswith(f"{place}/")]
            seen = captured(
                read_all(held), self.folder, place, other, ignore=self.ignore, since=since, home=self._home
            )
        finally:
            os.close(held)
        return Confined(execution, Isolation.NAMESPACES, captured=seen), problem

    def _private(self, name: str) -> Path:
        place = self.scratch / name
        place.mkdir(mode=0o700, exist_ok=True)
        return place

    def _linked(self, library: Path) -> str:
        """Return a folder that has the package `library` and nothing of what lies beside it."""
        place = self._private("library") / library.name
        if not place.is_symlink():
            place.symlink_to(library)
        return os.fspath(place.parent)

    def _find(self, program: str, here: Path) -> None:
        if not here.is_dir():
            raise NotFound(f"there is no folder {here.name} to run {program} in")
        path = self.declared.get("PATH") or self._tools.path(self.folder)
        found = (here / program).exists() if "/" in program else shutil.which(program, path=path) is not None
        if not found:
            raise NotFound(f"{program}: command not found")


def _missing(isolation: Isolation) -> str:
    """Return why this system has no such walls; "" if it may have them."""
    if isolation is not Isolation.FOLDER and sys.platform != "linux":
        return "this is not Linux"
    if isolation is Isolation.LANDLOCK and not landlock.abi():
        return "the kernel has none"
    return ""
