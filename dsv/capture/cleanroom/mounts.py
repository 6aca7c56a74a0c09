"""Making a room's file system, from inside of its namespaces."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator

from dsv.capture.cleanroom import syscalls
from dsv.capture.cleanroom.launch_order import Bind, Room

_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP, errno.EROFS, errno.EEXIST})
"""What is not there, or cannot be shown where it should be, is left out unless the command writes there."""

_DEV_LINKS = {
    "ptmx": "pts/ptmx",
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}
_PLAIN = syscalls.MS_NOSUID | syscalls.MS_NODEV
_OWN_IN_PROC = frozenset({"self", "thread-self", "net", "mounts", "tty", "sysvipc"})


def furnish(room: Room) -> None:
    """Make the file system of `room` and have it for the root; nothing else is reachable after that.

    Raises:
        OSError: A part of it that matters cannot be made; the file system is somewhere between then.
    """
    syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
    base = "/tmp" if os.path.isdir("/tmp") else "/proc"  # noqa: S108  any folder: only we see what is mounted there
    # All is taken before anything hides it.
    taken = [(bind, tree) for bind in room.binds if (tree := _take(bind)) is not None]
    syscalls.mount("room", base, "tmpfs", _PLAIN, "mode=755,size=4m")
    _make_proc(f"{base}/proc")
    _make_dev(f"{base}/dev")
    root = os.open(base, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    for bind, tree in sorted(taken, key=lambda one: one[0][1].count("/")):
        with contextlib.nullcontext() if _matters(bind) else _forgiving():
            _hang(root, bind[1], tree)
        os.close(tree)
    for place, leads in room.links:
        with _forgiving():
            _link(root, place, leads)
    _cover(root, base, room.covered)
    os.close(root)
    os.chdir(base)
    syscalls.make_root()
    syscalls.mount("none", "/", None, syscalls.MS_REMOUNT | syscalls.MS_BIND | syscalls.MS_RDONLY | _PLAIN)


@contextlib.contextmanager
def _forgiving() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _ABSENT:
            raise


def _take(bind: Bind) -> int | None:
    """Return a copy of what `bind` brings; None if that is not there and could be left out."""
    source, _, write, device = bind
    try:
        tree = syscalls.copy_mounts(source)
    except OSError as error:
        if error.errno in _ABSENT and not _matters(bind):
            return None
        raise
    syscalls.restrict(tree, write=write, device=device)
    return tree


def _matters(bind: Bind) -> bool:
    _, _, write, device = bind
    return write and not device


def _hang(root: int, target: str, tree: int) -> None:
    place = _reach(root, target, folder=stat.S_ISDIR(os.fstat(tree).st_mode))
    try:
        syscalls.attach(tree, place)
    finally:
        os.close(place)


def _reach(root: int, target: str, *, folder: bool) -> int:
    """Return a descriptor of `target` in the room, which is made if it is not there.

    No link is followed: a recorded one in the clean folder might lead out, where we may still write now.
    """
    here = os.dup(root)
    *above, name = target.strip("/").split("/")
    try:
        for part in above:
            here = _into(here, part)
        found = _into(here, name) if folder else _open_file(here, name)
    except OSError:
        os.close(here)
        raise
    if not folder:
        os.close(here)
    return found


def _into(here: int, part: str) -> int:
    """Return the folder `part` of the folder `here`, made if missing; `here` is closed if that goes well."""
    flags = os.O_PATH | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
    try:
        found = os.open(part, flags, dir_fd=here)
    except FileNotFoundError:
        os.mkdir(part, 0o755, dir_fd=here)
        found = os.open(part, flags, dir_fd=here)
    os.close(here)
    return found


def _open_file(here: int, name: str) -> int:
    flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        found = os.open(name, flags, dir_fd=here)
    except FileNotFoundError:
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600, dir_fd=here))
        found = os.open(name, flags, dir_fd=here)
    if stat.S_ISLNK(os.fstat(found).st_mode):
        os.close(found)
        raise OSError(errno.ELOOP, f"{name} is a link")
    return found


def _link(root: int, place: str, leads: str) -> None:
    above, _, name = place.rpartition("/")
    here = _reach(root, above, folder=True) if above else os.dup(root)
    try:
        os.symlink(leads, name, dir_fd=here)
    finally:
        os.close(here)


def _cover(root: int, base: str, paths: tuple[str, ...]) -> None:
    """Put something empty over what is at `paths`."""
    if not paths:
        return
    folder, file = f"{base}/.folder", f"{base}/.file"
    os.mkdir(folder, 0o755)
    os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o444))
    for path in paths:
        with _forgiving():
            here = os.open(path.strip("/"), os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
            tree = syscalls.copy_mounts(folder if stat.S_ISDIR(os.fstat(here).st_mode) else file)
            syscalls.restrict(tree, write=False, device=False)
            syscalls.attach(tree, here)
            os.close(tree)
            os.close(here)
    os.rmdir(folder)
    os.unlink(file)


def _make_proc(place: str) -> None:
    """Mount a /proc in which nothing of this machine can be changed.

    Who is root outside is root to these files, too, without any capability: by `/proc/sys/kernel/core_pattern`
    it could have a program run out there.
    """
    os.mkdir(place)
    # EPERM where parts of the /proc that we have are covered, as in many containers: a new one would show them.
    syscalls.mount("proc", place, "proc", _PLAIN | syscalls.MS_NOEXEC)
    closed = syscalls.MS_REMOUNT | syscalls.MS_BIND | syscalls.MS_RDONLY | _PLAIN | syscalls.MS_NOEXEC
    for entry in os.scandir(place):
        if entry.name.isdigit() or entry.name in _OWN_IN_PROC or entry.is_symlink():
            continue
        if entry.is_dir() or entry.stat().st_mode & 0o222:
            syscalls.mount(entry.path, entry.path, None, syscalls.MS_BIND | syscalls.MS_REC)
            syscalls.mount("none", entry.path, None, closed)


def _make_dev(place: str) -> None:
    for folder in (place, f"{place}/pts", f"{place}/shm"):
        os.mkdir(folder, 0o755)
    words = "newinstance,ptmxmode=0666,mode=620"
    syscalls.mount("devpts", f"{place}/pts", "devpts", syscalls.MS_NOSUID | syscalls.MS_NOEXEC, words)
    syscalls.mount("shm", f"{place}/shm", "tmpfs", _PLAIN, "mode=1777")
    for name, leads in _DEV_LINKS.items():
        os.symlink(leads, f"{place}/{name}")
