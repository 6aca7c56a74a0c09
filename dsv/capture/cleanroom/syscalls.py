"""System calls that Python has no functions for, with the numbers of `linux/*.h`."""

import ctypes
import os

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
_MNT_DETACH = 2

NEW_MOUNTS = 0x20000
NEW_CGROUPS = 0x2000000
NEW_NAMES = 0x4000000
NEW_IPC = 0x8000000
NEW_USERS = 0x10000000
NEW_PIDS = 0x20000000
NEW_NETWORK = 0x40000000

# Calls since number 424 have the same number everywhere.
_OPEN_TREE = 428
_MOVE_MOUNT = 429
_MOUNT_SETATTR = 442
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_CAPSET = {"x86_64": 126, "aarch64": 91}
_KEYCTL = {"x86_64": 250, "aarch64": 219}

_AT_FDCWD = -100
_AT_EMPTY_PATH = 0x1000
_AT_RECURSIVE = 0x8000
_OPEN_TREE_CLONE = 1
_FROM_EMPTY_TO_EMPTY = 0x44
_ATTRIBUTES = {"read only": 1, "nosuid": 2, "nodev": 4}

_DIE_WITH_PARENT = 1
_DROP_FROM_BOUNDS = 24
_SET_SECURE_BITS = 28
_NO_NEW_PRIVILEGES = 38
_AMBIENT = 47
_CLEAR_ALL = 4
_NO_ROOT_LOCKED = 0b101111  # becoming user 0 gives no capability back
_CAPABILITY_VERSION = 0x20080522
_JOIN_SESSION_KEYRING = 1
_SIGKILL = 9


_GET_FLAGS = 0x8913
_SET_FLAGS = 0x8914
_UP = 1

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _numbered(numbers: dict[str, int]) -> int:
    machine = os.uname().machine
    if machine not in numbers:
        raise OSError(38, f"system calls of {machine} are not known")
    return numbers[machine]


def _call(what: str, number: int, *arguments: object) -> int:
    widened = [ctypes.c_long(item) if isinstance(item, int) else item for item in arguments]
    answer: int = _libc.syscall(ctypes.c_long(number), *widened)
    if answer < 0:
        raise _failure(what)
    return answer


def _failure(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}")


def _control(what: str, option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    if _libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero):
        raise _failure(what)


# --- namespaces ---


def unshare(flags: int) -> None:
    """Enter new namespaces. The next child, not this process, is in the new PID namespace."""
    if _libc.unshare(ctypes.c_int(flags)):
        raise _failure("namespaces")


def bring_up_loopback() -> None:
    """Bring up `lo`, all that a new network namespace has."""
    # By hand, as the module `socket` takes longer to load than all the rest.
    fd = _libc.socket(2, 2, 0)
    if fd < 0:
        raise _failure("the loopback device")
    request = ctypes.create_string_buffer(b"lo", 40)
    try:
        for number in (_GET_FLAGS, _SET_FLAGS):
            if _libc.ioctl(fd, ctypes.c_ulong(number), request):
                raise _failure("the loopback device")
            request[16] = bytes([request.raw[16] | _UP])
    finally:
        os.close(fd)


# --- mounts ---


def mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    """Have `source` at `target`. Flags and data are those of the system call."""
    words = [None if item is None else os.fsencode(item) for item in (source, target, kind)]
    if _libc.mount(*words, ctypes.c_ulong(flags), os.fsencode(data)):
        raise _failure(f"mounting {target}")


def copy_mounts(path: str) -> int:
    """Return a descriptor of what is at `path`, with all that is mounted below; it can be attached elsewhere."""
    flags = _OPEN_TREE_CLONE | os.O_CLOEXEC | _AT_RECURSIVE
    return _call(path, _OPEN_TREE, _AT_FDCWD, os.fsencode(path), flags)


def restrict(tree: int, *, write: bool, device: bool) -> None:
    """Restrict copied mounts: no set-uid programs; no writing and no devices except where that is said."""
    bits = _ATTRIBUTES["nosuid"]
    bits |= 0 if write else _ATTRIBUTES["read only"]
    bits |= 0 if device else _ATTRIBUTES["nodev"]
    attributes = (ctypes.c_uint64 * 4)(bits, 0, 0, 0)
    size = ctypes.sizeof(attributes)
    _call("mount attributes", _MOUNT_SETATTR, tree, b"", _AT_EMPTY_PATH | _AT_RECURSIVE, attributes, size)


def attach(tree: int, place: int) -> None:
    """Attach copied mounts at the file or folder of the descriptor `place`."""
    _call("attaching a mount", _MOVE_MOUNT, tree, b"", place, b"", _FROM_EMPTY_TO_EMPTY)


def make_root() -> None:
    """Make the current folder, a mount of its own, the root; the old one is gone."""
    # The old root is put over the new one and taken off again: no folder for it is needed (pivot_root(2)).
    _call("a new root", _numbered(_PIVOT_ROOT), b".", b".")
    if _libc.umount2(b".", _MNT_DETACH):
        raise _failure("leaving the old root")
    os.chdir("/")


# --- privileges ---


def die_with_parent() -> None:
    """Be killed when the parent ends."""
    _control("the parent's end", _DIE_WITH_PARENT, _SIGKILL)


def forgo_privileges() -> None:
    """Give up all capabilities and whatever could give some back, for this process and all that come of it.

    It gets a new session keyring, too: what the user's holds could be read.
    """
    import contextlib

    with contextlib.suppress(OSError):
        _libc.prctl(_AMBIENT, *[ctypes.c_ulong(item) for item in (_CLEAR_ALL, 0, 0, 0)])
    with contextlib.suppress(OSError):  # an ordinary user may not, and has none that could come back
        _control("secure bits", _SET_SECURE_BITS, _NO_ROOT_LOCKED)
        for capability in range(64):
            _control("capabilities", _DROP_FROM_BOUNDS, capability)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    _call("capabilities", _numbered(_CAPSET), header, (ctypes.c_uint32 * 6)())
    _control("no new privileges", _NO_NEW_PRIVILEGES, 1)
    with contextlib.suppress(OSError):  # a kernel without keyrings
        _call("a keyring", _numbered(_KEYCTL), _JOIN_SESSION_KEYRING, None)
