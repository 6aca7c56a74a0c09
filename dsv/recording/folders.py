"""When many files are one dataset: the folder that they are in."""

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path

from dsv.recording.names import is_hidden, is_withheld

MANY = 20
"""More files of one folder than this are one dataset, the folder; more outputs than this are refused."""

_SHARD = re.compile(r"(part|data|shard|chunk|split|train|test|validation)[-_.]?\d.*")


def written_folders(root: Path, written: Collection[str]) -> dict[str, str]:
    """Return by file the dataset that it belongs to, for files that a run wrote.

    That is the topmost folder whose files, hidden ones apart, were all written; otherwise the file
    itself. A folder with a single file counts only if that looks like a shard of more to come: its name
    is numbered, or the folder is a partition (`year=2026`). Hidden files belong to such a folder, or to nothing.

    Args:
        root: The workspace.
        written: The files, relative to it, that may belong to a new dataset.
    """
    known = frozenset(written)

    @cache
    def whole(folder: str) -> bool:
        files = list(_files(root, folder))
        shown = [path for path in files if not is_hidden(path.removeprefix(f"{folder}/"))]
        if not shown or not known.issuperset(shown) or any(map(is_withheld, files)):
            return False
        return len(shown) > 1 or _is_shard(shown[0])

    found = {}
    for path in written:
        owner = next((folder for folder in _above(path) if not is_hidden(folder) and whole(folder)), path)
        if owner != path or not is_hidden(path):
            found[path] = owner
    return found


def read_folders(root: Path, read: Collection[str], is_free: Callable[[str], bool]) -> dict[str, str]:
    """Return by file the dataset that it belongs to, for data files that a run read and that are untracked.

    More than `MANY` files below one folder are one dataset: the lowest such folder; or one higher up, as long
    as there is nothing in it but several folders of such files.

    Args:
        root: The workspace.
        read: The files, relative to it.
        is_free: Whether a file that the run did not read may be in such a folder.
    """
    below = Counter(folder for path in read for folder in _above(path))
    known = frozenset(read)

    @cache
    def usable(folder: str) -> bool:
        return not is_hidden(folder) and all(
            (path in known or is_free(path)) and not is_withheld(path) for path in _files(root, folder)
        )

    @cache
    def climbs(folder: str) -> bool:
        entries = list(os.scandir(root / folder))
        folders = [f"{folder}/{entry.name}" for entry in entries if entry.is_dir(follow_symlinks=False)]
        return len(folders) == len(entries) > 1 and all(below[name] for name in folders) and usable(folder)

    found = {}
    for path in read:
        crowded = [folder for folder in _above(path) if below[folder] > MANY and usable(folder)]
        while len(crowded) > 1 and climbs(crowded[-2]):
            crowded.pop()
        found[path] = crowded[-1] if crowded else path
    # What is inside of a folder that was chosen for its neighbours belongs to that folder.
    chosen = set(found.values())
    return {
        path: next((name for name in (*_above(path), path) if name in chosen), owner)
        for path, owner in found.items()
    }


def unwritten(root: Path, folder: str, written: Collection[str]) -> bool:
    """Whether there is a file in the folder, hidden ones apart, that is not among `written`."""
    return any(
        path not in written and not is_hidden(path.removeprefix(f"{folder}/"))
        for path in _files(root, folder)
    )


def _above(path: str) -> list[str]:
    """Return the folders that `path` is in, the topmost first, the workspace not among them."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]


def _files(root: Path, folder: str) -> Iterator[str]:
    """Yield everything below `folder` but folders, relative to the workspace."""
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            entries = list(os.scandir(root / here))
        except OSError:
            continue
        for entry in entries:
            path = f"{here}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            else:
                yield path


def _is_shard(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return "=" in folder.rpartition("/")[2] or _SHARD.fullmatch(name.lower()) is not None
