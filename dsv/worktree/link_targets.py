"""Where links in a workspace lead."""

import os
from pathlib import Path


def destination(root: Path, link: str) -> str:
    """Return where `link` leads in the end: relative to the workspace `root`, `.` for that itself, or absolute.

    What it leads to need not be there.
    """
    base = os.path.realpath(root)
    found = os.path.realpath(root / link)
    return "." if found == base else found.removeprefix(f"{base}/")
