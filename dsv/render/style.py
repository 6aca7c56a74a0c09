"""How text looks: colours by meaning, names made safe to print, numbers made readable."""

import re
from collections.abc import Callable, Iterable, Sequence

from dsv.ids import short

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def printable(text: str) -> str:
    """Return `text` with what could move the cursor or reorder the line written as escapes."""
    # What Unicode calls printable has none of them, and that is told ten times as fast.
    return text if text.isprintable() else _UNSAFE.sub(lambda found: _escape(found[0]), text)


def size(count: int) -> str:
    """Return a number of bytes as people read it, with three digits: `30.1 MB`."""
    value = float(count)
    for unit in _UNITS:
        if value < 999.5 or unit == _UNITS[-1]:
            break
        value /= 1000
    if unit == "B":
        return f"{count} B"
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {unit}"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return `count` with its noun: `1 file`, `20,000 files`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


class Style:
    """Colours by what they mean; plain where the stream is no terminal.

    Attributes:
        on: Whether there are colours.
        commits: Returns the commits that start with some digits; set once a workspace is known.
    """

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self.commits: Callable[[str], Iterable[str]] = lambda _: ()

    def id(self, text: str) -> str:
        """An id."""
        return self._paint("33", text)

    def commit(self, oid: str, before: str = "") -> str:
        """The id of a commit, in as many digits as can be typed for it, with a word before it."""
        return self.id(before + self.commit_digits(oid))

    def commit_digits(self, oid: str) -> str:
        """Return the digits of a commit id that people are shown, without a colour."""
        return short(oid, self.commits(short(oid)))

    def added(self, text: str) -> str:
        """What came, or what is good."""
        return self._paint("32", text)

    def removed(self, text: str) -> str:
        """What went."""
        return self._paint("31", text)

    def changed(self, text: str) -> str:
        """What is another than before."""
        return self._paint("33", text)

    def name(self, text: str) -> str:
        """The name of a branch, a tag or a column."""
        return self._paint("36", printable(text))

    def strong(self, text: str) -> str:
        """A heading."""
        return self._paint("1", text)

    def faint(self, text: str) -> str:
        """What is there for those who look for it."""
        return self._paint("2", text)

    def error(self, text: str) -> str:
        """The word `error`."""
        return self._paint("1;31", text)

    def warning(self, text: str) -> str:
        """The word `warning`."""
        return self._paint("1;33", text)

    def hint(self, text: str) -> str:
        """The word `hint`."""
        return self._paint("36", text)

    def change(self, kind: str, text: str) -> str:
        """Return `text` in the colour of a change of `kind`: `added`, `removed` or another."""
        paint = {"added": self.added, "removed": self.removed}.get(kind, self.changed)
        return paint(text)

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and text else text


def columns(rows: Sequence[Sequence[str]], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    """Return `rows` as lines whose columns are aligned.

    Args:
        rows: Cells, already printable, without colours.
        widths: How wide each column is to be, in terminal cells.
        right: Whether a column is aligned to the right.
    """
    lines = []
    for row in rows:
        cells = []
        for cell, wide, flush in zip(row, widths, right, strict=True):
            gap = " " * (wide - width(cell))
            cells.append(gap + cell if flush else cell + gap)
        lines.append("  ".join(cells).rstrip())
    return lines


def fitted(line: str, wide: int) -> str:
    """Return a line with colours cut to `wide` terminal cells; an ellipsis stands for what is cut off."""
    if width(_COLOUR.sub("", line)) <= wide:
        return line
    kept, room = [], wide - 1
    for part in re.split(f"({_COLOUR.pattern})", line):
        if part.startswith("\x1b"):
            kept.append(part)  # colours that begin are ended, too
            continue
        for letter in part:
            room -= width(letter)
            if room < 0:
                break
            kept.append(letter)
        if room < 0:
            break
    return "".join(kept) + "…" + ("\x1b[0m" if "\x1b" in line else "")


def width(text: str) -> int:
    """Return how many terminal cells `text` takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(letter) else 1 + (east_asian_width(letter) in "WF") for letter in text)


def _escape(letter: str) -> str:
    if letter in _SHORT:
        return _SHORT[letter]
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
