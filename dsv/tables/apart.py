"""Work on a stranger's bytes in a process of its own, with limits: what ends that process does not end dsv.

Arrow's parsers are written in C++, and no check before the call rules out that some bytes end the process, or have it
ask for all memory there is. So where a file is read whole for the first time, a child of this process reads it and
sends what it found through a pipe. The child is a copy of this process and not confined: this guards against crashes
and bombs, not against bytes that take a process over. What it sends is data, never objects.
"""

import contextlib
import faulthandler
import json
import os
import resource
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, NoReturn

from dsv import errors
from dsv.errors import DsvError, NoTable

POSSIBLE = sys.platform == "linux"
"""Elsewhere a fork of a process that has threads is not safe, and the work is done in this process."""

_MEMORY, _MEMORY_A_BYTE, _MEMORY_A_CPU = 512 << 20, 64, 32 << 20
"""What work may take beside what the process has; a thread's stack counts in full."""

_SECONDS, _SECONDS_A_MIB = 60, 20
_PATIENCE = 10
"""How many times as long as its processor time work may take by the clock: a copy of a process with threads can wait
for a lock that nobody will open."""

_LOADED_LATE = (
    "numpy",
    "pyarrow.compute",
    "pyarrow.parquet",
    "zstandard",
    "dsv.store.contents",
    "dsv.tables.formats.infer_json",
)
"""What reading may load. A copy of this process would wait for ever for a module that another thread is loading when
it is made, for that thread is not in the copy."""

_NUMBER = 8
_FOUND, _RAISED, _BROKE = range(3)

Found = tuple[bytes, ...]


class Crashed(NoTable):
    """The process that read it crashed, or went beyond a limit: nothing is known of its bytes."""


class Work(NamedTuple):
    """Something to do and report.

    Attributes:
        do: Does it, and reports in parts of bytes. It runs in a copy of this process, so what it changes is lost.
        size: Bytes that it reads, which the limits grow with.
    """

    do: Callable[[], Found]
    size: int


def prepare() -> None:
    """Load what reading may load; called before several threads use this module, so that none loads it then."""
    for name in _LOADED_LATE:
        import_module(name)


def call(do: Callable[[], Found], size: int) -> Found:
    """Return what a piece of `Work` reports.

    Raises:
        Crashed: Its process crashed, or went beyond a limit.
        DsvError, OSError: As raised there.
    """
    (outcome,) = each([Work(do, size)])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def each(works: Sequence[Work]) -> Iterator[Found | Exception]:
    """Yield for each of `works` what it reported, or what was raised (see `call`).

    One process does them all, one after the other, and another takes over where it crashes.
    """
    if not POSSIBLE:
        yield from map(_here, works)
        return
    done = 0
    while done < len(works):
        for outcome in _by_child(works[done:]):
            done += 1
            yield outcome


def _here(work: Work) -> Found | Exception:
    try:
        return work.do()
    except (DsvError, OSError) as error:
        return error


def _by_child(works: Sequence[Work]) -> Iterator[Found | Exception]:
    """Yield the outcomes of works up to the first that ends the process."""
    for name in _LOADED_LATE:
        if name in sys.modules:
            import_module(name)  # waits if another thread is loading it
    ours, its = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads: those of Arrow bear a fork on Linux
        child = os.fork()
    if not child:
        _work(works, its)
    os.close(its)
    status = None
    try:
        with os.fdopen(ours, "rb") as answers:
            for _ in works:
                outcome = _received(answers.read)
                if outcome is None:
                    _, status = os.waitpid(child, 0)
                    yield _ended(status)
                    return
                yield outcome
    finally:
        if status is None:
            os.kill(child, signal.SIGKILL)  # it has nothing left to do
            os.waitpid(child, 0)


def _received(read: Callable[[int], bytes]) -> Found | Exception | None:
    """Return the next outcome; None if there comes none."""
    head = read(2 * _NUMBER)
    if len(head) < 2 * _NUMBER:
        return None
    kind, count = int.from_bytes(head[:_NUMBER], "little"), int.from_bytes(head[_NUMBER:], "little")
    parts = []
    for _ in range(count):
        size = int.from_bytes(read(_NUMBER), "little")
        part = read(size)
        if len(part) < size:
            return None
        parts.append(part)
    return tuple(parts) if kind == _FOUND else _error(kind, parts[0])


def _error(kind: int, told: bytes) -> Exception:
    if kind == _BROKE:
        return RuntimeError(f"in the process that reads tables: {told.decode()}")
    said = json.loads(told)
    if "number" in said:
        return OSError(said["number"], said["message"])
    made = Crashed if said["name"] == Crashed.__name__ else getattr(errors, said["name"])
    error = made(said["message"], hint=said["hint"])
    assert isinstance(error, DsvError)
    return error


def _ended(status: int) -> Crashed:
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGXCPU:
        return Crashed("its reader took more processor time than a file of its size may")
    if code == -signal.SIGALRM:
        return Crashed("its reader took longer than a file of its size may")
    return Crashed(f"its reader crashed ({f'signal {-code}' if code < 0 else f'exit code {code}'})")


def _work(works: Sequence[Work], out: int) -> NoReturn:
    """Do the works in this process, which is a child, and end it."""
    code = 1
    try:
        faulthandler.disable()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        with contextlib.suppress(OSError):  # what C++ says of its end is no message of dsv
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for work in works:
            limit(work.size)
            _send(out, *_outcome(work))
        code = 0
    finally:
        os._exit(code)


def _outcome(work: Work) -> tuple[int, Found]:
    try:
        return _FOUND, work.do()
    except MemoryError:
        return _RAISED, (_told(Crashed("it asks for more memory than it may have")),)
    except DsvError as error:
        return _RAISED, (_told(error),)
    except OSError as error:
        return _RAISED, (_told(error),)
    except BaseException:  # noqa: BLE001 - a fault of dsv, which is raised where it can be reported
        return _BROKE, (traceback.format_exc().encode("utf-8", "replace"),)


def _told(error: DsvError | OSError) -> bytes:
    if isinstance(error, OSError):
        return json.dumps({"number": error.errno or 0, "message": error.strerror or str(error)}).encode()
    known = (one.__name__ for one in type(error).__mro__ if one is Crashed or hasattr(errors, one.__name__))
    return json.dumps({"name": next(known), "message": error.message, "hint": error.hint}).encode()


def _send(out: int, kind: int, parts: Found) -> None:
    data = b"".join(
        (kind.to_bytes(_NUMBER, "little"), len(parts).to_bytes(_NUMBER, "little"),
         *(piece for part in parts for piece in (len(part).to_bytes(_NUMBER, "little"), part)))
    )  # fmt: skip
    left = memoryview(data)
    while left:
        left = left[os.write(out, left) :]


def limit(size: int) -> None:
    """Set the limits of this process for work on `size` bytes, above what this process has used and holds so far."""
    memory = _held() + _MEMORY + _MEMORY_A_CPU * (os.cpu_count() or 1) + _MEMORY_A_BYTE * size
    used = resource.getrusage(resource.RUSAGE_SELF)
    given = _SECONDS + _SECONDS_A_MIB * (size >> 20)
    seconds = int(used.ru_utime + used.ru_stime) + given
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE * given)
    for what, value in ((resource.RLIMIT_DATA, memory), (resource.RLIMIT_CPU, seconds)):
        _, most = resource.getrlimit(what)
        resource.setrlimit(what, (value if most == resource.RLIM_INFINITY else min(value, most), most))


def _held() -> int:
    """Return how many bytes of memory `RLIMIT_DATA` counts of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmData:"))
