"""What a command really did, told by `strace -f`: the truth that the witness is compared with.

It sees the marks of Python's import system, too, so that it can tell it from the program; the truth that recorded
pipelines are compared with (`tests/pipelines/strace_truth.py`) does without.

It is folded in another way than the witness folds notices: with the results of the calls, and with the
workspace as it was before and after. What belongs to nobody's script (make's, gcc's and a shell's own
looking around, the loader's and the import system's) is left out by the same rules.
"""

# The paths of other processes are text, looked at by the thousand.
# ruff: noqa: PTH110, PTH112, PTH114, PTH115, PTH118, PTH120, PTH123
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dsv.capture.territory import Territory, source_of
from dsv.capture.witness.makefiles import MakefileFolder, asked_in
from dsv.capture.witness.marks import BEGIN, END, MARK, MASK, MISSING, READY
from dsv.capture.witness.noise import is_noise
from dsv.capture.witness.process import COMPILER, MAKE, PYTHON, SHELL, kind_of
from dsv.worktree.ignore import NOTHING, Ignore

STRACE = shutil.which("strace")

_CALLS = "%file,getdents,getdents64,fchdir,ftruncate,clone,clone3,fork,vfork"
_LINE = re.compile(r"(\d+) +(\w+)\((.*)\)\s+= (-?\d+|\?)(?:<(.*?)>)?(?: ([A-Z]+) \(.*\))?$")
_STARTED = re.compile(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
_GOES_ON = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)$")
_WORD = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(?:\.\.\.)?|(?:AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2}|[^>\\])*)>')
_OPENS = {"open", "openat", "openat2", "creat"}
_LOOKS = {
    "stat",
    "lstat",
    "newfstatat",
    "statx",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
}
_FORKS = {"clone", "clone3", "fork", "vfork"}
_MISSES = {"ENOENT", "ENOTDIR"}


class Truth(NamedTuple):
    """What a command did below its workspace. Paths are relative to it, with `/`.

    Attributes:
        reads: The files, there before, that it opened to read while they held what they held before, or executed.
        writes: The files that are there now, and are others or have other bytes or times than before.
        listings: The folders, there before, that it listed.
        absences: What it looked for, that was not there before, and that it did not make.
    """

    reads: frozenset[str]
    writes: frozenset[str]
    listings: frozenset[str]
    absences: frozenset[str]


class _Context:
    """What a process is: threads share one, forks copy it."""

    def __init__(self, cwd: str, kind: int = 0) -> None:
        self.cwd, self.kind = cwd, kind
        self.importing: set[int] = set()
        self.held: list[tuple[str, str]] | None = None

    def fork(self) -> "_Context":
        one = _Context(self.cwd, self.kind)
        one.held = self.held
        return one


