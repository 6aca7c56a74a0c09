"""Answering notices, one after the other, until nobody is left who could make one."""

import errno
import select
from collections.abc import Callable
from fcntl import ioctl
from mmap import mmap

from dsv.capture.witness import seccomp
from dsv.capture.witness.light import signal, suppress

_TICK = 0.2
"""Seconds between two interruptions. Waiting for a notice takes no timeout, and a poll before each would make a call a
tenth dearer."""

_NEAR = 4096
"""Ids are counted up: one that was received just before its receiver died is not far from the last known one."""


def serve(
    listener: int,
    take: Callable[[tuple[int, ...]], None],
    attend: Callable[[], bool],
    *,
    page: mmap | None = None,
    failed: Callable[[Exception], None] | None = None,
) -> int:
    """Answer every notice with "go on" after `take` has understood it; return how many there were.

    Only for the main thread, and after `tick`: signals interrupt the waiting.

    Args:
        listener: Where notices come from.
        take: Understands one, as `kernel.unpack` gives it, while its caller is stopped.
        attend: Called whenever a signal came, and five times a second; True ends the loop.
        page: Shared memory in which the id of the notice in work stands, for the process that takes over.
        failed: Called with what `take` raised; the command goes on.

    Returns:
        When nobody is left, or `attend` said so.
    """
    receive, answer, unpack, nothing = seccomp.RECEIVE, seccomp.answer, seccomp.unpack, seccomp.NOTHING
    send, pack_id = seccomp.SEND, seccomp.pack_id
    count = 0
    while True:
        try:
            notice = unpack(ioctl(listener, receive, nothing))
        except OSError as error:
            if error.errno not in (errno.EINTR, errno.ENOENT) or is_over(listener) or attend():
                return count
            continue
        if page is not None:
            pack_id(page, 0, notice[0])
        try:
            take(notice)
        except Exception as error:  # noqa: BLE001  whatever happens here, the command must go on
            if failed is not None:
                failed(error)
        with suppress(OSError):  # it was killed while it waited
            ioctl(listener, send, answer(notice[0]))
        count += 1


def tick() -> None:
    """Have the main thread's waiting for a notice interrupted five times a second.

    A signal may come at the wrong moment; and a notice that was there may be gone, with nobody to make another.
    """
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, _TICK, _TICK)


def serve_one(
    listener: int, take: Callable[[tuple[int, ...]], None], page: mmap, failed: Callable[[Exception], None]
) -> int:
    """Answer the one notice that is there; return how many were answered, as its caller may have been killed."""
    try:
        notice = seccomp.unpack(ioctl(listener, seccomp.RECEIVE, seccomp.NOTHING))
    except OSError:
        return 0
    seccomp.pack_id(page, 0, notice[0])
    try:
        take(notice)
    except Exception as error:  # noqa: BLE001  as below
        failed(error)
    with suppress(OSError):
        ioctl(listener, seccomp.SEND, seccomp.answer(notice[0]))
    return 1


def is_over(listener: int) -> bool:
    """Whether nobody is left who could make a notice."""
    poll = select.poll()
    poll.register(listener, 0)
    return bool(poll.poll(0))


def release(listener: int, page: mmap) -> None:
    """Let go on who was being served when the one that served died."""
    last = seccomp.unpack_id(page, 0)[0]
    for identity in range(last - _NEAR, last + _NEAR):
        waiting = seccomp.answer(identity & 0xFFFFFFFFFFFFFFFF)
        with suppress(OSError):
            ioctl(listener, seccomp.STILL_WAITS, waiting[:8])
            ioctl(listener, seccomp.SEND, waiting)


def keep(listener: int) -> None:
    """Answer "go on" to everybody, without looking, until nobody is left."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while not poll.poll()[0][1] & select.POLLHUP:
        with suppress(OSError):
            notice = seccomp.unpack(ioctl(listener, seccomp.RECEIVE, seccomp.NOTHING))
            ioctl(listener, seccomp.SEND, seccomp.answer(notice[0]))
