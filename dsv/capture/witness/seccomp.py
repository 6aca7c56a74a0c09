"""What Python has no function for: installing a filter, taking a descriptor, and the notices themselves.

Numbers and structures are those of `linux/seccomp.h`, `linux/filter.h` and `linux/prctl.h`; seccomp_unotify(2)
describes the interface.
"""

import ctypes
import errno
import os
import struct
from fcntl import ioctl

from dsv.capture.witness.light import suppress

RECEIVE = 0xC0502100
SEND = 0xC0182101
STILL_WAITS = 0x40082102  # SECCOMP_IOCTL_NOTIF_ID_VALID
_SET_FLAGS = 0x40082104
_SYNC_WAKE_UP = 1
_CONTINUE = 1

_SECCOMP = {"x86_64": 317, "aarch64": 277, "arm64": 277}
_SET_MODE_FILTER = 1
_NEW_LISTENER = 1 << 3
_KILLABLE = 1 << 5  # signals do not disturb who waits for us; Linux 5.19
_PIDFD_GETFD = 438
_NO_NEW_PRIVILEGES = 38
_CHILD_SUBREAPER = 36

_NOTICE = struct.Struct("=QIIiIQ6Q")
"""Id, thread, flags, number, machine, instruction pointer, six arguments."""

_ANSWER = struct.Struct("=QqiI")
_PROGRAM = struct.Struct("=H6xQ")
_ID = struct.Struct("=Q")

NOTHING = bytes(_NOTICE.size)
"""What a notice is received into: the kernel wants it empty, and bytes are copied, so it stays so."""

unpack = _NOTICE.unpack
pack_id = _ID.pack_into
unpack_id = _ID.unpack_from

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def install(code: bytes, machine: str) -> int:
    """Put the filter `code` on this thread, for ever; return the listener.

    Raises:
        OSError: The kernel does not do it.
    """
    _control(_NO_NEW_PRIVILEGES, 1)
    text = ctypes.create_string_buffer(code)
    program = ctypes.create_string_buffer(_PROGRAM.pack(len(code) // 8, ctypes.addressof(text)))
    number = _SECCOMP[machine]
    try:
        return _call(number, _SET_MODE_FILTER, _NEW_LISTENER | _KILLABLE, program)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return _call(number, _SET_MODE_FILTER, _NEW_LISTENER, program)


def take(pid: int, number: int) -> int:
    """Return the descriptor `number` of the process `pid` as one of ours.

    Raises:
        OSError: That is not allowed, or the process is gone.
    """
    process = os.pidfd_open(pid)
    try:
        fd = _call(_PIDFD_GETFD, process, number, 0)
    finally:
        os.close(process)
    os.set_inheritable(fd, False)
    return fd


def answer(identity: int) -> bytes:
    """Return the answer that lets the call with this id go on as if nobody had watched."""
    return _ANSWER.pack(identity, 0, 0, _CONTINUE)


def hurry(listener: int) -> None:
    """Ask that who is answered runs at once where we ran; kernels before 6.6 do not do that."""
    with suppress(OSError):
        ioctl(listener, _SET_FLAGS, _SYNC_WAKE_UP)


def adopt(orphans: bool) -> None:
    """Become, or no longer be, the parent of all orphans among our descendants.

    Raises:
        OSError: The kernel does not do it.
    """
    _control(_CHILD_SUBREAPER, int(orphans))


def _control(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    if _libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero):
        raise _failure()


def _call(number: int, *arguments: object) -> int:
    widened = [ctypes.c_long(item) if isinstance(item, int) else item for item in arguments]
    given: int = _libc.syscall(ctypes.c_long(number), *widened)
    if given < 0:
        raise _failure()
    return given


def _failure() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
