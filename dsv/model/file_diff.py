"""What differs between two folders, file by file, read from their nodes alone."""

from collections.abc import Iterator
from dataclasses import dataclass

from dsv.ids import ObjectId
from dsv.model import node as nodes
from dsv.model import tree as trees
from dsv.model.node import DIR, Entry, Get

ADDED = "added"
REMOVED = "removed"
MODIFIED = "modified"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file, link or empty directory that differs.

    Attributes:
        path: Relative to the folder.
        change: `added`, `removed` or `modified`.
        before: What it was, None if added.
        after: What it is, None if removed.
    """

    path: str
    change: str
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True, slots=True)
class FileCounts:
    """How many files differ between two folders."""

    added: int = 0
    removed: int = 0
    modified: int = 0


def change_of(before: object, after: object) -> str:
    """Return what became of something: `added` if it was None before, `removed` if it is None now, else `modified`."""
    return ADDED if before is None else REMOVED if after is None else MODIFIED


def changes(
    before: ObjectId | None, after: ObjectId | None, get: Get, prefix: str = ""
) -> Iterator[FileChange]:
    """Yield what differs between two directory nodes, in order of paths; what they share is not read.

    Raises:
        Corrupt: One is deeper than any that dsv records.
    """
    trees.check_depth(prefix)
    for old, new in trees.compare(before, after, get):
        entry = new if new is not None else old
        assert entry is not None
        path = prefix + entry.name
        old_dir = ObjectId(old.target) if old is not None and old.kind == DIR else None
        new_dir = ObjectId(new.target) if new is not None and new.kind == DIR else None
        if old is not None and old_dir is None:
            if new is not None and new_dir is None:
                yield FileChange(path, MODIFIED, old, new)
                continue
            yield FileChange(path, REMOVED, old, None)
        if old_dir is not None or new_dir is not None:
            yield from _folder(path, old, new, get)
        if new is not None and new_dir is None:
            yield FileChange(path, ADDED, None, new)


def count(before: ObjectId | None, after: ObjectId | None, get: Get) -> FileCounts:
    """Return how many files differ between two directory nodes."""
    tally = {ADDED: 0, REMOVED: 0, MODIFIED: 0}
    for change in changes(before, after, get):
        tally[change.change] += 1
    return FileCounts(tally[ADDED], tally[REMOVED], tally[MODIFIED])


def _folder(path: str, old: Entry | None, new: Entry | None, get: Get) -> Iterator[FileChange]:
    """Tell of a directory on either side; one that is empty there stands for itself."""
    old_dir = ObjectId(old.target) if old is not None and old.kind == DIR else None
    new_dir = ObjectId(new.target) if new is not None and new.kind == DIR else None
    if old_dir == nodes.EMPTY and new_dir is None:
        yield FileChange(path, REMOVED, old, None)
    elif new_dir == nodes.EMPTY and old_dir is None:
        yield FileChange(path, ADDED, None, new)
    else:
        yield from changes(old_dir, new_dir, get, f"{path}/")
