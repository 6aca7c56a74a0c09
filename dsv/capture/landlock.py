"""Landlock: a process gives up, for itself and all its children, files and TCP that it may not use.

It is used by the launcher of `dsv.capture.cleanroom`, so it imports only what starts fast.

Numbers and structures are those of `linux/landlock.h`; `landlock(7)` says which version of the
interface (ABI) brought which right. What Landlock does not cover: looking at names and attributes (stat),
UDP, and sockets that have a path.
"""

import ctypes
import os
import stat
import sys
from collections.abc import Iterable

_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446
_ASK_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE = 1 << 0
_WRITE_FILE = 1 << 1
_READ_FILE = 1 << 2
_READ_DIR = 1 << 3
_FIRST_RIGHTS = (1 << 13) - 1
_REFER = 1 << 13
_TRUNCATE = 1 << 14
_IOCTL_DEVICE = 1 << 15
_TCP = 0b11
_SCOPES = 0b11

_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_READING = _EXECUTE | _READ_FILE | _READ_DIR


class Confinement:
    """What a confined process may use; all else is denied.

    Attributes:
        read: Files and folders that it may read and execute.
        write: Files and folders that it may use in any way.
        network: Whether it may use TCP.
    """

    def __init__(self, read: Iterable[str], write: Iterable[str], *, network: bool) -> None:
        self.read, self.write, self.network = tuple(read), tuple(write), network


def abi() -> int:
    """Return the version of Landlock that the kernel offers; 0 if it offers none."""
    if sys.platform != "linux":
        return 0
    try:
        return max(_call(_CREATE_RULESET, None, 0, _ASK_VERSION), 0)
    except OSError:
        return 0


def confine(policy: Confinement) -> int:
    """Give up, for this thread and its future children, all that `policy` does not allow.

    The process must have given up new privileges (`PR_SET_NO_NEW_PRIVS`) before.

    Returns:
        The version of Landlock that was used.

    Raises:
        OSError: The kernel does not do it; then perhaps nothing is confined.
    """
    version = abi()
    files = _rights(version)
    fields = [files]
    if version >= 4:
        fields.append(0 if policy.network else _TCP)
    if version >= 6:
        fields.append(_SCOPES)  # neither signals nor sockets without a path reach outside
    attributes = (ctypes.c_uint64 * len(fields))(*fields)
    ruleset = _call(_CREATE_RULESET, ctypes.byref(attributes), ctypes.sizeof(attributes), 0)
    try:
        for path in policy.read:
            _allow(ruleset, path, files & _READING)
        for path in policy.write:
            _allow(ruleset, path, files)
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return version


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def _rights(version: int) -> int:
    rights = _FIRST_RIGHTS
    if version >= 2:
        rights |= _REFER
    if version >= 3:
        rights |= _TRUNCATE
    if version >= 5:
        rights |= _IOCTL_DEVICE
    return rights


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what is not there needs no rule
        return
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= _OF_FILES
        rule = _Beneath(rights, fd)
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(fd)


def _call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    widened = [ctypes.c_long(item) if isinstance(item, int) else item for item in arguments]
    answer: int = libc.syscall(ctypes.c_long(number), *widened)
    if answer < 0:
        raise _failure()
    return answer


def _failure() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
