"""Whole processes, timed by the kernel: wall clock, processor time and peak resident memory."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

Argv = Sequence[str]


class Sample(NamedTuple):
    """What one piece of work cost.

    Attributes:
        wall: Seconds from spawn to exit.
        cpu: Seconds of user and system time, of the process and of the children that it waited for.
        peak: Bytes of the largest resident set among them.
    """

    wall: float
    cpu: float
    peak: int


class CommandFailed(Exception):
    """A measured command did not exit with 0; the message ends with what it said last."""


def run(argv: Argv, *, cwd: Path, env: Mapping[str, str], accept: Sequence[int] = (0,)) -> Sample:
    """Run one process to its end and return its cost.

    The kernel starts a child's high-water mark from that of the process that spawned it, so the process
    that calls this must stay small: data are made elsewhere, and nothing heavy is imported here.

    Raises:
        CommandFailed: Its exit code is not one of `accept`, or the program is not there.
    """
    with tempfile.TemporaryFile() as said:
        begin = time.perf_counter()
        try:
            child = subprocess.Popen(
                argv, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
        except OSError as error:
            raise CommandFailed(f"{Path(argv[0]).name}: {error.strerror}") from error
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in accept:
            said.seek(max(0, said.tell() - 2000))
            tail = said.read().decode(errors="replace").strip()
            words = " ".join([Path(argv[0]).name, *argv[1:3]])
            raise CommandFailed(f"{words} ... exited with {child.returncode}: {tail}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def together(samples: Sequence[Sample]) -> Sample:
    """Return the cost of processes that ran one after another."""
    return Sample(
        sum(s.wall for s in samples), sum(s.cpu for s in samples), max((s.peak for s in samples), default=0)
    )


def settle() -> None:
    """Write dirty pages out, so that no command pays for the writes of the one before."""
    os.sync()


def bytes_below(folder: Path) -> int:
    """Return the summed sizes of the regular files below `folder`, hidden ones too."""
    total = 0
    stack = [folder]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    total += entry.stat(follow_symlinks=False).st_size
    return total


def remove(path: Path) -> None:
    """Delete a file or a tree, read-only parts included (git-annex protects its objects)."""
    if path.is_dir() and not path.is_symlink():
        for folder, _, _ in os.walk(path):
            Path(folder).chmod(0o700)
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def warm(path: Path) -> None:
    """Read a file or a tree once, so that every tool finds it in the page cache."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    for file in files:
        with file.open("rb", buffering=0) as f:
            while f.read(1 << 20):
                pass
