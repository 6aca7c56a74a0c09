"""The interpreter that a run had, found again on this machine."""

import os
from pathlib import Path

_MARKS = ("pyvenv.cfg", "conda-meta")


def former_python(recorded: str | None, root: Path, home: Path | None) -> Path | None:
    """Return the interpreter that a record names, if it is there and can be executed; else None.

    Args:
        recorded: `Attempt.interpreter`: relative to the workspace if it was in it, `~` for the home folder.
        root: The workspace.
        home: The user's home folder; None if there is none.
    """
    if recorded is None:
        return None
    if recorded == "~" or recorded.startswith("~/"):
        if home is None:
            return None
        place = home / recorded[1:].lstrip("/")
    else:
        place = root / recorded
    return place if place.is_file() and os.access(place, os.X_OK) else None


def environment_folder(python: Path) -> Path | None:
    """Return the folder of programs of the virtual environment that `python` is in; None if it is in none."""
    folder = python.parent
    return folder if any((folder.parent / mark).exists() for mark in _MARKS) else None
