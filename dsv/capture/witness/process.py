"""The processes of a command: whose thread a notice came from, what program it is, and its memory.

Paths are relative to /proc, which must be the current folder of the process.
"""

import os
import struct

PLAIN, PYTHON, SHELL, MAKE, COMPILER = range(5)
"""What kind of program it is: some look around for themselves, and not for who wrote the script."""

_SHELLS = frozenset({b"sh", b"bash", b"dash", b"zsh", b"ksh", b"mksh", b"ash", b"busybox", b"fish", b"env"})
_MAKES = frozenset({b"make", b"gmake", b"ninja", b"samu"})
_COMPILERS = frozenset(
    b"cc1 cc1plus cc collect2 gcc g++ c++ clang clang++ cpp as ld lld lto1 lto gfortran f951".split()
)

_OPEN_MEMORIES = 400
_CLOSED, _REFUSED = -1, -2
_PAIRS = struct.Struct("=QQ")
_SHORT_PAIRS = struct.Struct("=II")
_BASE, _RANDOM = 7, 25  # AT_BASE, AT_RANDOM of getauxval(3)
_LOADER_SPAN = 1 << 18
_USUAL, _LONGEST = 256, 4096


class Unreadable(Exception):
    """The memory of a process cannot be read: it is protected, or the address is wrong."""


class WatchedProcess:
    """One program in one process: a process that executes another program becomes another of these.

    Attributes:
        pid: Its number.
        program: The program's path, without links.
        executed: The path that was executed to get here; of a script the script's.
        argv: Its words.
        kind: What kind of program it is.
        fresh: It has executed another program, or failed to, and was not looked at since.
        target: What it then executed.
        loader: Where the program that loads libraries is in its memory; 0 if there is none.
        epoch: Tells a program from the one before in the same process; forks share it.
        counts: It is the command or came from it, and is not what only launches it.
        cwd: Its current folder; empty if that must be asked for.
        several: It has threads.
        roams: It has threads and changes its folder.
        memory: The descriptor of its memory.
        importing: Its threads that are in Python's import system.
        held: By path what it listed and looked for while its Python was starting; None once that has started.
        started_in: The folder that it was started in.
        elsewhere: What it calls by a name may be something else: it mounts, or has another root.
        wrote: It changed something in the workspace.
    """

    __slots__ = (
        "argv", "counts", "cwd", "elsewhere", "epoch", "executed", "fresh", "held", "importing", "kind", "loader",
        "memory", "pid", "program", "roams", "several", "started_in", "target", "wrote",
    )  # fmt: skip

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.program = self.executed = self.target = self.cwd = self.started_in = b""
        self.argv: list[bytes] = []
        self.kind = PLAIN
        self.fresh = True
        self.loader = self.epoch = 0
        self.counts = True
        self.several = self.roams = self.elsewhere = self.wrote = False
        self.memory = _CLOSED
        self.importing: set[int] = set()
        self.held: dict[bytes, int] | None = None

    def loads(self, ip: int) -> bool:
        """Whether the call at the instruction `ip` is the library loader's own."""
        return self.loader != 0 and 0 <= ip - self.loader < _LOADER_SPAN


