"""What watching a command costs: `python -m tests.bench.watching` prints the tables of docs/benchmarks.md.

Processor time (user and system) of a command with all that it starts, by itself and under each eye; medians of runs in
turn. The eye alone is measured, without what `dsv run` does before and after; then `dsv run` as a whole, for scripts
that write something new each time.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from dsv.capture.execute import Command, Here
from dsv.capture.eyes import EYES, Eye

_RUNS = 5
_RECORDED = 15
_OPENS = 20_000

_OPEN_ALL = f"import os\nfor n in range({_OPENS}):\n    os.close(os.open(f'd/{{n}}.txt', os.O_RDONLY))\n"
_COPY = (
    "import csv\nrows = list(csv.reader(open('in.csv')))\ncsv.writer(open('out.csv', 'w')).writerows(rows)\n"
)
_FRESH = "import csv, time\nrows = list(csv.reader(open('in.csv')))\nrows[1][0] = str(time.time_ns())\n"
_WRITING = {
    "prints": "print(open('in.csv').read())\n",
    "writes two rows that are no table": f"{_FRESH}open('out.bin', 'w').write(str(rows))\n",
    "writes two rows of CSV": f"{_FRESH}csv.writer(open('out.csv', 'w')).writerows(rows)\n",
}
_MAKEFILE = "prog: $(patsubst %.c,%.o,$(wildcard s*.c)) main.o\n\tgcc -o $@ $^\n%.o: %.c\n\tgcc -c -o $@ $<\n"


def _works(root: Path) -> Iterator[tuple[str, list[str], Callable[[], None]]]:
    """Yield what is watched: in words, its command, and what is done before each run."""

    def nothing() -> None:
        return

    yield "`python -c pass`", [sys.executable, "-c", "pass"], nothing
    (root / "in.csv").write_text("a,b\n1,2\n3,4\n")
    (root / "two_rows.py").write_text(_COPY)
    yield "a script that copies two rows of CSV", [sys.executable, "two_rows.py"], nothing
    yield "`import pandas`", [sys.executable, "-c", "import pandas"], nothing
    (root / "d").mkdir()
    for n in range(_OPENS):
        (root / "d" / f"{n}.txt").touch()
    (root / "open.py").write_text(_OPEN_ALL)
    yield f"{_OPENS:,} files opened and nothing else", [sys.executable, "open.py"], nothing
    if shutil.which("make") and shutil.which("gcc"):
        for n in range(40):
            (root / f"s{n}.c").write_text(f'#include <stdio.h>\nint s{n}(void) {{ return puts("{n}"); }}\n')
        (root / "main.c").write_text("int main(void) { return 0; }\n")
        (root / "Makefile").write_text(_MAKEFILE)

        def clean() -> None:
            for path in (*root.glob("*.o"), root / "prog"):
                path.unlink(missing_ok=True)

        yield "`make -j2` of 41 C files", ["make", "-s", "-j2"], clean


def _seconds(act: Callable[[], object]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    act()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _run(argv: list[str], root: Path, nothing: int) -> None:
    subprocess.run(argv, cwd=root, check=True, stdin=nothing, stdout=nothing)


def _watch(argv: list[str], root: Path, eye: str, nothing: int) -> None:
    with Eye(root, wanted=eye) as watching:
        command = Command(argv, root, dict(os.environ), nothing, nothing, stdin=nothing)
        done = Here().run(watching.watching(command))
    assert done.exit_code == 0, done.tail


def _row(name: str, argv: list[str], prepare: Callable[[], None], root: Path, nothing: int) -> str:
    times: dict[str, list[float]] = {eye: [] for eye in ("", *EYES)}
    for _ in range(_RUNS):
        for eye, found in times.items():
            prepare()
            if eye:
                found.append(_seconds(partial(_watch, argv, root, eye, nothing)))
            else:
                found.append(_seconds(partial(_run, argv, root, nothing)))
    bare, *watched = (statistics.median(found) for found in times.values())
    cells = " | ".join(f"{seconds:.2f} s (x{seconds / bare:.2f})" for seconds in watched)
    return f"| {name} | {bare:.2f} s | {cells} |"


def _record(root: Path, nothing: int) -> Iterator[str]:
    """Yield the rows of what `dsv run` costs, in a git repository."""

    def run(*argv: str) -> None:
        subprocess.run(argv, cwd=root, check=True, stdin=nothing, stdout=nothing, stderr=nothing)

    dsv = (sys.executable, "-m", "dsv")
    run("git", "init", "-q")
    run(*dsv, "init")
    run(*dsv, "add", "in.csv")
    for name, text in _WRITING.items():
        (root / "step.py").write_text(text)
        step = (sys.executable, "step.py")
        bare, recorded = [], []
        for _ in range(_RECORDED):
            bare.append(_seconds(partial(run, *step)))
            recorded.append(_seconds(partial(run, *dsv, "run", "--", *step)))
        before, after = statistics.median(bare), statistics.median(recorded)
        yield f"| a script that {name} | {before:.2f} s | {after:.2f} s | {after - before:.2f} s |"


def main() -> None:
    """Print the tables."""
    root = Path(tempfile.mkdtemp(prefix="dsv-bench-"))
    nothing = os.open(os.devnull, os.O_RDWR)
    try:
        head = " | ".join(f"`{eye}`" for eye in EYES)
        sys.stdout.write(f"| processor time of | by itself | {head} |\n|---|---:|{'---:|' * len(EYES)}\n")
        for name, argv, prepare in _works(root):
            sys.stdout.write(_row(name, argv, prepare, root, nothing) + "\n")
            sys.stdout.flush()
        place = root / "recorded"
        place.mkdir()
        shutil.copy(root / "in.csv", place)
        sys.stdout.write("\n| processor time of | by itself | `dsv run` | more |\n|---|---:|---:|---:|\n")
        for row in _record(place, nothing):
            sys.stdout.write(row + "\n")
            sys.stdout.flush()
    finally:
        os.close(nothing)
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
