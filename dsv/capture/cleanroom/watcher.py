"""Watching a command from inside of its room, where process 1 answers its notices.

The paths that it sees are those of the room, and so are the numbers of processes.
"""

import mmap
import os
import select
from collections.abc import Callable

from dsv.capture.cleanroom.launch_order import LaunchOrder, RoomWatch
from dsv.capture.witness import calls, launch, loop
from dsv.capture.witness.filter import program
from dsv.capture.witness.notices import Notices
from dsv.capture.witness.wire import write_all

_REFUSAL = 16


class Watcher:
    """Starts one command, and watches it to its end.

    Args:
        order: The command.
        watch: How.
    """

    def __init__(self, order: LaunchOrder, watch: RoomWatch) -> None:
        machine = os.uname().machine
        self._order, self._file, self._machine = order, watch.facts, machine
        self._code = program(frozenset(calls.EVERY), machine)
        boring = tuple(map(os.fsencode, watch.boring))
        self._ledger = Notices(os.fsencode(watch.root), machine, boring, marks=watch.marks)
        self._page = mmap.mmap(-1, mmap.PAGESIZE)
        self._failure = ""
        self._count = 0

    def start(self, prepare: Callable[[], None]) -> int | None:
        """Start the command, which then waits for `serve`; return its process, None if the system does not let us.

        Args:
            prepare: Called in it first.

        Raises:
            OSError: `prepare` raised it.
        """
        order = self._order
        env = {os.fsencode(name): os.fsencode(value) for name, value in order.env.items()}
        argv = list(map(os.fsencode, order.argv))
        try:
            self._child = launch.start(argv, env, self._code, self._machine, prepare)
        except launch.CannotWatch:
            return None
        return self._child.pid

    def serve(self, attend: Callable[[], bool]) -> int:
        """Let the command go and answer its notices; return the error if it cannot be executed, else 0.

        Args:
            attend: Called whenever a signal came, and five times a second; True ends the watching.
        """
        child = self._child
        os.chdir("/proc")  # the ledger reads N/mem, N/cwd ... from here
        loop.tick()
        child.release()
        poll = select.poll()
        poll.register(child.listener, select.POLLIN)
        poll.register(child.refused, select.POLLIN)
        while not any(fd == child.refused for fd, _ in poll.poll()):
            self._count += loop.serve_one(child.listener, self._ledger.take, self._page, self._failed)
        failure = os.read(child.refused, _REFUSAL)
        if failure:
            return launch.refusal(failure)
        self._count += loop.serve(child.listener, self._ledger.take, attend, failed=self._failed)
        return 0

    def report(self) -> None:
        """Write down what was seen."""
        facts = self._ledger.conclude()
        facts.calls = self._count
        if self._failure:
            facts.blind.append((b"failed", self._failure.encode("utf-8", "replace")))
        write_all(self._file, facts.encode())

    def _failed(self, error: Exception) -> None:
        self._failure = self._failure or repr(error)
