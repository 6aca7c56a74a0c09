"""Files that git reads by their names, and that are none: git waits for ever for what comes out of a pipe."""

import os
import stat as modes
from collections.abc import Iterator
from pathlib import Path

_NAMES = frozenset({".gitattributes", ".gitignore", ".gitmodules", ".mailmap"})
"""In any folder of a working tree."""

_OWN = ("HEAD", "config", "config.worktree", "commondir", "index", "info/attributes", "info/exclude", "info/grafts",
        "packed-refs", "shallow")  # fmt: skip
"""In git's own folder."""


def find(root: Path) -> Path | None:
    """Return a pipe or device among the files that git reads by their names, for the folder `root`; None: there is none.

    All of the working tree below `root` is walked through, and the folders above it.
    """
    return next((path for path in _read_by_git(root) if _is_none(path)), None)


def _read_by_git(root: Path) -> Iterator[Path]:
    for above in (root, *root.parents):
        yield from (above / name for name in _NAMES)
        yield from (above / ".git" / name for name in _OWN)
    for here, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in {".git", ".dsv"}]
        yield from (Path(here, name) for name in _NAMES.intersection(names))


def _is_none(path: Path) -> bool:
    """Whether a path leads to something that can be opened and is neither a file nor a folder."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not modes.S_ISREG(mode) and not modes.S_ISDIR(mode)
