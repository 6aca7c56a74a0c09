"""The one door for files that may hold secrets: they are neither code nor data of a run."""

from collections.abc import Collection
from pathlib import Path

from dsv.capture.secrets import files
from dsv.workspace import Workspace
from dsv.worktree.suffixes import has_data_name, is_work_name

_LARGEST = 1 << 18
"""Files with secrets in them are small; in one that is larger, only its start is looked at."""
_NEVER = 1 << 20
_BUDGET = 64 << 20
"""Bytes of data files that are looked through for one run: some four seconds. Code and settings do not count."""

NAME = "its name says so"


class Withholding:
    """Decides which files may hold secrets, for what their names and their texts say.

    Args:
        root: The workspace.
        allowed: Paths, files or folders, of which the user has said that they hold none.

    Attributes:
        unread: How many files were not looked into, because there were so many before.
    """

    def __init__(self, root: Path, allowed: Collection[str] = ()) -> None:
        self._root = root
        self._allowed = frozenset(allowed)
        self._known: dict[str, str | None] = {}
        self._left = _BUDGET
        self.unread = 0

    @classmethod
    def of(cls, workspace: Workspace) -> "Withholding":
        """Return what decides in the workspace `workspace`."""
        return cls(workspace.root, workspace.config.no_secrets)

    def by_name(self, path: str) -> bool:
        """Whether the name of the file at `path` says that it may hold secrets, and the user does not say otherwise."""
        return files.by_name(path) and not self._is_allowed(path)

    def reason(self, path: str, *, ignored: bool) -> str | None:
        """Return why the file at `path` may hold a secret; None if nothing says so.

        Args:
            path: The file.
            ignored: Whether git ignores it.
        """
        if path not in self._known:
            self._known[path] = self._judge(path, ignored=ignored)
        return self._known[path]

    def _judge(self, path: str, *, ignored: bool) -> str | None:
        if self._is_allowed(path):
            return None
        if files.by_name(path):
            return NAME
        if has_data_name(path):
            return None
        program = is_work_name(path)
        if not program and self._left <= 0:
            self.unread += 1
            return None
        try:
            if (self._root / path).stat().st_size > _NEVER:
                return None
            with (self._root / path).open("rb") as file:
                start = file.read(_LARGEST)
        except OSError:
            return None
        if b"\0" in start:
            return None
        self._left -= 0 if program else len(start)
        found = files.by_text(path, start.decode("utf-8", "replace"), ignored=ignored)
        return None if found is None else str(found)

    def _is_allowed(self, path: str) -> bool:
        return bool(self._allowed) and any(
            one in self._allowed for one in (path, *(path[:at] for at, c in enumerate(path) if c == "/"))
        )
