"""What is in a workspace and belongs to nobody: neither to dsv nor to git."""

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from dsv.model.dataset_paths import GIT_FILES, NEVER_DATA, OWN_FILES
from dsv.worktree.ignore import CACHES, NOTHING, Ignore


def untracked(
    root: Path, tracked: Collection[str], in_git: Collection[str], ignore: Ignore = NOTHING
) -> list[str]:
    """Return the untracked paths of a workspace, sorted; a wholly untracked folder ends with `/`.

    Tracked datasets, the store, git and workspaces inside this one are not entered. A folder
    that cannot be read is listed as if it held something. Empty folders are not listed.

    Args:
        root: The workspace.
        tracked: The paths of its datasets.
        in_git: The files that git tracks, relative to the workspace.
        ignore: What is left out: `.dsvignore` and the user's own git rules.
    """
    return list(_Walk(os.fspath(root), frozenset(tracked), frozenset(in_git), ignore).folder(""))


class _Walk:
    """One walk through one workspace."""

    def __init__(self, base: str, tracked: frozenset[str], in_git: frozenset[str], ignore: Ignore) -> None:
        self._base = base
        self._tracked = tracked
        self._in_git = in_git
        self._ignore = ignore
        self._shared = _parents(tracked) | _parents(in_git)

    def folder(self, folder: str) -> Iterator[str]:
        """Yield what is untracked in a folder that holds something tracked."""
        for entry in self._entries(folder):
            path = f"{folder}/{entry.name}" if folder else entry.name
            if path in self._tracked or path in self._in_git or self._is_ours(folder, entry.name):
                continue
            if not entry.is_dir(follow_symlinks=False):
                if self._is_found(entry, path):
                    yield path
            elif path in self._shared:
                yield from self.folder(path)
            elif self._holds_anything(path):
                yield f"{path}/"

    def _holds_anything(self, folder: str) -> bool:
        """Whether a folder without anything tracked has something to show; ends at the first find."""
        if os.path.lexists(f"{self._base}/{folder}/dsv.toml") or self._ignore.matches(folder, is_dir=True):
            return False
        try:
            entries = self._entries(folder, strict=True)
        except OSError:
            return True
        below = []
        for entry in entries:
            path = f"{folder}/{entry.name}"
            if entry.name in NEVER_DATA or entry.name in CACHES:
                continue
            if entry.is_dir(follow_symlinks=False):
                below.append(path)
            elif self._is_found(entry, path):
                return True
        return any(map(self._holds_anything, below))

    def _is_found(self, entry: "os.DirEntry[str]", path: str) -> bool:
        if not (entry.is_symlink() or entry.is_file(follow_symlinks=False)):
            return False
        return not self._ignore.matches(path, is_dir=False)

    def _is_ours(self, folder: str, name: str) -> bool:
        return name in NEVER_DATA or name in CACHES or (not folder and name in OWN_FILES) or name in GIT_FILES

    def _entries(self, folder: str, *, strict: bool = False) -> "Sequence[os.DirEntry[str]]":
        path = f"{self._base}/{folder}" if folder else self._base
        try:
            with os.scandir(path) as entries:
                return sorted(entries, key=_sort_key)
        except OSError:
            if strict:
                raise
            return []


def _sort_key(entry: "os.DirEntry[str]") -> str:
    return entry.name


def _parents(paths: frozenset[str]) -> frozenset[str]:
    found: set[str] = set()
    for path in paths:
        end = path.rfind("/")
        while end > 0 and path[:end] not in found:
            found.add(path[:end])
            end = path.rfind("/", 0, end)
    return frozenset(found)
