"""The truth of a command, as `strace -f` tells it, to compare with what dsv recorded.

The rules, which are those of the record:

* Paths are relative to the workspace; links on the way are resolved. What lies outside is not compared, nor is
  `.git`, `.dsv`, a virtual environment (a folder with `pyvenv.cfg`), or what a program asked of the folders
  themselves (`stat`).
* *read*: opened, by any of its names, with the right to read and without O_TRUNC, executed, or renamed, at a time when its bytes were
  still those from before the run. A compiled module in `__pycache__` stands for its source.
* *written*: opened with the right to write, renamed to or linked, and there as a file when the run has ended;
  what was opened to update (no O_TRUNC) and has the bytes that it had is only read.
* *listed*: a folder from before the run of which entries were read (`getdents64`). Two kinds are kept apart:
  what make and compilers list (*unjudged*: make lists of itself, and for `$(wildcard)`), and what Python lists of
  the folders that modules come from (*perhaps*: the one it was started in, and those with a module or a package in
  them), as strace does not tell its import system from the program. A project says by hand which of these are the
  program's (`lists`).
* *absent*: a path that was looked for (open, stat, access, readlink) and was not there, and that the run did not
  make - but not by make, a compiler or a shell, whose probes are their own, nor the names that Python's import
  system tries (`X.so`, `X/__init__.py`, `X.py`, `__pycache__`, `pyvenv.cfg`), nor the file by which pyenv and asdf
  choose an interpreter. A module that was looked for in vain leaves no call to see: `seeks` says so by hand.
"""

# The paths of other processes are text, looked at by the thousand.
# ruff: noqa: PTH118, PTH119, PTH120, PTH110
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_CALLS = "%file,getdents64,chdir,fchdir,clone,clone3,fork,vfork"
_LINE = re.compile(r"(?P<pid>\d+) +(?P<call>\w+)\((?P<args>.*)\) += (?P<result>-?\d+|\?)(?P<rest>.*)")
_UNFINISHED = re.compile(r"(?P<pid>\d+) +(?P<head>\w+\(.*?),? *<unfinished \.\.\.>")
_RESUMED = re.compile(r"(?P<pid>\d+) +<\.\.\. \w+ resumed>(?P<tail>.*)")
_STRING = re.compile(r'(?:(AT_FDCWD|\d+)(?:<([^>]*)>)?, )?"((?:[^"\\]|\\.)*)"')
_DESCRIPTOR = re.compile(r"<([^>]*)>")
_CACHED = re.compile(r"(?P<folder>.*/|)__pycache__/(?P<name>\w+)\.[\w-]+(?:\.opt-\d)?\.pyc")
_IMPORTED = re.compile(
    r"(.*/)?(__pycache__(/.*)?|__init__\..*|__main__\.py|pyvenv\.cfg|\.python-version|\.tool-versions|.*\.(so|py|pyc|pyd|_pth|zip))"
)
_BUILDERS = re.compile(r"make|gmake|[\w-]*gcc[\d.-]*|cc|cc1|as|ld|collect2|[\w-]*-(as|ld)|lto-wrapper|ninja")
_SHELLS = re.compile(r"sh|bash|dash|zsh|env")
_FORKS = {"clone", "clone3", "fork", "vfork"}
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
    "open",
    "openat",
}


@dataclass(slots=True)
class Truth:
    """What a command used and made; paths relative to the workspace."""

    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    perhaps: set[str] = field(default_factory=set)
    unjudged: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    calls: int = 0


@dataclass(frozen=True, slots=True)
class _Call:
    pid: str
    name: str
    args: str
    result: int
    rest: str


