"""The one door for files that may hold secrets: they are neither code nor data of a run."""

from pathlib import Path

from dsv.lineage.masking import has_secret
from dsv.recording import names
from dsv.workspace.suffixes import has_data_name

_LARGEST = 1 << 16


def is_withheld(root: Path, path: str, *, ignored: bool) -> bool:
    """Whether the file at `path` in the workspace `root` may hold secrets, for what its name or its text says.

    A file that git knows, or would offer to commit, is judged by its name alone: code speaks of passwords
    without holding one.

    Args:
        root: The workspace.
        path: The file.
        ignored: Whether git ignores it.
    """
    if names.is_withheld(path):
        return True
    if not ignored or has_data_name(path):
        return False
    try:
        with (root / path).open("rb") as file:
            start = file.read(_LARGEST)
    except OSError:
        return False
    return b"\0" not in start and has_secret(start.decode("utf-8", "replace"))
