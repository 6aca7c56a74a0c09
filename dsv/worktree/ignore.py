"""What dsv does not look at: `.dsvignore`, the store's and git's own folders.

Inside a dataset only `.dsv`, `.git` and what `.dsvignore` names are left out. Lists of
untracked files also leave out what the user's `.gitignore` names, and caches.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from dsv.errors import BadConfig
from dsv.plain import read_plain_text
from dsv.worktree.wildmatch import Pattern, pattern_of

IGNORE_FILE = ".dsvignore"

CACHES = frozenset({"__pycache__", ".ipynb_checkpoints", ".DS_Store", ".pytest_cache", ".mypy_cache"})
"""Names that are not offered as untracked; in a dataset they are data like any other."""


_SLASH = ord("/")


class Ignore:
    """Lines in gitignore syntax, relative to the workspace.

    A directory that matches is left out with all that it holds, as in git.

    Args:
        lines: The lines; later ones win.
    """

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._patterns = [found for line in lines if (found := pattern_of(line)) is not None]
        self._patterns.reverse()
        self._folders: dict[bytes, Pattern | None] = {b"": None}

    def __bool__(self) -> bool:
        """Whether there are any lines; without them nothing is ever asked."""
        return bool(self._patterns)

    def matches(self, path: str, *, is_dir: bool) -> bool:
        """Whether the entry at `path`, relative to the workspace with `/`, is left out."""
        found = self._deciding(path, is_dir=is_dir)
        return found is not None and not found.keeps

    def rule_of(self, path: str) -> str | None:
        """Return the line that decides about the file at `path`, `!LINE` if it is one that keeps it; None: no line does.

        A line that keeps a folder keeps what is in it, unless another one says something of that.
        """
        found = self._deciding(path, is_dir=False)
        name = path.encode("utf-8", "surrogateescape")
        while found is None and self._patterns and (name := name.rpartition(b"/")[0]):
            found = self._last(name, is_dir=True)
        return None if found is None else found.line

    def _deciding(self, path: str, *, is_dir: bool) -> Pattern | None:
        if not self._patterns:
            return None
        name = path.encode("utf-8", "surrogateescape")
        above = self._above(name.rpartition(b"/")[0])
        return above if above is not None else self._last(name, is_dir=is_dir)

    def _above(self, folder: bytes) -> Pattern | None:
        """Return the line that leaves out a folder or one that it is in, the topmost first."""
        if folder not in self._folders:
            found = None
            for end in [at for at, letter in enumerate(folder) if letter == _SLASH] + [len(folder)]:
                name = folder[:end]
                if name not in self._folders:
                    found = found or self._last(name, is_dir=True)
                    self._folders[name] = found = None if found is None or found.keeps else found
                found = self._folders[name]
        return self._folders[folder]

    def _last(self, path: bytes, *, is_dir: bool) -> Pattern | None:
        name = path.rpartition(b"/")[2]
        return next((one for one in self._patterns if one.matches(path, name, is_dir=is_dir)), None)


NOTHING = Ignore()


def load(root: Path, *, extra: Sequence[str] = ()) -> Ignore:
    """Return the rules of the workspace `root`: the lines `extra`, then those of its `.dsvignore`.

    Args:
        root: The workspace.
        extra: Lines of weaker rules, such as the user's own in `.gitignore`.

    Raises:
        BadConfig: `.dsvignore` cannot be read, or is not UTF-8.
    """
    return Ignore([*extra, *_lines(root / IGNORE_FILE)])


def _lines(path: Path) -> list[str]:
    try:
        return read_plain_text(path).removeprefix("\ufeff").split("\n")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path.name} cannot be read: {error}") from error