def trace(command: str, cwd: str, root: Path, env: Mapping[str, str], log: Path) -> Truth:
    """Run a shell's line in `cwd` of the workspace `root` under strace; return the truth of it."""
    before = {os.path.relpath(path, root): _content(path) for path in _walk(root)}
    words = [
        "strace",
        "-f",
        "-qq",
        "-y",
        "-s",
        "4096",
        "-e",
        f"trace={_CALLS}",
        "-o",
        os.fspath(log),
        "sh",
        "-c",
    ]
    done = subprocess.run(
        [*words, command],
        cwd=root / cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return _Reader(root.resolve(), (root / cwd).resolve(), before).read(log)


def _content(path: str) -> bytes:
    return Path(path).read_bytes() if Path(path).is_file() else b""


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        yield folder
        folders[:] = [name for name in folders if name not in {".git", ".dsv"}]
        yield from (os.path.join(folder, name) for name in files)


def _calls(log: Path) -> Iterator[_Call]:
    """Return the calls in the order of their ends, each with its process."""
    open_calls: dict[str, str] = {}
    for line in log.read_text(errors="surrogateescape").splitlines():
        if found := _UNFINISHED.match(line):
            open_calls[found["pid"]] = found["head"]
            continue
        if found := _RESUMED.match(line):
            line = f"{found['pid']} {open_calls.pop(found['pid'], '')}{found['tail']}"  # noqa: PLW2901
        if (found := _LINE.match(line)) and found["result"] != "?":
            yield _Call(found["pid"], found["call"], found["args"], int(found["result"]), found["rest"])


class _Reader:
    """Reads a log in its order, and keeps what has to be known of each process and path."""

    def __init__(self, root: Path, folder: Path, before: dict[str, bytes]) -> None:
        self.root, self.start, self.before = os.fspath(root), os.fspath(folder), before
        self.folders: dict[str, str] = {}
        self.programs: dict[str, str] = {}
        self.parents: dict[str, str] = {}
        self.changed: set[str] = set()
        self.updated: set[str] = set()
        self.same: dict[str, str] = {}
        self.truth = Truth()
        self.looked: set[str] = set()

    def read(self, log: Path) -> Truth:
        calls = list(_calls(log))
        self.parents = {
            str(call.result): call.pid for call in calls if call.name in _FORKS and call.result > 0
        }
        for call in calls:
            self.truth.calls += 1
            self._take(call)
        truth = self.truth
        there = {path for path in self.changed | self.updated if (Path(self.root) / path).is_file()}
        same = {path for path in there if _content(os.path.join(self.root, path)) == self.before.get(path)}
        truth.written = {path for path in there - (same - self.changed) if not _is_cache(path)}
        gone = {path for path in self.looked if not os.path.lexists(os.path.join(self.root, path))}
        truth.absent = gone - self.before.keys() - self.changed
        return truth

    def _take(self, call: _Call) -> None:
        paths = [self._absolute(call.pid, *found.groups()) for found in _STRING.finditer(call.args)]
        if call.name == "execve":
            if call.result == 0 and paths:
                self.programs[call.pid] = _interpreter(paths[0])
                self._use(paths[0])
        elif call.name in {"chdir", "fchdir"}:
            where = paths or [os.path.join("/", *_DESCRIPTOR.findall(call.args))]
            if call.result == 0:
                self.folders[call.pid] = where[0]
        elif call.name == "getdents64":
            if call.result > 0 and (found := _DESCRIPTOR.search(call.args)):
                self._list(call.pid, found[1])
        elif call.name in {"open", "openat", "openat2", "creat"} and call.result >= 0:
            found = _DESCRIPTOR.search(call.rest)
            self._open(
                found[1] if found else paths[0], call.args if call.name != "creat" else "O_WRONLY|O_TRUNC"
            )
        elif call.name.startswith("rename") and call.result == 0:
            self._use(paths[0])
            self._change(paths[0])
            self._change(paths[1])
        elif call.name.startswith(("unlink", "truncate")) and call.result == 0:
            self._change(paths[0])
        elif call.name.startswith(("link", "symlink")) and call.result == 0:
            self._change(paths[-1])
            if call.name.startswith("link") and (old := self._inside(paths[0])) in self.before:
                self.same[self._inside(paths[1]) or ""] = old
        elif call.name in _LOOKS and call.result < 0 and "ENOENT" in call.rest and paths:
            self._look(call.pid, paths[0])

    def _absolute(self, pid: str, number: str | None, base: str | None, text: str) -> str:
        text = text.encode("latin-1", "surrogateescape").decode("unicode_escape") if "\\" in text else text
        where = base if number and base else self._folder(pid)
        return os.path.normpath(os.path.join(where, text))

    def _folder(self, pid: str) -> str:
        while pid not in self.folders and pid in self.parents:
            pid = self.parents[pid]
        return self.folders.get(pid, self.start)

    def _program(self, pid: str) -> str:
        while pid not in self.programs and pid in self.parents:
            pid = self.parents[pid]
        return self.programs.get(pid, "")

    def _inside(self, path: str) -> str | None:
        real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        if os.path.lexists(real):
            real = os.path.realpath(real)
        inside = os.path.relpath(real, self.root)
        parts = inside.split("/")
        if parts[0] in {"..", ".git", ".dsv"} or ".git" in parts:
            return None
        heads = ("/".join(parts[:end]) for end in range(1, len(parts) + 1))
        if any(os.path.exists(os.path.join(self.root, head, "pyvenv.cfg")) for head in heads):
            return None
        return inside

    def _open(self, path: str, flags: str) -> None:
        if "O_PATH" in flags or "O_DIRECTORY" in flags or Path(path).is_dir():
            return
        if "O_TRUNC" not in flags:
            self._use(path)
        if not re.search(r"O_WRONLY|O_RDWR|O_TRUNC", flags):
            return
        inside = self._inside(path)
        if inside in self.before and "O_TRUNC" not in flags:
            self.updated.add(inside)
        else:
            self._change(path)

    def _use(self, path: str) -> None:
        inside = self._inside(path)
        inside = self.same.get(inside, inside) if inside else None
        if inside is None or inside in self.changed or inside not in self.before:
            return
        if found := _CACHED.fullmatch(inside):
            inside = f"{found['folder']}{found['name']}.py"
        if (Path(self.root) / inside).is_file() or inside in self.before:
            self.truth.read.add(inside)

    def _change(self, path: str) -> None:
        inside = self._inside(path)
        if inside is not None:
            self.changed.add(inside)

    def _list(self, pid: str, path: str) -> None:
        inside = self._inside(path)
        if inside is None or inside not in self.before or _is_cache(inside):
            return
        program, truth = self._program(pid), self.truth
        if _BUILDERS.fullmatch(program):
            kind = truth.unjudged
        elif program.startswith("python") and self._gives_modules(pid, Path(path)):
            kind = truth.perhaps
        else:
            kind = truth.listed
        kind.add("" if inside == "." else inside)

    def _gives_modules(self, pid: str, path: Path) -> bool:
        return (
            os.fspath(path) == self._folder(pid) or any(path.glob("*.py")) or any(path.glob("*/__init__.py"))
        )

    def _look(self, pid: str, path: str) -> None:
        inside = self._inside(path)
        program = self._program(pid)
        if inside is None or _BUILDERS.fullmatch(program) or _SHELLS.fullmatch(program):
            return
        if not _IMPORTED.fullmatch(inside):
            self.looked.add(inside)


def _interpreter(path: str) -> str:
    """Return the name of the program that an executed file runs in: its own, or that of its interpreter."""
    with Path(path).open("rb") as program:
        first = program.readline(256)
    words = first[2:].split() if first.startswith(b"#!") else []
    named = [word for word in words[:2] if not word.endswith(b"/env")]
    return os.path.basename(os.fsdecode(named[0])) if named else os.path.basename(path)


def _is_cache(path: str) -> bool:
    return "__pycache__" in path.split("/")
