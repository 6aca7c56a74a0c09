"""The ledger: notices become facts. The one who waits is stopped meanwhile, so the disk is as it will find it.

Most of a run's calls are opens of files that are there; `take` deals with those itself, as calling functions would
double what a watched call costs. Paths are bytes, and `/proc` is the current folder.
"""

import os
import stat

from dsv.capture.witness import calls
from dsv.capture.witness.addresses import address
from dsv.capture.witness.calls import EVERY, MACHINES, NUMBERS, Call
from dsv.capture.witness.file_changes import Names
from dsv.capture.witness.marks import BEGIN, END, MARK, MASK, MISSING, PREFIX, READY
from dsv.capture.witness.path_facts import (
    FOUND,
    FRESH,
    LINK,
    LISTED,
    LISTED_BY_MAKE,
    MAKEFILE,
    MISSED,
    MISSED_ON_PATH,
    MISSING_MODULE,
    READ,
    THERE,
    Report,
)
from dsv.capture.witness.path_table import ODD, Paths
from dsv.capture.witness.process import COMPILER, MAKE, SHELL, Processes, Unreadable, WatchedProcess

_UNUSUAL = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW
_CURRENT = 0xFFFFFF9C  # AT_FDCWD
_GONE = b" (deleted)"
_TOO_MANY = 1 << 18
_ANYWHERE = frozenset({calls.EXEC, calls.NAME})
"""What is understood outside as well: a program, or a name of which the other one may be inside."""

_ALWAYS = frozenset({calls.EXEC, calls.NAME, calls.NET, calls.MOVE, calls.BLIND})

SYSTEM = (b"/usr/", b"/lib/", b"/lib32/", b"/lib64/", b"/libx32/", b"/bin/", b"/sbin/", b"/etc/", b"/proc/",
          b"/sys/", b"/dev/", b"/run/", b"/nix/store/", b"/gnu/store/", b"/var/cache/", b"/var/lib/")  # fmt: skip
"""Where nothing is the user's data. What lies there is not looked at."""


