"""Executing a command: live output, the end of it kept, nothing of it left behind.

A stream of ours that is a terminal stays one for the command (a pseudo terminal), so that its
output comes as it is written, with colours and progress bars; any other stream is a pipe.
Standard input passes through untouched.
"""

import contextlib
import errno
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol

from dsv.capture import group
from dsv.capture.child import Child, ChildProcess, Still
from dsv.capture.passing import Pump, Tail
from dsv.capture.terminal import Terminal, pseudo
from dsv.errors import NotFound, UserError

TAIL_BYTES = 1 << 16

_GRACE = 2.0
"""Seconds for what the command left running to end by itself; a shell does not wait for `>(tee log)`."""

_LOOK_UP = 0.2
"""Seconds after which a signal that another thread got is noticed, and that the command was stopped."""

_FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")


@dataclass(frozen=True, slots=True)
class Command:
    """What is to be executed.

    Attributes:
        argv: The program and its arguments; a program without a `/` is looked up on PATH of `env`.
        cwd: The folder to start in.
        env: All environment variables, by name.
        stdout: The descriptor that its standard output goes to.
        stderr: The descriptor that its errors go to.
        stdin: The descriptor that it reads; `subprocess.DEVNULL` for nothing.
        tail_bytes: How much of the end of its output is kept.
        starter: Starts it; None: it is started as a child and nothing more.
        timeout: After how many seconds it is ended, with all of its process group; None: never.
    """

    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    stdout: int = 1
    stderr: int = 2
    stdin: int | None = None
    tail_bytes: int = TAIL_BYTES
    starter: "Starter | None" = None
    timeout: float | None = None


class Starter(Protocol):
    """Starts commands in a way of its own, such as under watch."""

    def start(self, command: Command, stdout: int, stderr: int) -> ChildProcess:
        """Start `command` with these descriptors for its output, in a process group of its own.

        Raises:
            OSError: It cannot be executed, or there is no such folder.
        """


@dataclass(frozen=True, slots=True)
class Execution:
    """How it went.

    Attributes:
        exit_code: As a shell says it: 128 + n if signal n ended it.
        started: When, in seconds since 1970.
        seconds: How long it took.
        tail: The end of its output, both streams in the order in which they came.
        signalled: The number of the signal that we were sent and passed on; None if there was none.
        left_over: Whether processes that it had started were still there and had to be ended.
        timed_out: Whether it was ended because it took too long.
    """

    exit_code: int
    started: int
    seconds: float
    tail: str
    signalled: int | None = None
    left_over: bool = False
    timed_out: bool = False


class Executor(Protocol):
    """Something that executes commands: this machine, or one day a cluster."""

    @property
    def supports_starters(self) -> bool:
        """Whether a command's `starter`, which watches or confines it, starts it; else nobody does."""

    def run(self, command: Command) -> Execution:
        """Execute `command` and wait for its end."""

    def stop(self) -> None:
        """End all that is being executed, and refuse to start more. Any thread may call it."""


