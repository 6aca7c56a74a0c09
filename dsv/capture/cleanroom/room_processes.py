"""The processes of a room.

    keeper   in all new namespaces except the one for processes; waits
    init     process 1 of the room: makes its file system, reaps; all end with it
    command  in a session of its own, without capabilities

Without a room the first of them is the command.
"""

import errno
import os
import signal
import sys

from dsv.capture import landlock
from dsv.capture.cleanroom import syscalls
from dsv.capture.cleanroom.launch_order import READY, LaunchOrder, Room
from dsv.capture.cleanroom.life import PASSED, Life, exit_code
from dsv.capture.cleanroom.mounts import furnish

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` is slow to import
    from dsv.capture.cleanroom.watcher import Watcher

UNABLE = 125
"""The exit code where the walls cannot be made; the report says why."""

_CANNOT = 126
_NO_COMMAND = 127

_RESTORED = (*PASSED, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD)

_NAMESPACES = (
    syscalls.NEW_USERS
    | syscalls.NEW_MOUNTS
    | syscalls.NEW_PIDS
    | syscalls.NEW_NETWORK
    | syscalls.NEW_IPC
    | syscalls.NEW_NAMES
    | syscalls.NEW_CGROUPS
)


def run(order: LaunchOrder) -> int:
    """Carry out `order`; return the command's exit code as a shell says it."""
    syscalls.die_with_parent()
    if os.getppid() != order.parent:
        return _CANNOT  # it ended before we could ask to end with it
    os.set_inheritable(order.report, False)
    if order.room is None:
        return _become(order)
    watcher = None
    if order.watch is not None:
        os.set_inheritable(order.watch.facts, False)
        # Now, as its sources are not in the room.
        from dsv.capture.cleanroom.watcher import Watcher

        watcher = Watcher(order, order.watch)
    return _keep(order, order.room, watcher)


def _keep(order: LaunchOrder, room: Room, watcher: "Watcher | None") -> int:
    """Be the keeper."""
    try:
        _enter(room)
        syscalls.die_with_parent()  # forgotten with the change of user namespace
    except OSError as error:
        return _unable(order, error)
    lifeline, held = os.pipe()
    init = os.fork()
    if init == 0:
        os.close(held)
        os._exit(_init(order, room, watcher, lifeline))
    os.close(lifeline)
    os.close(order.report)
    for number in PASSED:  # init gets them as well: it is in our process group
        signal.signal(number, signal.SIG_IGN)
    _, status = os.waitpid(init, 0)
    return exit_code(status)


def _enter(room: Room) -> None:
    """Enter new namespaces, staying the same user."""
    uid, gid = os.geteuid(), os.getegid()
    syscalls.unshare(_NAMESPACES & ~syscalls.NEW_NETWORK if room.network else _NAMESPACES)
    # Without "deny" the kernel takes no group from us. Only our own number can be mapped, as root too.
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        fd = os.open(f"/proc/self/{name}", os.O_WRONLY)
        try:
            os.write(fd, text.encode())
        except OSError as error:
            raise OSError(error.errno, f"user namespaces: {error.strerror}") from error
        finally:
            os.close(fd)


def _init(order: LaunchOrder, room: Room, watcher: "Watcher | None", lifeline: int) -> int:
    """Be process 1: make the room, start the command, reap; when it has ended, end, and with us all others."""
    try:
        furnish(room)
        if not room.network:
            syscalls.bring_up_loopback()
    except OSError as error:
        return _unable(order, error)
    life = Life(lifeline)
    code = None if watcher is None else _watched(order, watcher, life)
    return _unwatched(order, life) if code is None else code


def _unwatched(order: LaunchOrder, life: Life) -> int:
    command = os.fork()
    if command == 0:
        signal.set_wakeup_fd(-1)
        os._exit(_become(order))
    os.close(order.report)
    life.begin(command)
    return life.wait()


def _watched(order: LaunchOrder, watcher: "Watcher", life: Life) -> int | None:
    """Run the command and watch it; None if that is not possible, and nothing was run."""
    try:
        command = watcher.start(lambda: _prepare(order))
    except OSError as error:
        return _unable(order, error)
    if command is None:
        return None
    os.write(order.report, READY)
    os.close(order.report)
    life.begin(command)
    failure = watcher.serve(life.is_over)
    if failure:
        return _refused(order, failure)
    code = life.wait()
    watcher.report()
    return code


def _prepare(order: LaunchOrder) -> None:
    """Put up the walls that belong to the command, in its process.

    Raises:
        OSError: One of them cannot be put up.
    """
    if order.room is not None:
        os.setsid()  # it has no terminal, so that nothing can be typed into the user's
    for number in _RESTORED:  # what Python ignores would stay ignored
        signal.signal(number, signal.SIG_DFL)
    try:
        os.chdir(order.cwd)
    except OSError as error:
        raise OSError(error.errno, f"the folder {order.cwd}: {error.strerror}") from error
    syscalls.forgo_privileges()
    if order.policy is not None:
        landlock.confine(order.policy)


def _become(order: LaunchOrder) -> int:
    """Become the command; returns only if that fails."""
    try:
        _prepare(order)
    except OSError as error:
        return _unable(order, error)
    os.write(order.report, READY)
    try:
        os.execvpe(order.argv[0], order.argv, order.env)  # noqa: S606
    except OSError as error:
        return _refused(order, error.errno or 0)


def _refused(order: LaunchOrder, number: int) -> int:
    sys.stderr.write(f"dsv: {order.argv[0]}: {os.strerror(number)}\n")
    return _NO_COMMAND if number in (errno.ENOENT, errno.ENOTDIR) else _CANNOT


def _unable(order: LaunchOrder, error: OSError) -> int:
    os.write(order.report, (error.strerror or os.strerror(error.errno or 0)).encode())
    return UNABLE
