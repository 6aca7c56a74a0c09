"""What is said of a result, in order: lines of the result itself, and what is said about it.

A renderer yields these values and knows no stream; a terminal, a page or a notebook decides where each goes.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Tone(StrEnum):
    """What a line is."""

    LINE = "line"  # of the result
    FITTED = "fitted"  # of the result, may be cut to the width of a screen
    REPORT = "report"  # what was done; left out where only results are wanted
    NOTE = "note"  # what happens
    HINT = "hint"  # what could be done next
    WARNING = "warning"  # what may be wrong


class Told(NamedTuple):
    """A line, or several with line ends between them."""

    tone: Tone
    text: str


class Rows(NamedTuple):
    """Rows with aligned columns; those numbered in `right` are aligned to the right."""

    rows: Sequence[Sequence[str]]
    right: Sequence[int] = ()
    indent: str = ""


class Grid(NamedTuple):
    """A table of data with the names of its columns; likewise."""

    names: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[int] = ()


Telling = Told | Rows | Grid


def line(text: str = "") -> Told:
    """A line of the result."""
    return Told(Tone.LINE, text)


def fitted(text: str) -> Told:
    """A line of the result that may be cut to the width of a screen."""
    return Told(Tone.FITTED, text)


def report(text: str) -> Told:
    """What was done."""
    return Told(Tone.REPORT, text)


def note(text: str) -> Told:
    """What happens."""
    return Told(Tone.NOTE, text)


def hint(text: str) -> Told:
    """What could be done next."""
    return Told(Tone.HINT, text)


def warning(text: str) -> Told:
    """What may be wrong."""
    return Told(Tone.WARNING, text)