class Processes:
    """All processes that were met.

    Args:
        marks: Whether the Pythons are expected to say when they have started.
    """

    def __init__(self, *, marks: bool) -> None:
        self.all: list[WatchedProcess] = []
        self.by_thread: dict[int, WatchedProcess] = {}
        self.search: set[bytes] = set()
        """The PATHs that shells were started with."""
        self._marks = marks
        self._open: list[WatchedProcess] = []

    def of(self, tid: int) -> WatchedProcess:
        """Return the process, as the program that it is now, that the waiting thread `tid` is of."""
        known = self.by_thread.get(tid)
        if known is None or known.fresh:
            return self._meet(tid, known)
        return known

    def text(self, process: WatchedProcess, tid: int, address: int) -> tuple[WatchedProcess, bytes]:
        """Return the string at `address`, and whose it is after all.

        Raises:
            Unreadable: It cannot be read.
        """
        try:
            if process.memory == _CLOSED:
                self._open_memory(process)
            raw = os.pread(process.memory, _USUAL, address)
            if not raw:  # this process is gone: its number, or its program, is another's
                self.by_thread.pop(tid, None)
                self.by_thread.pop(process.pid, None)
                process = self._meet(tid, None)
                raw = os.pread(process.memory, _USUAL, address)
            end = raw.find(0)
            if end < 0:  # a read that meets an unmapped page ends there
                raw = os.pread(process.memory, _LONGEST, address)
                end = raw.find(0)
        except OSError:
            raise Unreadable(process.memory == _REFUSED) from None
        if end < 0:  # longer than any path
            raise Unreadable(False)
        return process, raw[:end]

    def data(self, process: WatchedProcess, address: int, size: int) -> bytes:
        """Return up to `size` bytes at `address`; none if they cannot be read."""
        try:
            return os.pread(process.memory, size, address)
        except OSError:
            return b""

    def left(self) -> list[WatchedProcess]:
        """Return the processes that are still there."""
        return [
            one for pid, one in self.by_thread.items() if pid == one.pid and _auxiliary(pid)[1] == one.epoch
        ]

    def _meet(self, tid: int, known: WatchedProcess | None) -> WatchedProcess:
        """Find out whose thread `tid` is, or what its process has become.

        The kernel puts 16 random bytes on each new stack, at an address of its own: that address
        tells a program from the one before in the same process, and is the same in forks.
        """
        if known is None:
            group, parent = _family(tid)
            known = self.by_thread.get(group)
            if known is not None and not known.fresh:
                self.by_thread[tid] = known
                known.several, known.cwd = True, b""
                return known
            before = known or self.by_thread.get(parent)
        else:
            group, before = known.pid, known
        loader, epoch = _auxiliary(tid)
        if known is not None and known.epoch == epoch:  # executing failed
            known.fresh = False
            self.by_thread[tid] = known
            return known
        one = WatchedProcess(group)
        one.loader, one.epoch, one.fresh = loader, epoch, False
        one.counts = bool(self.all)
        self._open_memory(one)
        if before is not None:
            one.elsewhere = before.elsewhere
        if before is not None and before.epoch == epoch:
            one.program, one.argv, one.kind, one.held = before.program, before.argv, before.kind, before.held
            one.executed = before.executed
        else:
            self._introduce(one, tid, before)
        if known is not None and known.memory >= 0:
            os.close(known.memory)
            known.memory = _CLOSED
        self.by_thread[group] = self.by_thread[tid] = one
        self.all.append(one)
        return one

    def _introduce(self, one: WatchedProcess, tid: int, before: WatchedProcess | None) -> None:
        """Find out what program a process has become."""
        one.executed = b"" if before is None else before.target
        try:
            one.program = os.readlink(b"%d/exe" % tid)
            one.started_in = os.readlink(b"%d/cwd" % tid)
        except OSError:
            one.program = one.program or one.executed
        one.argv = _read(b"%d/cmdline" % tid, 1 << 17).split(b"\0")[:-1]
        one.kind = kind_of(one.program)
        if one.kind == PYTHON and self._marks and one.counts:
            one.held = {}
        elif one.kind == SHELL:
            for line in _read(b"%d/environ" % tid, 1 << 17).split(b"\0"):
                if line.startswith(b"PATH="):
                    self.search.update(line[5:].split(b":"))

    def _open_memory(self, process: WatchedProcess) -> None:
        """Open its memory, which is four times as fast as process_vm_readv(2); not too many at a time."""
        try:
            process.memory = os.open(b"%d/mem" % process.pid, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            process.memory = _REFUSED
            return
        self._open.append(process)
        if len(self._open) > _OPEN_MEMORIES:
            for old in self._open[: _OPEN_MEMORIES // 2]:
                if old.memory >= 0:
                    os.close(old.memory)
                    old.memory = _CLOSED
            del self._open[: _OPEN_MEMORIES // 2]


def kind_of(program: bytes) -> int:
    """Return what kind of program that at the path `program` is, by its name."""
    name = program.rpartition(b"/")[2]
    if name.startswith((b"python", b"pypy")):
        return PYTHON
    if name in _SHELLS:
        return SHELL
    if name in _MAKES:
        return MAKE
    # x86_64-linux-gnu-gcc-12, ld.bfd
    plain = name.rpartition(b"linux-gnu-")[2].partition(b"-")[0].partition(b".")[0]
    return COMPILER if plain in _COMPILERS else PLAIN


def _family(tid: int) -> tuple[int, int]:
    """Return the process that the thread `tid` belongs to, and that one's parent."""
    text = _read(b"%d/status" % tid, 512)
    at, then = text.find(b"\nTgid:"), text.find(b"\nPPid:")
    if at < 0 or then < 0:
        return tid, 0
    return int(text[at + 6 : text.index(b"\n", at + 1)]), int(text[then + 6 : text.index(b"\n", then + 1)])


def _auxiliary(tid: int) -> tuple[int, int]:
    """Return where the loader is in the memory of `tid` (0 if it has none), and what tells the program."""
    table = _read(b"%d/auxv" % tid, 1024)
    if not table:  # not ours to look into, or gone
        return 0, -tid
    found = dict(_PAIRS.iter_unpack(table[: len(table) & ~15]))
    if _RANDOM not in found:  # a 32-bit program
        found = dict(_SHORT_PAIRS.iter_unpack(table[: len(table) & ~7]))
    return found.get(_BASE, 0), found.get(_RANDOM, 0)


def _read(place: bytes, size: int) -> bytes:
    try:
        fd = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(fd, size)
    except OSError:
        return b""
    finally:
        os.close(fd)
