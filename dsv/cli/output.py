"""What goes to the terminal: results to stdout, everything said about them to stderr.

The only module that writes, and the only importer of rich, which is loaded when a
progress bar or a table that must fit the screen is really drawn.
"""

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from dsv.cli.style import Style, columns, fitted, printable, width

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

BAR_AFTER = 1.0
"""Seconds of work before a progress bar shows."""


class Output:
    """The two streams of a command and what may be said on them.

    Attributes:
        json: Whether stdout gets one JSON document and nothing else.
        quiet: Whether only results and errors are shown.
        verbose: How much more than usual is told.
        style: Colours for stdout.
        progress: The bar that operations count on.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        self.json = False
        self.quiet = False
        self.verbose = 0
        self.style = Style(on=_coloured(sys.stdout, env))
        self._aside = Style(on=_coloured(sys.stderr, env))
        self._bars_wanted = sys.stderr.isatty() and env.get("TERM") != "dumb"
        self.progress = Bars(self)

    @property
    def bars(self) -> bool:
        """Whether progress bars may be drawn."""
        return self._bars_wanted and not self.quiet

    def document(self, record: Mapping[str, Any]) -> None:
        """Write the one JSON document of this command; `v` is added."""
        self.progress.close()
        text = json.dumps(
            {"v": 1, **record},
            indent=2 if sys.stdout.isatty() else None,
            ensure_ascii=not _is_utf8(sys.stdout),
        )
        sys.stdout.write(text + "\n")

    def line(self, text: str = "") -> None:
        """Write a line of the result."""
        self.progress.close()
        sys.stdout.write(text + "\n")

    def lines(self, lines: Sequence[str]) -> None:
        """Write lines of the result."""
        if lines:
            self.line("\n".join(lines))

    def fit(self, lines: Sequence[str]) -> None:
        """Write lines of the result, cut to the screen on a terminal, whole elsewhere."""
        if self.to_terminal and self.unicode:
            wide = shutil.get_terminal_size().columns
            lines = [fitted(line, wide) for line in lines]
        self.lines(lines)

    def report(self, text: str) -> None:
        """Write a line that says what was done; not with `-q`."""
        if not self.quiet:
            self.line(text)

    def table(self, rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), indent: str = "") -> None:
        """Write `rows` with aligned columns; those numbered in `right` are aligned to the right."""
        if not rows:
            return
        safe = [[printable(cell) for cell in row] for row in rows]
        widths = [max(map(width, column)) for column in zip(*safe, strict=True)]
        flush = [number in right for number in range(len(widths))]
        self.lines([indent + line for line in columns(safe, widths, flush)])

    def grid(self, names: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
        """Write a table of data: cut to the screen on a terminal, whole and aligned elsewhere."""
        if not sys.stdout.isatty():
            self.table([names, *rows], right=right)
            return
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        self.progress.close()
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for number, name in enumerate(names):
            justify = "right" if number in right else "left"
            table.add_column(Text(printable(name)), justify=justify, no_wrap=True, overflow="ellipsis")  # type: ignore[arg-type]
        for row in rows:
            table.add_row(*(Text(printable(cell)) for cell in row))
        Console(file=sys.stdout, no_color=not self.style.on, highlight=False).print(table)

    @property
    def to_terminal(self) -> bool:
        """Whether a person reads stdout."""
        return sys.stdout.isatty()

    @property
    def unicode(self) -> bool:
        """Whether stdout can show more than ASCII."""
        return _is_utf8(sys.stdout)

    @property
    def binary(self) -> BinaryIO:
        """Stdout for bytes of the result."""
        self.progress.close()
        sys.stdout.flush()
        return sys.stdout.buffer

    def say(self, text: str) -> None:
        """Tell what happens, on stderr; not with `-q`."""
        if not self.quiet:
            self._tell(printable_lines(text))

    def step(self, title: str, text: str) -> None:
        """Tell on stderr what is begun, its title as a heading; not with `-q`."""
        if not self.quiet:
            self._tell(f"{self._aside.strong(printable(title))}: {printable_lines(text)}")

    def hint(self, text: str) -> None:
        """Tell what could be done next, on stderr; not with `-q`."""
        if not self.quiet:
            self._tell(f"{self._aside.hint('hint:')} {printable_lines(text)}")

    def warn(self, text: str) -> None:
        """Tell what may be wrong, on stderr."""
        self._tell(f"{self._aside.warning('warning:')} {printable_lines(text)}")

    def error(self, message: str, hint: str | None) -> None:
        """Tell what failed and what helps, on stderr."""
        self._tell(f"{self._aside.error('error:')} {printable_lines(message)}")
        if hint:
            self._tell(f"\n{self._aside.hint('hint:')} {printable_lines(hint)}")

    def raw_error(self, text: str) -> None:
        """Write `text` to stderr as it is."""
        self._tell(text.rstrip("\n"))

    def finish(self) -> None:
        """Remove the bar and flush both streams.

        Raises:
            BrokenPipeError: Whoever read stdout is gone.
        """
        self.progress.close()
        sys.stdout.flush()
        sys.stderr.flush()

    def _tell(self, text: str) -> None:
        self.progress.close()
        sys.stdout.flush()
        sys.stderr.write(text + "\n")


class Bars:
    """Counts work for `dsv.progress.Progress`, and draws it once it takes long enough to matter."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._lock = threading.Lock()
        self._drawn: RichProgress | None = None
        self._task: Any = None
        self._label, self._unit = "", ""
        self._total: int | None = None
        self._done = 0
        self._since = 0.0

    def begin(self, label: str, total: int | None, unit: str) -> None:
        """Start a new count; the one before is done."""
        with self._lock:
            self._label, self._total, self._unit = label, total, unit
            self._done = 0
            self._since = self._since or time.monotonic()
            self._stop()

    def advance(self, amount: int) -> None:
        """Count `amount` more; any thread may."""
        with self._lock:
            self._done += amount
            if self._drawn is not None:
                self._drawn.update(self._task, completed=self._done)
            elif self._output.bars and self._since and time.monotonic() - self._since > BAR_AFTER:
                self._drawn = _draw(self._unit)
                self._task = self._drawn.add_task(
                    printable(self._label), total=self._total, completed=self._done, unit=self._unit
                )
                self._drawn.start()

    def close(self) -> None:
        """Take the bar off the screen, so that something else can be written."""
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        if self._drawn is not None:
            self._drawn.stop()
            self._drawn, self._task = None, None


def _draw(unit: str) -> "RichProgress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """How many a second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:,.0f}/s")

    amount = (
        (DownloadColumn(), TransferSpeedColumn())
        if unit == "B"
        else (MofNCompleteColumn(), TextColumn("{task.fields[unit]}"), Rate())
    )
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        *amount,
        TimeRemainingColumn(compact=True),
        console=Console(file=sys.stderr),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        refresh_per_second=8,
    )


def printable_lines(text: str) -> str:
    """Return `text` safe to print, its line ends kept."""
    return "\n".join(printable(line) for line in text.split("\n"))


def prepare_streams() -> None:
    """Make writing any text possible: what the encoding lacks is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def abandon_stdout() -> None:
    """Point stdout nowhere, for the interpreter flushes it once more when it exits."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _is_utf8(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "") == "utf8"


def _coloured(stream: TextIO, env: Mapping[str, str]) -> bool:
    return stream.isatty() and not env.get("NO_COLOR") and env.get("TERM") != "dumb"