class Notices(Paths):
    """Folds notices into facts; what is known of each path is in it.

    Args:
        root: The workspace, an absolute path without links.
        machine: What `uname -m` calls this machine.
        boring: Folders that do not count, each with a `/` at its end.
        marks: Whether Pythons are expected to say when they have started.
    """

    def __init__(
        self, root: bytes, machine: str, boring: tuple[bytes, ...] = (), *, marks: bool = False
    ) -> None:
        super().__init__(root)
        self.boring = tuple(one for one in (*SYSTEM, *boring) if not self.inside.startswith(one))
        self.facts = Report()
        self.processes = Processes(marks=marks)
        self.names = Names(self)
        self._seen: set[tuple[object, ...]] = set()
        self._calls = {one: {n: name for name, n in NUMBERS[one].items()} for one in MACHINES[machine]}
        self._specs = {
            one: {number: EVERY[name] for number, name in table.items()} for one, table in self._calls.items()
        }
        self._lenient = os.geteuid() == 0

    def take(self, notice: tuple[int, ...]) -> None:
        """Understand one notice, as `kernel.unpack` gives it."""
        _, tid, _, number, machine, ip, *arguments = notice
        spec = self._specs.get(machine, {}).get(number)
        process = self.processes.of(tid)
        if spec is None:
            self._blind(b"machine", process)
            return
        does, folder, path, more = spec
        raw = b""
        if path is not None and does != calls.NET and arguments[path]:
            try:
                process, raw = self.processes.text(process, tid, arguments[path])
            except Unreadable as error:
                if error.args[0]:
                    self._blind(b"memory", process)
                return
        if does == calls.PROBE and arguments[2 if folder == 0 else 1] & MASK == MARK:
            self._marked(process, tid, arguments[2 if folder == 0 else 1] & ~MASK & 0xFF, raw)
            return
        if process.loads(ip) and does != calls.OPEN:
            return
        if raw[:1] == b"/":
            if raw.startswith(self.boring) and does not in _ANYWHERE:
                return
            base = b""
        elif folder is None or arguments[folder] & 0xFFFFFFFF == _CURRENT:
            base = process.cwd
            if not base:
                base = _link(b"%d/cwd" % tid)
                process.cwd = b"" if process.roams else base
        else:
            base = _link(b"%d/fd/%d" % (tid, arguments[folder] & 0xFFFFFFFF))
        flags = arguments[more] if type(more) is int else 0
        if does == calls.OPEN and type(more) is int and not flags & _UNUSUAL and process.counts:
            head, _, tail = (base + b"/" + raw if base else raw).rpartition(b"/")
            real = self.real.get(head)
            if real is not None and tail not in ODD:
                file = real + b"/" + tail
                if file in self.bits or not self._reads_new(process, file, real):
                    self._opened_to_read(process, file, process.loads(ip))
                return
        # What is the same as before (the same program, the same words) tells nothing new.
        key = (process, number, base, raw, flags, tid in process.importing)
        if key in self._seen and does not in _ALWAYS:
            return
        if len(self._seen) > _TOO_MANY:
            self._seen.clear()
        self._seen.add(key)
        self._understand(process, tid, spec, raw, base, flags, arguments, self._calls[machine][number], ip)

    def _understand(
        self, process: WatchedProcess, tid: int, spec: Call, raw: bytes, base: bytes, flags: int, arguments: list[int],
        name: str, ip: int,
    ) -> None:  # fmt: skip
        does, _, _, more = spec
        place = raw if not base else (base + b"/" + raw if raw else base)
        if does == calls.MOVE:
            # The notice comes before the call: another thread could make us keep the folder that is being left.
            process.cwd, process.roams = b"", process.several
        elif does == calls.NET:
            self._spoke(process, spec, arguments, name)
        elif does == calls.BLIND:
            process.elsewhere = process.elsewhere or name not in {"io_uring_setup", "open_by_handle_at"}
            self._blind(name.encode(), process)
        elif does == calls.EXEC:
            self._executes(process, place)
        elif not process.counts or place[:1] != b"/" or base.endswith(_GONE):
            return
        elif does == calls.NAME:
            self._names(process, tid, place, name, more, arguments)
        elif place.startswith(self.boring):
            return
        elif does == calls.OPEN:
            if more == calls.HOW:
                flags = int.from_bytes(self.processes.data(process, arguments[2], 8), "little")
            elif more == calls.CREATE:
                flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
            self._opens(process, place, flags, process.loads(ip))
        elif does == calls.LIST:
            self._lists(process, tid, base)
        elif does == calls.PROBE:
            if tid not in process.importing:
                follow = more == calls.FOLLOW or (type(more) is int and not flags & calls.AT_SYMLINK_NOFOLLOW)
                self._looks(process, place, follow)
        elif does == calls.CUT:
            self.names.cut(process, self.follow(place), flags)
        elif does == calls.EMPTY:
            if not flags:
                self.names.emptied(base)
        elif does == calls.TOUCH:
            self.names.touched(self.follow(place))

    # -- single calls --------------------------------------------------------------------------------

    def _reads_new(self, process: WatchedProcess, path: bytes, folder: bytes) -> bool:
        """Note that a file which nobody has used before is opened to be read; return whether it is as simple as that."""
        try:
            mode = os.lstat(path).st_mode
        except OSError:
            return False
        if not stat.S_ISREG(mode) or mode & 0o444 != 0o444 or process.kind == MAKE:
            return False
        self.bits[path] = FRESH if self.bits.get(folder, 0) & FRESH else THERE | READ
        return True

    def _opened_to_read(self, process: WatchedProcess, path: bytes, by_loader: bool) -> None:
        makes = MAKEFILE if process.kind == MAKE else 0
        bits = self.bits.get(path)
        if bits is not None and bits & (READ | FRESH) and not bits & LINK:
            self.bits[path] = bits | makes
            return
        if bits is None or bits & LINK:
            path = self.follow(path)
            bits = self.bits[path]
        try:
            mode = os.stat(path).st_mode
        except OSError:
            if not by_loader:
                self._missed(process, path, opened=True)
            return
        if not stat.S_ISREG(mode):
            return
        if not self._lenient and mode & 0o444 != 0o444 and not os.access(path, os.R_OK):
            self.note(process, path, FOUND)
        else:
            self.bits[path] = bits | makes | (0 if bits & FRESH else READ)

    def _opens(self, process: WatchedProcess, place: bytes, flags: int, by_loader: bool) -> None:
        stays = flags & os.O_NOFOLLOW or (flags & os.O_CREAT and flags & os.O_EXCL)
        path = self.settle(place) if stays else self.follow(place)
        writes = flags & os.O_ACCMODE != os.O_RDONLY or flags & (os.O_TRUNC | os.O_CREAT)
        if flags & (os.O_PATH | os.O_DIRECTORY):  # O_TMPFILE is among these: what has no name is nothing yet
            there = self.there(path)
            self.look(path)
            if there:
                self.note(process, path, FOUND)
            else:
                self._missed(process, path, opened=True)
        elif not writes or by_loader:
            self._opened_to_read(process, path, by_loader)
        elif not self.names.opened(process, path, flags):
            self._missed(process, path, opened=True)

    def _lists(self, process: WatchedProcess, tid: int, folder: bytes) -> None:
        if (
            tid in process.importing
            or not (folder + b"/").startswith(self.inside)
            or self.look(folder) & FRESH
        ):
            return
        self.note(process, folder, LISTED_BY_MAKE if process.kind == MAKE else LISTED)

    def _looks(self, process: WatchedProcess, place: bytes, follow: bool) -> None:
        path = self.follow(place) if follow else self.settle(place)
        self.look(path)
        if self.there(path):
            self.note(process, path, FOUND)
        else:
            self._missed(process, path, opened=False)

    def _missed(self, process: WatchedProcess, path: bytes, *, opened: bool) -> None:
        bits = self.look(path)
        if bits & (THERE | FRESH) or process.elsewhere or process.kind == COMPILER:
            return
        if process.kind == MAKE and not opened:  # make looks for what it is going to make
            return
        self.note(process, path, MISSED_ON_PATH if process.kind == SHELL and not opened else MISSED)

    def _executes(self, process: WatchedProcess, place: bytes) -> None:
        process.fresh = True
        process.target = os.path.normpath(place)
        path = self.follow(place)
        try:
            seen = os.stat(path)
        except OSError:
            return
        if seen.st_mode & (stat.S_ISUID | stat.S_ISGID) and seen.st_uid != os.geteuid():
            self.facts.blind.append((b"set-uid", path))
        is_ours = path.startswith(self.inside) and stat.S_ISREG(seen.st_mode)
        if is_ours and os.access(path, os.X_OK) and not self.look(path) & FRESH:
            self.bits[path] |= READ

    def _names(
        self, process: WatchedProcess, tid: int, place: bytes, name: str, more: object, arguments: list[int]
    ) -> None:
        path = self.settle(place)
        if name.startswith(("mk", "symlink")):
            self.names.made(process, path, is_folder=name.startswith("mkdir"))
            if name.startswith("symlink"):
                self.real.clear()
            return
        bits = self.look(path)
        if path in self.real or bits & LINK:  # folders that were known by it lead elsewhere now
            self.real.clear()
        if not isinstance(more, tuple):
            self.names.removed(process, path)
            return
        folder, at = more
        try:
            process, raw = self.processes.text(process, tid, arguments[at])
        except Unreadable:
            return
        if raw[:1] != b"/":
            number = _CURRENT if folder is None else arguments[folder] & 0xFFFFFFFF
            raw = _link(b"%d/cwd" % tid if number == _CURRENT else b"%d/fd/%d" % (tid, number)) + b"/" + raw
        target = self.settle(raw)
        if target in self.real:
            self.real.clear()
        if name.startswith("rename"):
            self.names.renamed(process, path, target, arguments[4] if name == "renameat2" else 0)
        else:
            self.names.linked(process, path, target)

    def _spoke(self, process: WatchedProcess, spec: Call, arguments: list[int], name: str) -> None:
        _, _, at, size = spec
        assert type(at) is int
        assert type(size) is int
        data = self.processes.data(process, arguments[at], min(arguments[size] & 0xFFFFFFFF, 128))
        said = address(data, waits=name == "bind")
        if said is not None and not (said.startswith(b"unix:/") and self.bits.get(said[5:], 0) & FRESH):
            contact = (name.encode(), said, process.program)
            if contact not in self.facts.contacts:
                self.facts.contacts.append(contact)
            if name == "bind" and said.startswith(b"unix:/"):
                self.names.made(process, self.settle(said[5:]), is_folder=False)

    def _marked(self, process: WatchedProcess, tid: int, word: int, path: bytes) -> None:
        if word == BEGIN:
            process.importing.add(tid)
        elif word == END:
            process.importing.discard(tid)
        elif word == READY:
            process.held = None
        elif word == PREFIX and path[:1] == b"/":
            path = os.path.realpath(path)
            self.facts.prefixes.add(path)
            boring = path.rstrip(b"/") + b"/"
            if len(path) > 1 and not self.inside.startswith(boring):
                self.boring = tuple(dict.fromkeys((*self.boring, boring)))
        elif word == MISSING and path.startswith(self.inside) and not self.look(path) & (THERE | FRESH):
            self.bits[path] |= MISSING_MODULE

    def _blind(self, kind: bytes, process: WatchedProcess) -> None:
        self.facts.blind.append((kind, process.program or process.executed))

    # -- the end ---------------------------------------------------------------------------------------

    def conclude(self) -> Report:
        """Return all that is known."""
        facts = self.facts
        for process in self.processes.all:
            if not process.counts:
                continue
            if process.held is not None:
                if self._take_held(process, process.held):
                    facts.blind.append((b"unmarked", process.program))
                process.held = None
            facts.programs.append((process.executed or process.program, process.program, tuple(process.argv)))
        for process in self.processes.left():
            facts.blind.append((b"outlives-writing" if process.wrote else b"outlives", process.program))
        facts.programs = list(dict.fromkeys(facts.programs))
        facts.blind = list(dict.fromkeys(facts.blind))
        facts.search |= self.processes.search
        facts.paths = {path: (bits, self.sizes.get(path, -1)) for path, bits in self.bits.items() if bits}
        return facts

    def _take_held(self, process: WatchedProcess, held: dict[bytes, int]) -> bool:
        """Note what a Python did that never said that it had started; return whether some of it is a guess."""
        guessed = False
        for path, bits in held.items():
            if bits & LISTED and (path == process.started_in or _gives_modules(path)):
                bits = bits & ~LISTED | FOUND  # noqa: PLW2901
                guessed = True
            guessed = guessed or bool(bits & MISSED and path.startswith(self.inside))
            self.bits[path] = self.bits.get(path, 0) | bits
        return guessed


def _gives_modules(folder: bytes) -> bool:
    """Whether Python's import system may have listed `folder`: there is a module or a package in it."""
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    return any(
        name.endswith(b".py") or os.path.exists(b"%s/%s/__init__.py" % (folder, name)) for name in names
    )


def _link(place: bytes) -> bytes:
    try:
        return os.readlink(place)
    except OSError:
        return b"?"
