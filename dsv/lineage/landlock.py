"""Landlock: a process gives up, for itself and all its children, files and TCP that it may not use.

This file is also run by itself, as `python -I -S landlock.py POLICY COMMAND...`: it confines its
own process and becomes the command. That is how a child is confined before it starts without
running Python between fork and exec, where threads make that unsafe. So it imports nothing of
dsv, and only what starts fast.

Numbers and structures are those of `linux/landlock.h`; `landlock(7)` says which version of the
interface (ABI) brought which right. What Landlock does not cover: looking at names and attributes (stat),
UDP, and sockets that have a path.
"""

import ctypes
import json
import os
import stat
import sys
from typing import Final, NamedTuple

_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_NO_NEW_PRIVILEGES: Final = 38
_DIE_WITH_PARENT: Final = 1
_SIGKILL: Final = 9

_EXECUTE: Final = 1 << 0
_WRITE_FILE: Final = 1 << 1
_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_FIRST_RIGHTS: Final = (1 << 13) - 1
_REFER: Final = 1 << 13
_TRUNCATE: Final = 1 << 14
_IOCTL_DEVICE: Final = 1 << 15
_TCP: Final = 0b11
_SCOPES: Final = 0b11

_OF_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_READING: Final = _EXECUTE | _READ_FILE | _READ_DIR

_CANNOT = 126
_NO_COMMAND = 127


class Policy(NamedTuple):
    """What a confined process may use; all else is denied.

    Attributes:
        read: Files and folders that it may read and execute.
        write: Files and folders that it may use in any way.
        network: Whether it may use TCP and sockets without a path.
    """

    read: tuple[str, ...]
    write: tuple[str, ...]
    network: bool

    def encode(self) -> str:
        """Return the policy as an argument for this file."""
        return json.dumps(self._asdict())


def abi() -> int:
    """Return the version of Landlock that the kernel offers; 0 if it offers none."""
    if sys.platform != "linux":
        return 0
    try:
        return max(_call(_CREATE_RULESET, None, 0, _ASK_VERSION), 0)
    except OSError:
        return 0


def confine(policy: Policy) -> int:
    """Give up, for this thread and its future children, all that `policy` does not allow.

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
        # Neither signals nor, without a network, sockets without a path reach outside.
        fields.append(_SCOPES & 0b10 if policy.network else _SCOPES)
    attributes = (ctypes.c_uint64 * len(fields))(*fields)
    ruleset = _call(_CREATE_RULESET, ctypes.byref(attributes), ctypes.sizeof(attributes), 0)
    try:
        for path in policy.read:
            _allow(ruleset, path, files & _READING)
        for path in policy.write:
            _allow(ruleset, path, files)
        _process_control(_NO_NEW_PRIVILEGES, 1)
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


def _process_control(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    if libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero) != 0:
        raise _failure()


def _failure() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


def _become(policy: Policy, command: list[str]) -> int:
    """Confine this process and become `command`; returns, with a code, only if that fails."""
    try:
        _process_control(_DIE_WITH_PARENT, _SIGKILL)
        confine(policy)
    except OSError as error:
        sys.stderr.write(f"dsv: cannot confine {command[0]}: {error.strerror}\n")
        return _CANNOT
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        sys.stderr.write(f"dsv: {command[0]}: {error.strerror}\n")
        return _NO_COMMAND if isinstance(error, FileNotFoundError) else _CANNOT


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    sys.exit(_become(Policy(tuple(given["read"]), tuple(given["write"]), given["network"]), sys.argv[2:]))
