"""The supervisor: stands between dsv and a command, is the command's parent, and answers its notices.

It is run by itself, by `begin` in a `python -I -S` that is given CONTROL ORDER PAGE, three descriptors: a socket to dsv, a
file with the order that takes the report in the end, and a page in which the id of the notice in work stands. Having a process
of its own it can read the memory of all that the command starts, also where only parents may (Yama), and survives
dsv: nobody is left waiting for an answer. It is in a process group of its own, so Ctrl-C is not for it.
"""

import gc
import mmap
import os
import select
import sys
import time

from dsv.capture.witness import launch, loop, seccomp
from dsv.capture.witness.calls import names
from dsv.capture.witness.filter import program
from dsv.capture.witness.light import signal, suppress
from dsv.capture.witness.notices import Notices
from dsv.capture.witness.watch_order import WatchOrder
from dsv.capture.witness.wire import read_all, write_all

_IGNORED = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP, signal.SIGTTOU)
_BREAK = 20
"""Milliseconds."""


class Supervisor:
    """One command from its start to the report.

    Args:
        control: The socket to dsv; each message is a word or two.
        order: The file with the order.
        page: The shared page.
    """

    def __init__(self, control: int, order: int, page: int) -> None:
        for fd in (control, order, page):
            os.set_inheritable(fd, False)  # the command must not have them
        self._control, self._file = control, order
        self._page = mmap.mmap(page, mmap.PAGESIZE)
        self._order = WatchOrder.decode(read_all(order))
        self._ended = self._asked = self._alone = False
        self._pid = 0
        self._failure = ""

    def run(self) -> None:
        """Do all of it.

        Raises:
            OSError: Something that dsv has to do with is gone.
        """
        order = self._order
        seccomp.adopt(orphans=True)
        for number in _IGNORED:
            if signal.signal(number, signal.SIG_IGN) != signal.SIG_IGN:
                launch.INHERITED.append(number)
        try:
            launch.try_out(order.machine)
            code = program(names(order.eye), order.machine)
            child = launch.start(order.argv, order.env, code, order.machine, self._prepare)
        except launch.CannotWatch as error:
            self._say(b"unwatched", error.step, b"%d" % error.number)
            return
        except OSError as error:
            self._say(b"refused", b"%d" % (error.errno or 0))
            return
        self._forget_streams()
        self._pid = child.pid
        seccomp.hurry(child.listener)
        self._say(b"started", b"%d" % child.pid, b"%d" % child.listener)
        ledger = Notices(order.root, order.machine, tuple(order.boring), marks=order.marks)
        os.chdir("/proc")  # the ledger reads N/mem, N/cwd ... from here
        os.read(self._control, 16)
        child.release()
        self._watch(child, ledger)

    def _prepare(self) -> None:
        os.close(self._control)  # its end says that we are gone
        os.setpgid(0, 0)
        os.chdir(self._order.cwd)

    def _watch(self, child: launch.Started, ledger: Notices) -> None:
        """Serve the command until it has ended and dsv asks for the report; then give that."""
        listener = child.listener
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGUSR1, lambda *_: None)
        loop.tick()
        # Waiting for notices cannot wait for anything else, so until it is executed the listener is polled.
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        poll.register(child.refused, select.POLLIN)
        count = 0
        while not any(fd == child.refused for fd, _ in poll.poll()):
            count += loop.serve_one(listener, ledger.take, self._page, self._failed)
        failure = os.read(child.refused, 16)
        os.close(child.refused)
        if failure:
            self._say(b"refused", b"%d" % launch.refusal(failure))
            os.waitpid(child.pid, 0)
            return
        self._say(b"running")
        count += loop.serve(listener, ledger.take, self._attend, page=self._page, failed=self._failed)
        # Not select(2): the descriptor has the number that it has in dsv, which may be any.
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        while not self._attend():
            poll.poll(None if self._ended else _BREAK)
        if self._alone:  # nobody wants a report any more, but the command goes on
            loop.keep(listener)
            return
        facts = ledger.conclude()
        facts.calls, facts.microseconds = count, round(time.process_time() * 1e6)
        if self._failure:
            facts.blind.append((b"failed", self._failure.encode("utf-8", "replace")))
        write_all(self._file, facts.encode())
        self._say(b"reported")
        if not loop.is_over(listener) and os.fork() == 0:
            # Somebody goes on without the command: without us each of its calls would fail.
            os.setsid()
            os.close(self._control)
            loop.tick()
            loop.keep(listener)

    def _attend(self) -> bool:
        """Take note of who has ended, and of what dsv says; return whether it wants the report, or is gone."""
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
                if not pid:
                    break
                if pid != self._pid:
                    continue
                if os.WIFSTOPPED(status):
                    self._say(b"stopped")
                else:
                    self._ended = True
                    self._say(b"ended", b"%d" % os.waitstatus_to_exitcode(status))
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        if poll.poll(0) and not self._asked:
            self._asked = True
            self._alone = os.read(self._control, 16) != b"report"
        return self._asked

    def _failed(self, error: Exception) -> None:
        self._failure = self._failure or repr(error)

    def _forget_streams(self) -> None:
        """Let go of the command's own streams, so that they end with it."""
        nothing = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(nothing, fd)
        os.close(nothing)

    def _say(self, *words: bytes) -> None:
        with suppress(OSError):  # dsv may be gone; the command goes on
            os.write(self._control, b" ".join(words))


def main(words: list[str]) -> int:
    """Watch a command; dsv knows by the socket how that goes."""
    gc.disable()  # there are no cycles, and many small things
    control, order, page = map(int, words)
    try:
        Supervisor(control, order, page).run()
    except BaseException:  # noqa: BLE001  dsv takes over; there is nobody to show a traceback to
        return 1
    return 0


def begin() -> None:
    """Be the supervisor for which this process was started."""
    # No cleaning up: it takes longer than all else that happens here.
    os._exit(main(sys.argv[1:]))