def truth(
    command: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    root: Path | None = None,
    ignore: Ignore = NOTHING,
) -> Truth:
    """Run `command` in `cwd` under strace; return what it did below `root`, by default `cwd`.

    Raises:
        subprocess.CalledProcessError: The command fails.
    """
    root = (root or cwd).resolve()
    with tempfile.TemporaryDirectory(prefix="strace-") as folder:
        log = Path(folder, "log")
        before = _snapshot(root)
        assert STRACE is not None
        subprocess.run(
            [STRACE, "-f", "-qq", "-xx", "-y", "-s", "5000", "-e", f"trace={_CALLS}", "-e", "signal=none",
             "-o", str(log), *command],
            cwd=cwd, env=dict(env), check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        return _Fold(root, Territory(root, ignore), before, _snapshot(root), env).fold(
            log, os.path.realpath(cwd)
        )


def _snapshot(root: Path) -> dict[str, os.stat_result]:
    found = {os.fspath(root): root.lstat()}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            found[os.path.join(folder, name)] = os.lstat(os.path.join(folder, name))
    return found


class _Fold:
    """Calls in their order become a truth."""

    def __init__(
        self, root: Path, territory: Territory, before: dict[str, os.stat_result],
        after: dict[str, os.stat_result], env: Mapping[str, str],
    ) -> None:  # fmt: skip
        self._root, self._territory = os.fspath(root), territory
        self._before, self._after = before, after
        self._search = env.get("PATH", "").split(":")
        self._links = {path: os.readlink(path) for path in before if os.path.islink(path)}
        self._gone: set[str] = set()  # paths that no longer hold what they held before
        self._made: set[str] = set()
        self._reads: set[str] = set()
        self._listings: set[tuple[str, int]] = set()
        self._absences: set[str] = set()
        self._makefiles: set[str] = set()

    def fold(self, log: Path, cwd: str) -> Truth:
        contexts: dict[int, _Context] = {}
        waiting: dict[tuple[int, str], str] = {}
        for text in log.read_text("utf-8", "surrogateescape").splitlines():
            line = text
            if started := _STARTED.match(line):
                waiting[int(started[1]), started[2]] = started[3]
                if started[2] in _FORKS:
                    waiting[int(started[1]), "fork"] = ""
                continue
            if resumed := _GOES_ON.match(line):
                line = (
                    f"{resumed[1]} {resumed[2]}({waiting.pop((int(resumed[1]), resumed[2]), '')}{resumed[3]}"
                )
            if found := _LINE.match(line):
                self._call(contexts, cwd, found)
        return self._conclude(contexts)

    def _call(self, contexts: dict[int, _Context], cwd: str, found: "re.Match[str]") -> None:
        pid, name, text, result, error = int(found[1]), found[2], found[3], found[4], found[6]
        one = contexts.setdefault(pid, _Context(cwd))
        if name in _FORKS:
            if result.isdigit() and int(result):
                shares = "CLONE_THREAD" in text or "CLONE_FS" in text
                known = contexts.get(int(result))
                if known is None or known.cwd == cwd:  # the child may have come before its parent's return
                    contexts[int(result)] = one if shares else one.fork()
            return
        words = [_decode(inner if inner is not None else outer) for inner, outer in _words(text)]
        paths = self._paths(name, text, words, one)
        if not paths:
            return
        path = paths[0]
        if name in {"access", "faccessat"} and self._is_mark(pid, one, text, words):
            return
        if name == "execve":
            self._execute(one, path, error)
        elif name in {"chdir", "fchdir"}:
            if error is None:
                one.cwd = self._real(path)
        elif name in _OPENS:
            self._open(pid, one, path, text, name, error)
        elif name in _LOOKS:
            follows = "NOFOLLOW" not in text and name not in {"lstat", "readlink", "readlinkat"}
            if error in _MISSES:
                self._miss(pid, one, path, opened=False, follows=follows)
        elif name in {"getdents", "getdents64"}:
            if pid not in one.importing and path not in self._gone and path in self._before:
                self._hold(one, "list", path)
        elif error is None:
            self._change(name, paths, text)

    def _paths(self, name: str, text: str, words: list[str], one: _Context) -> list[str]:
        """Return the paths of a call, absolute."""
        found, base = [], one.cwd
        for (inner, _), word in zip(_words(text), words, strict=True):
            if inner is None:
                base = word
                if name in {"getdents", "getdents64", "fchdir", "ftruncate"}:
                    return [base]
            else:
                found.append(word if word.startswith("/") else f"{base}/{word}")
        if name.startswith("symlink"):
            return found[1:]
        return found

    def _is_mark(self, pid: int, one: _Context, text: str, words: list[str]) -> bool:
        mode = re.search(r", 0?x?([0-9a-f]+)(?:\)|$|,)|\|0x([0-9a-f]+)", text.rpartition('"')[2])
        numbers = [int(number, 16) for number in re.findall(r"0x([0-9a-f]+)", text.rpartition('"')[2])]
        if mode is None or not numbers or numbers[0] & MASK != MARK:
            return False
        bits = {"X_OK": 1, "W_OK": 2, "R_OK": 4}
        word = (numbers[0] & 0xFF) | sum(bit for name, bit in bits.items() if name in text.rpartition('"')[2])
        if word == BEGIN:
            one.importing.add(pid)
        elif word == END:
            one.importing.discard(pid)
        elif word == READY:
            one.held = None
        elif word == MISSING:
            self._absences.add(self._real(words[-1]))
        return True

    def _execute(self, one: _Context, path: str, error: str | None) -> None:
        if error is not None:
            return
        path = self._real(path)
        if path in self._before and path not in self._gone:
            self._reads.add(path)
        if os.path.exists(path):
            with open(path, "rb") as file:
                line = file.readline(256)
            if line.startswith(b"#!"):
                path = os.path.realpath(os.fsdecode(line[2:].split()[0]))
        one.kind = kind_of(os.fsencode(path))
        one.held = [] if one.kind == PYTHON else None

    def _open(self, pid: int, one: _Context, path: str, text: str, name: str, error: str | None) -> None:
        if error is not None:
            if error in _MISSES:
                self._miss(pid, one, path, opened=True, follows="O_NOFOLLOW" not in text)
            return
        path = self._real(path)
        if "O_PATH" in text or "O_DIRECTORY" in text:
            return
        if "O_TRUNC" in text or name == "creat" or (path not in self._before and "O_CREAT" in text):
            self._gone.add(path)
            self._made.add(path)
        elif path in self._before and path not in self._gone:
            if "O_WRONLY" in text:
                self._reads.add(path + "\0")  # kept what it held: of use if it is longer afterwards
            else:
                self._reads.add(path)
        if one.kind == MAKE:
            self._makefiles.add(path)

    def _miss(self, pid: int, one: _Context, path: str, *, opened: bool, follows: bool) -> None:
        if pid in one.importing or one.kind == COMPILER or (one.kind == MAKE and not opened):
            return
        path = self._real(path) if follows else self._settled(path)
        if one.kind == SHELL and not opened and os.path.dirname(path) in map(os.path.realpath, self._search):
            return
        if path not in self._before and path not in self._made:
            self._hold(one, "miss", path)

    def _hold(self, one: _Context, what: str, path: str) -> None:
        if one.held is not None:
            one.held.append((what, path))
        else:
            self._take(one, what, path)

    def _take(self, one: _Context, what: str, path: str) -> None:
        if what == "list":
            self._listings.add((path, one.kind))
        else:
            self._absences.add(path)

    def _change(self, name: str, paths: list[str], text: str) -> None:
        first, last = self._settled(paths[0]), self._settled(paths[-1])
        if name.startswith("rename"):
            for path in [path for path in self._before if path == first or path.startswith(f"{first}/")]:
                if path not in self._gone:
                    self._reads.add(path)
                self._gone.add(path)
            self._gone.add(first)
            self._gone.add(last)
            self._made.add(last)
        elif name.startswith("link"):
            if first in self._before and first not in self._gone:
                self._reads.add(first)
            self._made.add(last)
        elif name.startswith(("unlink", "rmdir", "mkdir", "mknod", "symlink")):
            self._gone.add(first)
            if name.startswith(("mk", "sym")):
                self._made.add(first)
        elif name in {"truncate", "ftruncate"} and text.endswith(", 0"):
            self._reads.discard(first + "\0")
            self._gone.add(first)

    def _asked(self, makefile: str) -> list[MakefileFolder]:
        """What make lists for who wrote a makefile, by dsv's own rule: strace cannot tell what is wanted."""
        inner = self._inner(makefile)
        if inner is None:  # libraries and words of make itself
            return []
        home = os.path.dirname(inner)
        try:
            found = asked_in(Path(makefile).read_text("utf-8", "replace"), home)
        except OSError:
            return []
        return [MakefileFolder("", "", deep=True)] if found is None else found

    def _conclude(self, contexts: dict[int, _Context]) -> Truth:
        for one in contexts.values():  # Pythons that never said that they have started
            for what, path in one.held or ():
                self._take(one, what, path)
        asked = [one for path in self._makefiles for one in self._asked(path)]
        listings = {
            path
            for path, kind in self._listings
            if kind != MAKE or any(one.holds(self._inner(path) or "") for one in asked)
        }
        writes = {path for path, seen in self._after.items() if self._is_written(path, seen)}
        reads = {path for path in self._reads if not path.endswith("\0")}
        reads |= {
            path[:-1]
            for path in self._reads
            if path.endswith("\0") and path[:-1] in writes and self._grew(path[:-1])
        }
        sources = {
            os.path.join(self._root, source)
            for path in reads
            if (source := source_of(self._inner(path) or ""))
        }
        never = self._absences - self._after.keys() - self._before.keys() - self._made
        absences = {path for path in never if not self._new(path)}
        return Truth(
            self._of_files(path for path in reads | sources if path in self._before),
            self._of_files(writes),
            frozenset(
                inner
                for path in listings - self._gone
                if (inner := self._inner(path)) is not None and (not inner or self._enters(inner))
            ),
            frozenset(path for path in self._of_files(absences, there=False) if not is_noise(path)),
        )

    def _is_written(self, path: str, seen: os.stat_result) -> bool:
        if os.path.isdir(path) and not os.path.islink(path):
            return False
        old = self._before.get(path)
        return old is None or (old.st_ino, old.st_mtime_ns, old.st_size) != (
            seen.st_ino,
            seen.st_mtime_ns,
            seen.st_size,
        )

    def _grew(self, path: str) -> bool:
        return path in self._before and self._before[path].st_size != self._after[path].st_size

    def _new(self, path: str) -> bool:
        """Whether `path` would lie in a folder that the run made."""
        while len(path) > len(self._root):
            path = os.path.dirname(path)
            if path in self._made:
                return True
        return False

    def _of_files(self, paths: Iterable[str], *, there: bool = True) -> frozenset[str]:
        found = set()
        for path in paths:
            inner = self._inner(path)
            if not inner or (there and os.path.isdir(path) and not os.path.islink(path)):
                continue
            if (
                there
                and inner
                and path in self._before
                and (self._before[path].st_mode & 0o170000) == 0o040000
            ):
                continue
            if self._enters(os.path.dirname(inner)) and self._territory.holds(inner):
                found.add(inner)
        return frozenset(found)

    def _enters(self, folder: str) -> bool:
        while folder:
            if not self._territory.enters(folder) or self._territory.is_environment(folder):
                return False
            folder = os.path.dirname(folder)
        return True

    def _inner(self, path: str) -> str | None:
        if path == self._root:
            return ""
        return path.removeprefix(f"{self._root}/") if path.startswith(f"{self._root}/") else None

    def _real(self, path: str) -> str:
        """Return where `path` led before the run, as far as that can be told afterwards."""
        for _ in range(20):
            path = self._settled(path)
            target = self._links.get(path)
            if target is None or path in self._gone:
                return path
            path = os.path.join(os.path.dirname(path), target)
        return path

    def _settled(self, path: str) -> str:
        head, tail = os.path.split(os.path.normpath(path))
        return os.path.join(os.path.realpath(head), tail)


def _words(text: str) -> list[tuple[str | None, str]]:
    return [(found[1], found[2]) for found in _WORD.finditer(text)]


def _decode(text: str) -> str:
    raw = re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), os.fsencode(text))
    return os.fsdecode(raw)
