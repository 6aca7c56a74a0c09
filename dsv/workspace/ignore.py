"""What dsv does not look at: `.dsvignore`, the store's and git's own folders.

Inside a dataset only `.dsv`, `.git` and what `.dsvignore` names are left out. Lists of
untracked files also leave out what the user's `.gitignore` names, and caches.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from dsv.errors import BadConfig

IGNORE_FILE = ".dsvignore"

NEVER_DATA = frozenset({".dsv", ".git"})
"""Names that no dataset holds, at any depth; in any case of letters they are never written."""

CACHES = frozenset({"__pycache__", ".ipynb_checkpoints", ".DS_Store", ".pytest_cache", ".mypy_cache"})
"""Names that are not offered as untracked; in a dataset they are data like any other."""


class _Checked(Protocol):
    @property
    def index(self) -> int | None: ...


class _Spec(Protocol):
    def match_file(self, file: str) -> bool: ...
    def check_file(self, file: str, /) -> _Checked: ...


class Ignore:
    """Lines in gitignore syntax, relative to the workspace.

    A directory that matches is left out with all that it holds, as in git. The lines are
    understood when they are first needed: that takes 50 ms, and often nothing is asked.

    Args:
        lines: The lines; later ones win.
        name: Names their file in messages.
    """

    def __init__(self, lines: Iterable[str] = (), name: str = IGNORE_FILE) -> None:
        self._lines = tuple(line for line in lines if line.strip() and not line.startswith("#"))
        self._name = name
        self._spec: _Spec | None = None

    def __bool__(self) -> bool:
        """Whether there are any lines; without them nothing is ever asked."""
        return bool(self._lines)

    def matches(self, path: str, *, is_dir: bool) -> bool:
        """Whether the entry at `path`, relative to the workspace with `/`, is left out.

        Raises:
            BadConfig: A line is no pattern.
        """
        if not self._lines:
            return False
        spec = self._spec = self._spec or self._compile()
        return spec.match_file(f"{path}/" if is_dir else path)

    def rule_of(self, path: str) -> str | None:
        """Return the line that decides about the file at `path`, `!LINE` if it is one that keeps it; None: no line does.

        Raises:
            BadConfig: A line is no pattern.
        """
        if not self._lines:
            return None
        spec = self._spec = self._spec or self._compile()
        index = spec.check_file(path).index
        return None if index is None else self._lines[index]

    def _compile(self) -> _Spec:
        from pathspec import GitIgnoreSpec

        try:
            return GitIgnoreSpec.from_lines(self._lines)
        except ValueError as error:
            raise BadConfig(f"{self._name} is not valid: {error}") from error


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
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path.name} cannot be read: {error}") from error
