"""The nouns of the benchmark: a workspace that one tool works in, a piece of work, a line of the table."""

import copy
import filecmp
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.book import Book
from tests.bench.measure import Argv, CommandFailed, Sample, bytes_below, run, settle, together, warm
from tests.bench.peers import REPOSITORY, Tool
from tests.bench.server import Bucket

MIB = 1 << 20


class Workspace:
    """One tool in one fresh folder, measured step by step into a book.

    Attributes:
        root: What all of it lies in, clones too.
        folder: The workspace itself.
        bucket: An empty bucket, if the work asked for one.
    """

    def __init__(self, root: Path, tool: Tool, book: Book, work: str, bucket: Bucket | None = None) -> None:
        self.root, self.tool, self.book, self.work = root, tool, book, work
        self._bucket = bucket
        self._commits = 0
        self._settle_in("ws")
        self.folder.mkdir()
        self.plain(tool.setup())

    def _settle_in(self, name: str) -> None:
        """Take a folder that is not there yet, and a home of its own, where nothing is cached."""
        self.folder, home = self.root / name, self.root / f"{name}-home"
        home.mkdir()
        more = self._bucket.environment if self._bucket else {}
        self._env = {**self.tool.env(home), **more}

    @property
    def bucket(self) -> Bucket:
        assert self._bucket is not None, f"the work {self.work} did not ask for a bucket"
        return self._bucket

    def share(self, *, counted: bool = False) -> None:
        """Make the bucket the default remote; with `counted` through the proxy that counts."""
        address = self.bucket.proxy if counted else self.bucket.endpoint
        self.plain(self.tool.share(f"s3://{self.bucket.name}/shared", address))

    def clone(self, name: str) -> "Workspace":
        """Return the workspace of somebody who cloned the code: settings and versions, and no data."""
        other = copy.copy(self)
        other._settle_in(name)
        self.plain(self.tool.clone(self.folder, other.folder))
        return other

    def helper(self, module: str, *words: str) -> None:
        """Run a module of the benchmark that makes something in this workspace through dsv's library."""
        env = {**os.environ, **(self._bucket.environment if self._bucket else {})}
        run([sys.executable, "-m", f"tests.bench.{module}", *words], cwd=REPOSITORY, env=env)

    def plain(self, commands: Sequence[Argv]) -> list[Sample]:
        """Run commands one after another; return what each cost."""
        return [run(argv, cwd=self.folder, env=self._env) for argv in commands]

    def timed(self, metric: str, commands: Sequence[Argv]) -> None:
        """Run commands and record their summed cost as `metric` of this work."""
        if commands:
            settle()
            self.record(metric, together(self.plain(commands)))

    def counted(self, metrics: Mapping[str, str], commands: Sequence[Argv]) -> None:
        """Run commands of a workspace that is shared `counted`, and record what the bucket was asked.

        Args:
            metrics: By the metric what it counts, `requests` or `sent` (bytes).
            commands: What is run; not timed.
        """
        self.bucket.counts()
        peak = together(self.plain(commands)).peak
        found = self.bucket.counts()._asdict()
        for metric, what in metrics.items():
            self.record(metric, Sample(found[what], 0.0, peak))

    def record(self, metric: str, sample: Sample) -> None:
        """Record one sample as `metric` of this work."""
        self.book.add(f"{self.work}.{metric}", self.tool.name, sample)

    def commit(self, path: str) -> Sequence[Argv]:
        """Return the commands that record the next version."""
        self._commits += 1
        return self.tool.commit(path, self._commits - 1)

    def place(self, source: Path, path: str) -> None:
        """Put a file, or the files of a tree over those that are there, into the workspace."""
        target = self.folder / path
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, copy_function=shutil.copyfile)
        else:
            if target.is_symlink():
                target.unlink()
            shutil.copyfile(source, target)
        warm(target)

    def check(self, path: str, wanted: Path) -> None:
        """Compare the workspace with the version that should be in it, byte by byte.

        Raises:
            CommandFailed: They differ. (Files too many do not count against tools that never delete.)
        """
        target = self.folder / path
        if wanted.is_file():
            same = filecmp.cmp(target, wanted, shallow=False)
        else:
            names = sorted(p.relative_to(wanted) for p in wanted.rglob("*") if p.is_file())
            _, wrong, lost = filecmp.cmpfiles(target, wanted, [str(n) for n in names], shallow=False)
            extra = sum(1 for p in target.rglob("*") if p.is_file()) - len(names) if self.tool.mirrors else 0
            same = not wrong and not lost and not extra
        if not same:
            raise CommandFailed(f"{self.tool.name} did not bring the same bytes back")

    def store(self) -> int:
        """Return the bytes in the tool's store."""
        return sum(bytes_below(self.folder / name) for name in self.tool.stores)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        metric: Its name within the work.
        label: What is shown.
        base: Whose value the bar is a ratio to; empty if the bar is for the value itself.
        limit: The bar.
        slack: What is added to the bar, in `unit`; only beside a base.
        unit: Of the value: `s`, `B`, `requests`, or empty for a share.
    """

    metric: str
    label: str
    base: str
    limit: float | None
    slack: float = 0.0
    unit: str = "s"


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work.

    Attributes:
        name: For `--only`.
        data: The kind of data that it needs (`data.KINDS`), or empty.
        size: What the data maker is told at full and at small scale.
        rows: The lines of the table that it fills.
        play: What each tool does in a fresh workspace.
        loops: What is measured once a run beside the tools: bare loops, `cp`.
        only: The tools that take part; empty for all that are peers.
        most: The most runs that are worth their time.
        most_others: The same for the tools that are neither dsv nor DVC; git-annex takes minutes for a folder.
        bucket: Whether each tool gets an empty bucket each time.
    """

    name: str
    data: str
    size: tuple[int, int]
    rows: tuple[Row, ...]
    play: Callable[[Workspace, Path], None]
    loops: Callable[[Book, Path, Path], None] | None = None
    only: tuple[str, ...] = ()
    most: int = 100
    most_others: int = 100
    bucket: bool = False


def loop(book: Book, metric: str, who: str, *words: str) -> None:
    """Measure a loop of `tests.bench.loops`, or a program if `who` is `cp` or `python -c pass`."""
    own = [sys.executable, "-m", "tests.bench.loops", *words]
    settle()
    book.add(metric, who, run(words if who in {"cp", "pass"} else own, cwd=REPOSITORY, env=os.environ))
