"""Files of which a power cut left a part: what was written is synced only at the end of a move."""

import os
import stat as modes

from dsv.errors import DsvError
from dsv.ids import ObjectId
from dsv.store.repository import Repository
from dsv.workspace import Workspace
from dsv.worktree import boot
from dsv.worktree.beneath import PLAIN, open_below, opened

_SECTOR = 512
"""What a disk writes at once, at least."""


def is_torn(workspace: Workspace, path: str, version: ObjectId) -> bool:
    """Whether a file holds nothing but a part of `version`, and nobody touched it since the machine was started.

    A part is its beginning, also none of it, with zeros in the place of some sectors: that is what is there
    after a power cut of a file that was renamed before its bytes were on the disk.
    """
    above, _, name = path.rpartition("/")
    try:
        with (
            opened(open_below(os.fspath(workspace.root), above)) as folder,
            opened(os.open(name, PLAIN, dir_fd=folder)) as fd,
        ):
            found = os.fstat(fd)
            old = max(found.st_mtime_ns, found.st_ctime_ns) < boot.started()
            return (
                old and modes.S_ISREG(found.st_mode) and _is_part(workspace.repo, fd, found.st_size, version)
            )
    except (OSError, DsvError):
        return False


def _is_part(repo: Repository, fd: int, size: int, version: ObjectId) -> bool:
    if size > repo.contents.size(version):
        return False
    done = 0
    with open(fd, "rb", closefd=False) as file:
        for data in repo.contents.stream(version) if size else ():
            here, whole = file.read(len(data)), memoryview(data).cast("B")
            if here != whole[: len(here)] and not _has_holes(here, whole, done):
                return False
            done += len(here)
            if done == size:
                break
    return done == size


def _has_holes(here: bytes, whole: memoryview, at: int) -> bool:
    """Whether each sector is as in `whole`, or zeros; `at` says where in the file this begins."""
    start = 0
    while start < len(here):
        end = min(start + _SECTOR - (at + start) % _SECTOR, len(here))
        if here[start:end] != whole[start:end] and any(here[start:end]):
            return False
        start = end
    return True