@dataclass(slots=True)
class Here:
    """Executes on this machine. Threads may run one command each."""

    _groups: set[int] = field(default_factory=set)
    _stopped: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def supports_starters(self) -> bool:
        """A command is started by its `starter`, if it has one."""
        return True

    def run(self, command: Command) -> Execution:
        """Execute `command` and wait for its end.

        Called in the main thread, it lends the command our terminal and passes on what
        we are sent (Ctrl-C too) instead of ending.

        Raises:
            NotFound: There is no such program or folder.
            UserError: The program cannot be executed, or everything was stopped.
        """
        tail = Tail(command.tail_bytes)
        started, begin = int(time.time()), time.monotonic()
        signals: list[int] = []
        leader: list[int] = []
        with _forwarding(leader, signals):
            process, pumps = self._start(command, tail)
            left_over = timed_out = False
            try:
                leader.append(process.pid)
                for number in tuple(signals):  # sent before there was anybody to pass them on to
                    group.send(process.pid, number)
                with _lent(process.pid) as terminal:
                    timed_out = not _wait(process, terminal, command.timeout)
                left_over = not timed_out and not group.ended(process.pid, _GRACE)
            finally:
                group.end(process.pid)
                code = process.wait() if process.code is None else process.code
                with self._lock:
                    self._groups.discard(process.pid)
                for pump in pumps:
                    # A daemon that left the group may hold its output for ever.
                    pump.join(_GRACE)
        return Execution(
            exit_code=128 - code if code < 0 else code,
            started=started,
            seconds=time.monotonic() - begin,
            tail=tail.text(),
            signalled=signals[-1] if signals else None,
            left_over=left_over,
            timed_out=timed_out,
        )

    def stop(self) -> None:
        """End all that is being executed, and refuse to start more. Any thread may call it."""
        with self._lock:
            self._stopped = True
            groups = list(self._groups)
        for leader in groups:
            group.end(leader)

    def _start(self, command: Command, tail: Tail) -> tuple[ChildProcess, list[Pump]]:
        streams = _streams(command)
        try:
            with self._lock:
                if self._stopped:
                    raise UserError(f"{command.argv[0]} was not started: everything was stopped")
                process = _begin(command, streams[0].theirs, streams[-1].theirs)
                self._groups.add(process.pid)
        except BaseException as error:
            for stream in streams:
                os.close(stream.ours)
            if isinstance(error, OSError):
                raise _refusal(error, command) from error
            raise
        finally:
            for stream in streams:
                os.close(stream.theirs)
        return process, [Pump(stream.ours, stream.target, tail) for stream in streams]


@dataclass(frozen=True, slots=True)
class _Stream:
    """A way for output: we read at `ours` what is written at `theirs`, and pass it to `target`."""

    ours: int
    theirs: int
    target: int


def _streams(command: Command) -> list[_Stream]:
    """Return the ways for both outputs; one for the two if they go to one terminal, to keep their order."""
    found: list[_Stream] = []
    for target in (command.stdout, command.stderr):
        if found and os.isatty(target) and os.isatty(found[0].target):
            break
        if found and target == command.stdout:
            break
        ours, theirs = pseudo(target) or os.pipe()
        found.append(_Stream(ours, theirs, target))
    return found


def _begin(command: Command, stdout: int, stderr: int) -> ChildProcess:
    if command.starter is not None:
        return command.starter.start(command, stdout, stderr)
    return Child(command.argv, command.cwd, command.env, command.stdin, stdout, stderr)


def _wait(process: ChildProcess, terminal: Terminal | None, timeout: float | None) -> bool:
    """Wait for the end of `process`, stopping when it is stopped; return whether it came within `timeout` seconds.

    A signal may be delivered to another thread, and then interrupts nothing here; but handlers run here
    alone. So we look up now and then.
    """
    give_up = math.inf if timeout is None else time.monotonic() + timeout
    while (left := give_up - time.monotonic()) > 0:
        seen = process.look(min(_LOOK_UP, left))
        if isinstance(seen, int):
            return True
        if seen is Still.STOPPED and terminal is not None and terminal.is_lent:
            terminal.suspend()
    return False


@contextlib.contextmanager
def _forwarding(leader: Sequence[int], seen: list[int]) -> Iterator[None]:
    """Pass signals that should end us on to the group of the one in `leader`, if any, and note them in `seen`."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def pass_on(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        for one in leader:
            group.send(one, number)

    numbers = [getattr(signal, name) for name in _FORWARDED if hasattr(signal, name)]
    # What is ignored already (nohup) stays so.
    before = {
        number: signal.signal(number, pass_on)
        for number in numbers
        if signal.getsignal(number) not in (signal.SIG_IGN, None)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _lent(leader: int) -> Iterator[Terminal | None]:
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield None
        return
    with Terminal(leader) as terminal:
        yield terminal


def _refusal(error: OSError, command: Command) -> UserError:
    program = command.argv[0]
    if not command.cwd.is_dir():
        return NotFound(f"there is no folder {command.cwd.name} to run {program} in")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return NotFound(f"{program}: command not found")
    if error.errno == errno.ENOEXEC:
        return UserError(f"{program} is no program and names no interpreter", hint=f"sh {program}")
    return UserError(f"{program} cannot be executed: {error.strerror}", hint=f"chmod +x {program}")
