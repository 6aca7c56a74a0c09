"""dsv's side of a launched command."""

import os
import sys

from dsv.capture.child import Child, ChildProcess
from dsv.capture.cleanroom.launch_order import READY, LaunchOrder
from dsv.capture.execute import Command
from dsv.capture.witness.wire import write_all

_PROGRAM = os.path.join(os.path.dirname(__file__), "__main__.py")
_LONGEST_REPORT = 1 << 12


class Launched:
    """Starts a command inside of its walls (a `dsv.capture.execute.Starter`).

    Args:
        order: The command and its walls; its report is set here.
        passed: Other descriptors that the launcher inherits.
    """

    def __init__(self, order: LaunchOrder, passed: tuple[int, ...] = ()) -> None:
        self._order = order
        self._passed = passed
        self._reading = -1

    def start(self, command: Command, stdout: int, stderr: int) -> ChildProcess:
        """Start the launcher with these descriptors for the output, in a session of its own.

        Raises:
            OSError: It cannot be executed.
        """
        self._reading, self._order.report = os.pipe()
        # In memory, not among its arguments: those are there for all users of the machine to read.
        held = os.memfd_create("order")
        try:
            write_all(held, self._order.encode())
            passed = (held, self._order.report, *self._passed)
            argv = (sys.executable, "-I", "-S", _PROGRAM, str(held))
            return Child(argv, command.cwd, {}, command.stdin, stdout, stderr, passed=passed, apart=True)
        finally:
            os.close(held)
            os.close(self._order.report)

    def problem(self) -> str:
        """Return why the walls could not be made; "" if they were. Asked once, when all has ended."""
        said = os.read(self._reading, _LONGEST_REPORT)
        os.close(self._reading)
        return "" if said.startswith(READY) else said.decode("utf-8", "replace")
