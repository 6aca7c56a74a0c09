"""Commands that mean the same on another machine: no path of this one in them.

In a recorded command the word `{python}` stands for the interpreter, `{KEY}` for the parameter KEY, and
files of the workspace stand by their path relative to the folder in which the command runs.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from dsv.capture.interpreter import is_python

PYTHON = "python"

SESSION = "{session}"
"""Stands for the program where there is no command: a notebook, a prompt, a function that has no name to be
found by. Such a run is `masked`, too: what it was is not recorded in a way that can be repeated."""

IN_SESSION = "it ran in a notebook, at a prompt or in an inner function, which no command repeats"
"""Why such a run cannot be replayed."""

CELLS = "-cells.py"
"""At the end of the path under which the cells of a notebook are kept as code."""


def portable_argv(argv: Sequence[str], root: Path, cwd: Path) -> tuple[str, ...]:
    """Return `argv` without paths of this machine where they can be told.

    An interpreter given by its path, or by its version, is `python`; a program inside a virtual
    environment is its name; a file or folder of the workspace is its path relative to `cwd`.
    Paths after `=` in an option are treated alike. Other absolute paths stay: a rebuild cannot do without them.

    Args:
        argv: As it was given; secrets are masked afterwards, by `dsv.capture.secrets.masking`.
        root: The workspace.
        cwd: The folder that the command runs in.
    """
    words = [_portable(word, root, cwd) for word in argv]
    words[0] = _program(argv[0], words[0], cwd)
    return tuple(words)


def fill(argv: Sequence[str], parameters: Mapping[str, str]) -> tuple[str, ...]:
    """Return `argv` with `{KEY}` replaced for each KEY of `parameters`, and for nothing else.

    What a value contains is never replaced again.
    """
    return tuple(_fill(word, parameters) for word in argv)


def _fill(word: str, parameters: Mapping[str, str]) -> str:
    pieces: list[str] = []
    position = 0
    while (start := word.find("{", position)) >= 0:
        end = word.find("}", start)
        name = word[start + 1 : end] if end > 0 else None
        if name is not None and name in parameters:
            pieces += (word[position:start], parameters[name])
            position = end + 1
        else:
            pieces.append(word[position : start + 1])
            position = start + 1
    return "".join((*pieces, word[position:]))


def _program(given: str, word: str, cwd: Path) -> str:
    place = cwd / given
    if "/" in given and is_python(place.name):
        return PYTHON
    if "/" in given and any((place.parent.parent / mark).exists() for mark in ("pyvenv.cfg", "conda-meta")):
        return place.name
    # A program without a `/` would be looked up on PATH.
    return f"./{word}" if "/" in given and "/" not in word else word


def _portable(word: str, root: Path, cwd: Path) -> str:
    name, sign, value = word.partition("=")
    if sign and name.startswith("-") and value.startswith("/"):
        return f"{name}={_relative(value, root, cwd)}"
    return _relative(word, root, cwd)


def _relative(word: str, root: Path, cwd: Path) -> str:
    if not word.startswith("/"):
        return word
    # The workspace may have been named through a link, such as /tmp on macOS.
    for base, here in ((root, cwd), (root.resolve(), cwd.resolve())):
        if Path(os.path.normpath(word)).is_relative_to(base):
            ending = "/" if word.endswith("/") and word != "/" else ""
            return os.path.relpath(word, here).replace(os.sep, "/") + ending
    return word
