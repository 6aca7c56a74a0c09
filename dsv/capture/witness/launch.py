"""Starting a command behind the filter, and trying first whether that works here."""

import os
import struct
from collections.abc import Callable, Mapping, Sequence
from fcntl import ioctl

from dsv.capture.witness import seccomp
from dsv.capture.witness.calls import EVERY, NUMBERS
from dsv.capture.witness.filter import program
from dsv.capture.witness.light import signal, suppress
from dsv.capture.witness.marks import MARK

FILTER, TAKE, LOOK = b"filter", b"take", b"look"
"""What may be refused: the filter, taking its listener, and reading memory."""

_OF_FILTER, _OF_COMMAND = 1, 2
_REFUSAL = struct.Struct("=Bi")
_SAID = b"/dsv"
_CANNOT = 126


class CannotWatch(Exception):
    """The kernel, or who rules here, does not let us watch.

    Args:
        step: What was refused.
        number: The error of the system.
    """

    def __init__(self, step: bytes, number: int) -> None:
        super().__init__(step, number)
        self.step, self.number = step, number


class Started:
    """A command that waits behind the filter for the word to go.

    Attributes:
        pid: Its process.
        listener: Where its notices come from.
        refused: Ends when it is executed; before, it says why it cannot be.
    """

    def __init__(self, pid: int, listener: int, go: int, refused: int) -> None:
        self.pid, self.listener, self.refused = pid, listener, refused
        self._go = go

    def release(self) -> None:
        """Let it go."""
        os.write(self._go, b"!")
        os.close(self._go)


def try_out(machine: str) -> None:
    """Try on a child that is thrown away whether a command can be watched.

    Raises:
        CannotWatch: It cannot.
    """
    child = _behind(program((), machine), machine, lambda: None, lambda: os.access(_SAID, MARK))
    try:
        child.release()
        notice = seccomp.unpack(ioctl(child.listener, seccomp.RECEIVE, seccomp.NOTHING))
        names = {number: name for name, number in NUMBERS[notice[4]].items()}
        at = EVERY[names[notice[3]]][2]
        assert type(at) is int
        memory = os.open(f"/proc/{notice[1]}/mem", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if os.pread(memory, len(_SAID), notice[6 + at]) != _SAID:
                raise CannotWatch(LOOK, 0)
        finally:
            os.close(memory)
            ioctl(child.listener, seccomp.SEND, seccomp.answer(notice[0]))
    except OSError as error:
        raise CannotWatch(LOOK, error.errno or 0) from error
    finally:
        os.close(child.listener)
        os.close(child.refused)
        os.kill(child.pid, signal.SIGKILL)
        os.waitpid(child.pid, 0)


def start(
    argv: list[bytes], env: Mapping[bytes, bytes], code: bytes, machine: str, prepare: Callable[[], None]
) -> Started:
    """Start `argv` behind the filter `code`; it waits for the word to go.

    Args:
        argv: The command.
        env: All its variables.
        code: The filter.
        machine: What `uname -m` says.
        prepare: Called in the new process before the filter is there: it goes to the folder to start in, and the like.

    Raises:
        CannotWatch: The filter, or taking its listener, is refused.
        OSError: `prepare` raised it.
    """
    places = _places(argv[0], env)
    return _behind(code, machine, prepare, lambda: _become(places, argv, env))


def refusal(data: bytes) -> int:
    """Return the error that `Started.refused` told."""
    return int(_REFUSAL.unpack(data)[1])


def _places(word: bytes, env: Mapping[bytes, bytes]) -> list[bytes]:
    """Return where the program `word` may be: on PATH, unless it is a path itself."""
    if b"/" in word:
        return [word]
    path = env.get(b"PATH", os.fsencode(os.defpath))
    return [os.path.join(folder, word) for folder in path.split(b":")]


def _become(places: Sequence[bytes], argv: list[bytes], env: Mapping[bytes, bytes]) -> None:
    """Execute the first of `places` that can be; as execvp(3), say of all that one was there and not allowed."""
    found: OSError | None = None
    for place in places:
        try:
            os.execve(place, argv, env)  # noqa: S606
        except (FileNotFoundError, NotADirectoryError) as error:
            found = found or error
        except PermissionError as error:
            found = error
    assert found is not None
    raise found


def _behind(code: bytes, machine: str, prepare: Callable[[], None], act: Callable[[], object]) -> Started:
    """Fork a child that prepares, installs the filter `code`, waits for the word to go, and acts."""
    said, say = os.pipe()
    wait, go = os.pipe()
    refused, refuse = os.pipe()
    pid = os.fork()
    if pid == 0:
        for fd in (said, go, refused):
            os.close(fd)
        _in_child(code, machine, prepare, act, say, wait, refuse)
    for fd in (say, wait, refuse):
        os.close(fd)
    try:
        number = os.read(said, 16)
        if not number:
            kind, error = _REFUSAL.unpack(os.read(refused, _REFUSAL.size))
            raise CannotWatch(FILTER, error) if kind == _OF_FILTER else OSError(error, os.strerror(error))
        try:
            return Started(pid, seccomp.take(pid, int(number)), go, refused)
        except OSError as error:
            raise CannotWatch(TAKE, error.errno or 0) from error
    except BaseException:
        os.close(go)  # it ends by itself
        os.close(refused)
        os.waitpid(pid, 0)
        raise
    finally:
        os.close(said)


def _in_child(
    code: bytes, machine: str, prepare: Callable[[], None], act: Callable[[], object],
    say: int, wait: int, refuse: int,
) -> None:  # fmt: skip
    """Never returns. Nothing is imported and no folder listed once the filter is there: we would wait for ourselves."""
    kind = _OF_COMMAND
    try:
        for number in (signal.SIGPIPE, getattr(signal, "SIGXFSZ", signal.SIGPIPE)):
            signal.signal(number, signal.SIG_DFL)  # Python ignores them
        for number in INHERITED:
            signal.signal(number, signal.SIG_DFL)
        prepare()
        kind = _OF_FILTER
        listener = seccomp.install(code, machine)
        kind = _OF_COMMAND
        os.write(say, b"%d" % listener)
        os.close(say)
        if os.read(wait, 1):
            os.close(listener)
            act()
    except OSError as error:
        with suppress(OSError):
            os.write(refuse, _REFUSAL.pack(kind, error.errno or 0))
    finally:
        os._exit(_CANNOT)


INHERITED: list[int] = []
"""The signals that the supervisor ignores and the command does not: those that were not ignored when it started."""
