"""When many files are one dataset: the folder that they are in."""

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path

from dsv.runs.record.file_roles import is_hidden

MANY = 20
"""More files of one folder than this are one dataset, the folder; more outputs than this are refused."""

_DIGITS = re.compile(r"[0-9]+")
_SHARD = re.compile(r"(part|data|shard|chunk|split|train|test|validation)[-_.]?\d.*")


def written_folders(
    root: Path,
    written: Collection[str],
    apart: Collection[str] = (),
    *,
    spelled: Callable[[str], bool] = lambda _: True,
    loose: Callable[[str], bool] = lambda _: False,
    is_withheld: Callable[[str], bool] = lambda _: False,
) -> dict[str, str]:
    """Return by file the dataset that it belongs to, for files that a run wrote.

    That is the topmost folder whose files were all written and belong together; otherwise the file itself. A few
    files whose names the program spells, side by side in one folder (`data/train.parquet`, `models/rf.json`), are
    a dataset each: else every step that writes into `data` would update the one before. Hidden and loose files
    belong to a folder, or to nothing.

    Args:
        root: The workspace.
        written: The files, relative to it, that may belong to a new dataset.
        apart: Folders that hold tracked datasets, present or not, and so can be none.
        spelled: Whether the program spells the name of a file.
        loose: Whether a file is of no account, such as a log.
        is_withheld: Whether a file may hold a secret: then its folder is no dataset.
    """
    known, shared = frozenset(written), frozenset(apart)

    def counts(path: str, folder: str) -> bool:
        return not (is_hidden(path.removeprefix(f"{folder}/")) or loose(path))

    @cache
    def whole(folder: str) -> bool:
        files = list(_files(root, folder))
        shown = [path for path in files if counts(path, folder)]
        if folder in shared or not shown or not known.issuperset(shown) or any(map(is_withheld, files)):
            return False
        # A link is no dataset by itself: it needs a folder that is one.
        links = any((root / path).is_symlink() for path in shown)
        return not ((_is_shelf(shown, spelled) and not links) or _wraps(folder, shown))

    found = {}
    for path in written:
        if loose(path):
            continue
        owner = next((folder for folder in above(path) if not is_hidden(folder) and whole(folder)), path)
        if owner != path or not is_hidden(path):
            found[path] = owner
    return found


def read_folders(
    root: Path, read: Collection[str], is_free: Callable[[str], bool], apart: Collection[str] = ()
) -> dict[str, str]:
    """Return by file the dataset that it belongs to, for data files that a run read and that are untracked.

    More than `MANY` files below one folder are one dataset: the lowest such folder; or one higher up, as long
    as there is nothing in it but several folders of such files. So are the shards of one table, if there is nothing
    else in their folder: one more of them is a change of what was read.

    Args:
        root: The workspace.
        read: The files, relative to it.
        is_free: Whether a file that the run did not read may be in such a folder.
        apart: Folders that hold tracked datasets, present or not, and so can be none.
    """
    shared = frozenset(apart)
    below = Counter(folder for path in read for folder in above(path))
    known = frozenset(read)

    @cache
    def usable(folder: str) -> bool:
        return (
            folder not in shared
            and not is_hidden(folder)
            and all(path in known or is_free(path) for path in _files(root, folder))
        )

    @cache
    def climbs(folder: str) -> bool:
        entries = list(os.scandir(root / folder))
        folders = [f"{folder}/{entry.name}" for entry in entries if entry.is_dir(follow_symlinks=False)]
        return len(folders) == len(entries) > 1 and all(below[name] for name in folders) and usable(folder)

    @cache
    def sharded(folder: str) -> bool:
        files = [path for path in _files(root, folder) if not is_hidden(path.removeprefix(f"{folder}/"))]
        alike = {_DIGITS.sub("#", path) for path in files}
        return folder != "" and len(alike) == 1 < len(files) and known.issuperset(files) and usable(folder)

    found = {}
    for path in read:
        crowded = [folder for folder in above(path) if below[folder] > MANY and usable(folder)]
        while len(crowded) > 1 and climbs(crowded[-2]):
            crowded.pop()
        lowest = path.rpartition("/")[0]
        found[path] = crowded[-1] if crowded else lowest if sharded(lowest) else path
    # What is inside of a folder that was chosen for its neighbours belongs to that folder.
    chosen = set(found.values())
    return {
        path: next((name for name in (*above(path), path) if name in chosen), owner)
        for path, owner in found.items()
    }


def unwritten(root: Path, folder: str, written: Collection[str]) -> bool:
    """Whether there is a file in the folder, hidden ones apart, that is not among `written`."""
    return any(
        path not in written and not is_hidden(path.removeprefix(f"{folder}/"))
        for path in _files(root, folder)
    )


def above(path: str) -> list[str]:
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


def _is_shelf(files: Collection[str], spelled: Callable[[str], bool]) -> bool:
    """Whether `files` are a few in one folder that have nothing to do with each other."""
    folders = {path.rpartition("/")[0] for path in files}
    if len(folders) > 1 or len(files) > MANY or "=" in min(folders).rpartition("/")[2]:
        return False
    names = {_DIGITS.sub("#", path.rpartition("/")[2]) for path in files}
    if len(files) == 1:
        return _SHARD.fullmatch(min(files).rpartition("/")[2].lower()) is None
    return len(names) == len(files) and all(map(spelled, files))


def _wraps(folder: str, files: Collection[str]) -> bool:
    """Whether all of `files` are in one folder in `folder` that is no partition: then that is the dataset."""
    below = {path.removeprefix(f"{folder}/").partition("/") for path in files}
    names = {name for name, _, _ in below}
    return len(names) == 1 and all(rest for _, _, rest in below) and "=" not in min(names)
