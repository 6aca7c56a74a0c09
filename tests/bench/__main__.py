"""Run the benchmark: `python -m tests.bench [--only WORK,...] [--scale small|full] [--runs N]`."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench import report
from tests.bench.book import Book
from tests.bench.measure import CommandFailed, remove
from tests.bench.peers import REPOSITORY, Tool, find_tools
from tests.bench.works import WORKS, Work, Workspace


def arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="dsv beside its peers")
    names = ",".join(work.name for work in WORKS)
    parser.add_argument("--only", default=names, help=f"works, with commas between them: {names}")
    parser.add_argument("--scale", choices=["small", "full"], default="full")
    parser.add_argument(
        "--runs", type=int, default=3, help="runs of dsv and DVC; the other tools run half as often"
    )
    parser.add_argument("--tools", default="", help="only these tools, with commas between them")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs" / "benchmarks.md")
    parser.add_argument("--results", type=Path, help="medians to start from and to write back")
    parser.add_argument("--tmp", type=Path, help="where to work; needs 20 GB at full scale")
    for tool in ("dsv", "dvc", "git-lfs", "git-annex", "restic", "borg"):
        parser.add_argument(f"--{tool}", metavar="PATH", help=f"the program, if not `{tool}` on PATH")
    return parser.parse_args()


def tell(message: str) -> None:
    """Say on stderr what is going on."""
    print(message, file=sys.stderr, flush=True)


def make(kind: str, folder: Path, size: int) -> None:
    """Make one kind of data in a process of its own."""
    tell(f"making data: {kind}")
    argv = [sys.executable, "-m", "tests.bench.data", kind, str(folder), str(size)]
    subprocess.run(argv, cwd=REPOSITORY, check=True)


def attempt(work: Work, tool: Tool, root: Path, data: Path, book: Book) -> bool:
    """Let one tool do one work in a fresh folder; return False if it could not."""
    scene = root / "scene"
    scene.mkdir()
    try:
        work.play(Workspace(scene, tool, book, work.name), data)
    except CommandFailed as error:
        note = " ".join(str(error).replace(str(root), "").split())[:300]
        tell(f"{work.name}: {tool.name}: {error}")
        for row in work.rows:
            book.note(f"{work.name}.{row.metric}", tool.name, f"failed: {note}")
        return False
    finally:
        remove(scene)
    return True


def measure(work: Work, tools: list[Tool], root: Path, data: Path, book: Book, runs: int) -> None:
    """Measure one work: in each run every tool takes its turn, in the next run in the opposite order."""
    out: set[str] = set()
    for number in range(min(runs, work.most)):
        if work.loops is not None:
            work.loops(book, data, root)
        for tool in tools if number % 2 == 0 else tools[::-1]:
            principal = tool.name in {"dsv", "DVC"}
            if tool.name in out or (not principal and (number % 2 or number >= work.most_others)):
                continue
            tell(f"{work.name}: run {number + 1}, {tool.name}")
            if not attempt(work, tool, root, data, book):
                out.add(tool.name)


def main() -> None:
    """Measure, print the table, write the page."""
    options = arguments()
    book = Book()
    if options.results and options.results.exists():
        book.load(options.results)
    tools = find_tools({name.replace("_", "-"): value for name, value in vars(options).items()})
    if options.tools:
        tools = [tool for tool in tools if tool.name in options.tools.split(",")]
    book.versions |= {tool.name: tool.version() for tool in tools}
    wanted = [work for work in WORKS if work.name in options.only.split(",")]
    with tempfile.TemporaryDirectory(prefix="dsv-bench-", dir=options.tmp) as name:
        root = Path(name)
        for index, work in enumerate(wanted):
            data = root / f"data-{work.data}"
            if work.data and not data.exists():
                make(work.data, data, work.size[0 if options.scale == "full" else 1])
            present = []
            for tool in tools:
                if work.only and tool.name not in work.only:
                    continue
                if tool.program is None:
                    for row in work.rows:
                        book.note(f"{work.name}.{row.metric}", tool.name, tool.missing)
                else:
                    present.append(tool)
            measure(work, present, root, data, book, options.runs)
            if options.results:
                book.save(options.results)
            if work.data not in {later.data for later in wanted[index + 1 :]}:
                remove(data)
    print(report.markdown(report.lines(book)))
    print(report.markdown(report.memory(book)))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(report.page(book, options.scale))


if __name__ == "__main__":
    main()
