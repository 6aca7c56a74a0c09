"""Which folders and files of a workspace a capture looks at."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dsv.atomic import TEMP_PREFIX
from dsv.model.dataset_paths import NEVER_DATA
from dsv.worktree.ignore import CACHES, NOTHING, Ignore

PYCACHE = "__pycache__"

_ENVIRONMENT_MARKS = ("pyvenv.cfg", "conda-meta")
"""Either of them in a folder makes it a virtual environment: an installation, not the user's work."""

_SKIPPED = NEVER_DATA | CACHES


class Folder(NamedTuple):
    """A folder and what is in it.

    Attributes:
        path: Relative to the workspace; empty for the workspace itself.
        files: Its entries that are no folders; links are among them.
        folders: The folders in it that are looked at, relative to the workspace.
    """

    path: str
    files: list[os.DirEntry[str]]
    folders: list[str]


class Territory:
    """The part of a workspace that counts: no store, git, caches, virtual environments, ignored files.

    Args:
        root: The workspace.
        ignore: The workspace's rules.
    """

    def __init__(self, root: Path, ignore: Ignore = NOTHING) -> None:
        self.root = os.fspath(root)
        self._ignore = ignore

    def enters(self, path: str) -> bool:
        """Whether the folder at `path`, relative to the workspace, is looked at, for what its name says."""
        name = path.rpartition("/")[2]
        if name == PYCACHE:
            return True
        return name not in _SKIPPED and not self._ignore.matches(path, is_dir=True)

    def holds(self, path: str) -> bool:
        """Whether the file at `path`, in a folder that is looked at, counts."""
        folder, _, name = path.rpartition("/")
        if name.startswith(TEMP_PREFIX) or name in _SKIPPED or PYCACHE in folder.split("/"):
            return False
        return not self._ignore.matches(path, is_dir=False)

    def is_installed(self, path: str) -> bool:
        """Whether `path` is in a virtual environment below the workspace."""
        folder = path.rpartition("/")[0]
        while folder:
            if self.is_environment(folder):
                return True
            folder = folder.rpartition("/")[0]
        return False

    def is_environment(self, folder: str) -> bool:
        """Whether `folder` below the workspace is a virtual environment."""
        return bool(folder) and is_environment(self.under(folder))

    def under(self, path: str) -> str:
        """Return where `path` is on this machine."""
        return f"{self.root}/{path}" if path else self.root

    def walk(self, top: str = "") -> Iterator[Folder]:
        """Yield `top` and every folder below it that is looked at, parents first; links are not followed."""
        waiting = [top]
        while waiting:
            listed = self.look(waiting.pop())
            if listed is not None:
                yield listed
                waiting.extend(listed.folders)

    def look(self, path: str) -> Folder | None:
        """Return what is in the folder `path`; None if it is gone, unreadable or a virtual environment."""
        folders: list[str] = []
        files: list[os.DirEntry[str]] = []
        try:
            with os.scandir(self.under(path)) as entries:
                for entry in entries:
                    if entry.name in _ENVIRONMENT_MARKS and path:
                        return None
                    if not entry.is_dir(follow_symlinks=False):
                        files.append(entry)
                        continue
                    below = f"{path}/{entry.name}" if path else entry.name
                    if self.enters(below):
                        folders.append(below)
        except OSError:
            return None
        return Folder(path, files, folders)


def is_environment(folder: str) -> bool:
    """Whether `folder` is a virtual environment."""
    return any(os.path.lexists(f"{folder}/{name}") for name in _ENVIRONMENT_MARKS)


def source_of(path: str) -> str | None:
    """Return the Python file whose compiled form is cached at `path`; None if that is no such cache.

    Python that finds a cache of the right age only looks at the size and time of the source. The name
    is `folder/__pycache__/name.TAG[.opt-LEVEL].pyc` (PEP 3147, PEP 488); tools put more into the tag.
    """
    folder, _, name = path.rpartition("/")
    above, _, last = folder.rpartition("/")
    if last != PYCACHE or not name.endswith(".pyc"):
        return None
    module = name.partition(".")[0]
    return f"{above}/{module}.py" if above else f"{module}.py"
