"""What the name, the size and the first bytes of a file say of its part in a run."""

from collections.abc import Collection
from pathlib import Path

from dsv.worktree.suffixes import has_data_name, is_code_name, is_known_name, suffix

_LARGE = 1 << 20
_HEAD = 8192


def is_hidden(path: str) -> bool:
    """Whether `path` or a folder in it has a name that starts with a dot."""
    return path.startswith(".") or "/." in path


def is_code(root: Path, path: str, executed: Collection[str] = ()) -> bool:
    """Whether the file `path` in the workspace `root`, which was read, is a program, a module or settings.

    All else is data: text of any other suffix, whatever is large, and what is no text.

    Args:
        root: The workspace.
        path: The file; one that is gone is judged by its name.
        executed: The files that are known to have been executed.
    """
    if path in executed:
        return True
    if has_data_name(path):
        return False
    if is_code_name(path):
        return True
    try:
        stat = (root / path).stat()
        head = _head(root / path)
    except OSError:
        return is_known_name(path)
    if stat.st_size > _LARGE or b"\0" in head:
        return False
    return is_known_name(path) or head.startswith(b"#!") or (not suffix(path) and bool(stat.st_mode & 0o111))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def is_data(root: Path, path: str) -> bool:
    """Whether the file `path` in the workspace `root`, which nobody has seen being read, is data for certain.

    Its suffix, size or bytes say so; a file that is gone is judged by its name.
    """
    if has_data_name(path):
        return True
    if is_code_name(path):
        return False
    try:
        return (root / path).stat().st_size > _LARGE or b"\0" in _head(root / path)
    except OSError:
        return False
