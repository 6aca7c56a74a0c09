"""What goes to the terminal: results to stdout, everything said about them to stderr.

The only module that writes. rich is loaded when a progress bar or a table that must fit the
screen is really drawn.
"""

import json
import os
import shutil
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from dsv.progress import Total
from dsv.render.style import Style, columns, fitted, printable, width
from dsv.render.telling import Grid, Rows, Telling, Tone

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

BAR_AFTER = 1.0
"""Seconds of work before a progress bar shows."""


class TwoStreams:
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

    def show(self, parts: "Iterable[Telling]") -> None:
        """Write what a renderer yields, each part where it belongs."""
        ways = {
            Tone.LINE: self.line,
            Tone.FITTED: self._fitted,
            Tone.REPORT: self.report,
            Tone.NOTE: self.say,
            Tone.HINT: self.hint,
            Tone.WARNING: self.warn,
        }
        for part in parts:
            if isinstance(part, Rows):
                self.table(part.rows, right=part.right, indent=part.indent)
            elif isinstance(part, Grid):
                self.grid(part.names, part.rows, right=part.right)
            else:
                ways[part.tone](part.text)

    def _fitted(self, text: str) -> None:
        self.fit(text.split("\n"))

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
    def to_file(self) -> bool:
        """Whether stdout goes into a file: nobody reads it on the way."""
        return _is_file(sys.stdout)

    @property
    def unicode(self) -> bool:
        """Whether stdout can show more than ASCII."""
        return _is_utf8(sys.stdout)

    @property
    def binary(self) -> BinaryIO:
        """Stdout for bytes of the result; while they go into a file, a bar may be drawn."""
        if not self.to_file:
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
            BrokenPipeError: The reader of stdout is gone.
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

    def __init__(self, output: TwoStreams) -> None:
        self._output = output
        self._lock = threading.Lock()
        self._drawn: RichProgress | None = None
        self._task: Any = None
        self._alarm: threading.Timer | None = None
        self._watching = False
        self._label, self._unit = "", ""
        self._total: Total = None
        self._done = 0
        self._round = 0
        self._since = 0.0

    def watch(self, label: str) -> None:
        """Show a bar for work of which nobody counts the steps, too, until something is written.

        Not for a command that lets another one write to the terminal.
        """
        self._watching = True
        self.begin(label, None, "")

    def begin(self, label: str, total: Total, unit: str) -> None:
        """Start a new count; the one before is done."""
        with self._lock:
            self._label, self._total, self._unit = label, total, unit
            self._done = 0
            self._round += 1
            self._since = self._since or time.monotonic()
            self._stop()
            if self._watching and self._output.bars:
                self._alarm = threading.Timer(max(0.0, self._left()), self._appear)
                self._alarm.daemon = True
                self._alarm.start()

    def advance(self, amount: int) -> None:
        """Count `amount` more; any thread may."""
        with self._lock:
            self._done += amount
            if self._drawn is not None:
                self._drawn.update(self._task, completed=self._done)
            elif self._output.bars and self._since and self._left() < 0:
                self._draw()

    def close(self) -> None:
        """Take the bar off the screen, so that something else can be written."""
        with self._lock:
            self._stop()

    def _left(self) -> float:
        """Return the seconds until a bar shows."""
        return BAR_AFTER - (time.monotonic() - self._since)

    def _appear(self) -> None:
        with self._lock:
            if self._alarm is threading.current_thread() and self._drawn is None:
                self._draw()

    def _draw(self) -> None:
        total = self._total
        if callable(total):
            threading.Thread(target=self._count, args=(total, self._round), daemon=True).start()
            self._total = total = None
        from dsv.cli import bar

        self._drawn = bar.drawn(self._unit, counted=total is not None)
        self._task = self._drawn.add_task(
            printable(self._label), total=total, completed=self._done, unit=self._unit
        )
        self._drawn.start()

    def _count(self, count: Callable[[], int | None], begun: int) -> None:
        """Find out the total beside the work, and draw the bar again with it."""
        total = count()
        with self._lock:
            if total is not None and self._round == begun and self._drawn is not None:
                self._drawn.stop()
                self._total = total
                self._draw()

    def _stop(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._drawn is not None:
            self._drawn.stop()
            self._drawn, self._task = None, None


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


def _is_file(stream: TextIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def _is_utf8(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "") == "utf8"


def _coloured(stream: TextIO, env: Mapping[str, str]) -> bool:
    return stream.isatty() and not env.get("NO_COLOR") and env.get("TERM") != "dumb"
