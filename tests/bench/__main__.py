"""Run the benchmark: `python -m tests.bench [--only WORK,...] [--scale small|full] [--runs N]`."""

import argparse
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests.bench import page, report
from tests.bench.book import Book
from tests.bench.catalog import WORKS, chosen
from tests.bench.measure import CommandFailed, remove
from tests.bench.peers import REPOSITORY, Tool, find_tools
from tests.bench.server import Server
from tests.bench.work import Work, Workspace

PAGE = REPOSITORY / "docs" / "benchmarks.md"


def arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="dsv beside its peers")
    names = ",".join(work.name for work in WORKS)
    parser.add_argument(
        "--only",
        type=chosen,
        default=[work.name for work in WORKS],
        help=f"works, with commas between them; `remote` stands for all `remote-...`: {names}",
    )
    parser.add_argument("--scale", choices=["small", "full"], default="full")
    parser.add_argument(
        "--runs", type=int, default=3, help="runs of dsv and DVC; the other tools run half as often"
    )
    parser.add_argument("--tools", default="", help="only these tools, with commas between them")
    parser.add_argument(
        "--out", type=Path, help=f"the page; by default {PAGE.name} in docs/ if no work is missing in it"
    )
    parser.add_argument("--results", type=Path, help="medians to start from and to write back")
    parser.add_argument("--tmp", type=Path, help="where to work; needs 20 GB at full scale")
    for tool in ("dsv", "dvc", "git-lfs", "git-annex", "restic", "borg"):
        parser.add_argument(f"--{tool}", metavar="PATH", help=f"the program, if not `{tool}` on PATH")
    return parser.parse_args()


def tell(message: str) -> None:
    """Say on stderr what is going on."""
    print(message, file=sys.stderr, flush=True)


class Sitting:
    """One run of the benchmark.

    Args:
        root: An empty folder to work in.
        book: Where figures go.
        full: Whether data have their full size.
    """

    def __init__(self, root: Path, book: Book, *, full: bool) -> None:
        self._root, self._book, self._full = root, book, full
        self._server: Server | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def data(self, work: Work) -> Path:
        """Return where the data of a work are, made in a process of its own if they are not there."""
        size = work.size[0 if self._full else 1]
        folder = self._root / f"data-{work.data}-{size}"
        if work.data and not folder.exists():
            tell(f"making data: {work.data}")
            argv = [sys.executable, "-m", "tests.bench.data", work.data, str(folder), str(size)]
            subprocess.run(argv, cwd=REPOSITORY, check=True)
        return folder

    def measure(self, work: Work, tools: list[Tool], runs: int) -> None:
        """Measure one work: in each run every tool takes its turn, in the next run in the opposite order."""
        data = self.data(work)
        out: set[str] = set()
        for number in range(min(runs, work.most)):
            if work.loops is not None:
                work.loops(self._book, data, self._root)
            for tool in tools if number % 2 == 0 else tools[::-1]:
                bystander = tool.peer and tool.name not in {"dsv", "DVC"}
                if tool.name in out or (bystander and (number % 2 or number >= work.most_others)):
                    continue
                tell(f"{work.name}: run {number + 1}, {tool.name}")
                if not self._attempt(work, tool, data):
                    out.add(tool.name)

    def _attempt(self, work: Work, tool: Tool, data: Path) -> bool:
        """Let one tool do one work in a fresh folder; return False if it could not."""
        scene = self._root / "scene"
        scene.mkdir()
        try:
            with ExitStack() as stack:
                bucket = stack.enter_context(self._serving().bucket()) if work.bucket else None
                work.play(Workspace(scene, tool, self._book, work.name, bucket), data)
        except CommandFailed as error:
            note = " ".join(str(error).replace(str(self._root), "").split())[:300]
            tell(f"{work.name}: {tool.name}: {error}")
            for row in work.rows:
                self._book.note(f"{work.name}.{row.metric}", tool.name, f"failed: {note}")
            return False
        finally:
            remove(scene)
        return True

    def _serving(self) -> Server:
        """Return the S3 server, which starts when it is wanted first."""
        if self._server is None:
            self._server = self._stack.enter_context(Server(self._root / "server"))
        return self._server


def taking_part(work: Work, tools: list[Tool], book: Book) -> list[Tool]:
    """Return the tools that do a work; note those that would if they were here."""
    found = []
    for tool in tools:
        if tool.name not in work.only if work.only else not tool.peer:
            continue
        if tool.program is not None:
            found.append(tool)
            continue
        for row in work.rows:
            book.note(f"{work.name}.{row.metric}", tool.name, tool.missing)
    return found


def main() -> None:
    """Measure, print the table, write the page."""
    options = arguments()
    book = Book()
    if options.results and options.results.exists():
        book.load(options.results)
    tools = find_tools({name.replace("_", "-"): value for name, value in vars(options).items()})
    if options.tools:
        tools = [tool for tool in tools if not tool.peer or tool.name in options.tools.split(",")]
    book.versions |= {tool.name: tool.version() for tool in tools if tool.peer}
    wanted = [work for work in WORKS if work.name in options.only]
    with (
        tempfile.TemporaryDirectory(prefix="dsv-bench-", dir=options.tmp) as name,
        Sitting(Path(name), book, full=options.scale == "full") as sitting,
    ):
        for index, work in enumerate(wanted):
            sitting.measure(work, taking_part(work, tools, book), options.runs)
            if options.results:
                book.save(options.results)
            if (work.data, work.size) not in {(w.data, w.size) for w in wanted[index + 1 :]}:
                remove(sitting.data(work))
    print(report.markdown(report.lines(book)))
    print(report.markdown(report.memory(book)))
    whole = options.scale == "full" and not report.missing(book)
    out = options.out or (PAGE if whole else None)
    if out is None:
        tell(f"{PAGE.name} stays as it is: not all was measured at full scale. --out FILE writes a page.")
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    before = out.read_text() if out.exists() else None
    out.write_text(page.updated(before, report.blocks(book, options.scale)))


if __name__ == "__main__":
    main()
