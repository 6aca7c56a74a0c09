"""What is in a clean room: decided outside of it, from what is there."""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from dsv.capture import python_imports
from dsv.capture.cleanroom.launch_order import Bind, Room

LIBRARY = "/run/dsv/library"
"""Where packages are that a command imports although no interpreter has them."""

HOOK = "/run/dsv/hook"
"""Where the `sitecustomize` is by which Pythons mark what their import system does."""

SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/sys",
    "/nix/store",
    "/gnu/store",
)
"""The folders of the system, which every command may read."""

_CACHES = ("/var/cache/fontconfig", "/var/lib/texmf")

_NOT_SHOWN = (
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/krb5.keytab",
    "/etc/ssh",
    "/etc/ssl/private",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/sys/firmware",
    "/sys/fs/bpf",
    "/sys/kernel/debug",
    "/sys/kernel/security",
    "/sys/kernel/tracing",
)
"""Of the system: what only root may read, which root without capabilities still may."""

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "kfd", "dri")
_GPUS = "nvidia*"
_TEMPORARY = {"/tmp": "tmp", "/var/tmp": "vartmp"}  # noqa: S108  in the room, where nobody else is
_UNUSABLE_HOMES = ("/", "/usr", "/etc", "/sys", "/proc", "/dev", "/bin", "/sbin", "/lib")
_OF_ENVIRONMENTS = ("bin", "lib", "lib64", "include", "pyvenv.cfg", "conda-meta")
_OF_KERNEL = frozenset({"dev", "proc", "run", "sys"})
_MOST_LINKS = 40


def home_in_room(home: str, workspace: Path) -> str:
    """Return where the command's home folder is: where the user's is, if an empty one can be there."""
    place = os.path.realpath(home) if home.startswith("/") else "/"
    taken = any(place == one or (one != "/" and place.startswith(f"{one}/")) for one in _UNUSABLE_HOMES)
    if taken or Path(place).is_relative_to(os.path.realpath(workspace)):
        return "/home/dsv"
    return place


def room_of(
    folder: Path,
    workspace: Path,
    scratch: Path,
    home: str,
    *,
    read: Iterable[str],
    executables: Iterable[str] = (),
    library: Path | None = None,
    network: bool = False,
) -> Room:
    """Return the room for a command. What it has for itself is made in `scratch`.

    Args:
        folder: The clean folder.
        workspace: Where it is in the room.
        scratch: An empty folder, for the temporary folders and the home.
        home: Where the home folder is in the room.
        read: Files and folders that are in the room and cannot be changed.
        executables: Files that are started; the links on the way to them are in the room.
        library: A package that is in `LIBRARY`.
        network: Whether it is on this machine's network.
    """
    plan = _Plan()
    for place, name in (*_TEMPORARY.items(), (home, "home")):
        own = scratch / name
        own.mkdir(mode=0o700, exist_ok=True)
        plan.put(os.fspath(own), plan.real(place), write=True)
    for name in ("tmp", "vartmp"):
        (scratch / name).chmod(0o1777)
    plan.put(os.fspath(folder), plan.real(os.fspath(workspace)), write=True)
    for device in (*(Path("/dev", name) for name in _DEVICES), *Path("/dev").glob(_GPUS)):
        if device.exists():
            plan.put(os.fspath(device), os.fspath(device), write=True, device=True)
    read = tuple(read)
    given = [path for one in read for path in _parts(os.path.realpath(one), plan, workspace)]
    for path in (*SYSTEM, *_CACHES, *(_name_servers() if network else ()), *map(os.fspath, read), *given):
        if path != "/" and os.path.exists(path):
            found = plan.real(path)
            plan.put(found, found)
    for path in executables:
        plan.real(path)
    plan.put(os.path.realpath(python_imports.HOOK), HOOK)
    if library is not None:
        plan.put(os.path.realpath(library), f"{LIBRARY}/{library.name}")
    hidden = [path for path in _NOT_SHOWN if os.path.lexists(path)]
    sockets = [path for one in given if not _is_system(one) for path in sockets_below(os.path.realpath(one))]
    return Room(plan.binds(), tuple(plan.links.items()), (*hidden, *sockets), network=network)


class _Plan:
    """Binds, one for each place, and the links that lead to them."""

    def __init__(self) -> None:
        self.links: dict[str, str] = {}
        self._binds: dict[str, Bind] = {}

    def put(self, source: str, target: str, *, write: bool = False, device: bool = False) -> None:
        """Have `source` at `target`, unless something else is there already."""
        self._binds.setdefault(target, (source, target, write, device))

    def has(self, target: str) -> bool:
        """Whether something is at `target`."""
        return target in self._binds

    def real(self, path: str) -> str:
        """Return where `path` is in truth, and have the links on the way (`/bin`, `/home` to `/data/home`)."""
        todo, found, hops = path.split("/")[::-1], "", 0
        while todo:
            part = todo.pop()
            if part == "..":
                found = os.path.dirname(found).rstrip("/")
            elif part not in ("", "."):
                here = f"{found}/{part}"
                if os.path.islink(here) and hops < _MOST_LINKS:
                    hops += 1
                    leads = self.links[here] = os.readlink(here)
                    found = "" if leads.startswith("/") else found
                    todo += leads.split("/")[::-1]
                else:
                    found = here
        return found or "/"

    def binds(self) -> tuple[Bind, ...]:
        """Return the binds, without those that another one shows already."""
        return tuple(bind for bind in self._binds.values() if not self._is_shown(bind))

    def _is_shown(self, bind: Bind) -> bool:
        source, target, write, _ = bind
        if source != target or write:
            return False
        for above in map(str, Path(target).parents):
            if above in self._binds:
                source, target, write, _ = self._binds[above]
                return source == target and not write
        return False


def sockets_below(path: str) -> tuple[str, ...]:
    """Return the sockets at or below `path`: anyone who can see one can speak to the program behind it."""
    return _sockets(path)


@cache
def _sockets(path: str) -> tuple[str, ...]:
    return tuple(_walk(path)) if os.path.isdir(path) else ()


def _walk(path: str) -> Iterator[str]:
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_symlink() or entry.is_file(follow_symlinks=False):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from _walk(entry.path)
                elif stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode):
                    yield entry.path
    except OSError:
        return


def _is_system(path: str) -> bool:
    found = os.path.realpath(path)
    return any(found == one or found.startswith(f"{one}/") for one in (*SYSTEM, *_CACHES))


def _parts(path: str, plan: "_Plan", workspace: Path) -> Sequence[str]:
    """Return `path`, or what is in it if the command has something of its own in its place."""
    if path == os.path.realpath(workspace):  # an environment made in the workspace itself
        return [os.path.join(path, name) for name in _OF_ENVIRONMENTS]
    if path == "/" or plan.has(path):
        return [
            os.path.join(path, name) for name in os.listdir(path) if path != "/" or name not in _OF_KERNEL
        ]
    return (path,)


def _name_servers() -> Sequence[str]:
    """Return the file that says who resolves names; often it lies in /run, which is not in a room."""
    return [os.path.realpath("/etc/resolv.conf")]
