"""Files that a living process has mapped to write: their bytes change, and no time tells of it.

A page that is dirty already is written again without a trace: `mtime` and `ctime` move with the first write
after the page was last sent to the disk, and not with the second. Sending it there makes the next write tell.
File systems in memory never send anything anywhere, and so tell of no such write at all.
"""

import os
import time
from pathlib import Path
from typing import NamedTuple

from dsv.worktree.stat_pages import FRESH_NS, SETTLE_NS

LARGE = 1 << 20
"""From this size on a fresh file is sent to the disk even where no map of it is seen."""

_TELLING = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "nfs", "nfs4"})
"""File systems that tell of the first write through a map after the page was sent to the disk."""

_MEMORY = frozenset({"tmpfs", "ramfs", "hugetlbfs"})


class Maps(NamedTuple):
    """Which files were mapped to write, as far as this process may know.

    Attributes:
        inodes: Their inodes; of another disk's file with the same number it is said too, which costs a reading.
        systems: By device number the type of its file system.
        taken: When this was seen, in ns since 1970: a file that changed since may be mapped since.
    """

    inodes: frozenset[int]
    systems: dict[int, str]
    taken: int

    def is_doubtful(self, found: os.stat_result) -> bool:
        """Whether a file's times can prove nothing before it is sent to the disk, if ever.

        That is what is mapped, what is only in memory, what changed after the maps were read, and what is large
        and changed lately (or in the future): processes of other users and of other machines are not seen. To
        send each of thousands of small new files would cost more than to store them.
        """
        if found.st_ino in self.inodes or self.systems.get(found.st_dev) in _MEMORY:
            return True
        span = FRESH_NS if found.st_size >= LARGE else SETTLE_NS
        return max(found.st_mtime_ns, found.st_ctime_ns) >= self.taken - span

    def is_silent(self, found: os.stat_result) -> bool:
        """Whether a file may be written without a trace even after it was sent to the disk."""
        system = self.systems.get(found.st_dev)
        return system in _MEMORY or (found.st_ino in self.inodes and system not in _TELLING)


LASTING_NS = 60 * 10**9
"""How long what was seen is good enough: a command reads all maps once, a notebook now and then."""


class WritableMaps:
    """The maps as they are when they are first asked for: once for each command that reads files."""

    def __init__(self) -> None:
        self._maps: Maps | None = None

    @property
    def maps(self) -> Maps:
        """The maps of all processes that may be looked at."""
        if self._maps is None or not 0 <= time.time_ns() - self._maps.taken < LASTING_NS:
            self._maps = read_maps()
        return self._maps


def read_maps(processes: Path = Path("/proc")) -> Maps:
    """Return what is mapped to write now; processes that may not be looked at count for nothing."""
    taken = time.time_ns()
    inodes: set[int] = set()
    try:
        names = [name for name in os.listdir(processes) if name.isdigit()]  # noqa: PTH208 - strings will do
    except OSError:
        names = []
    for name in names:
        try:
            with open(processes / name / "maps", "rb") as file:  # noqa: PTH123 - hundreds of them
                inodes.update(_shared(file.read()))
        except OSError:
            continue
    return Maps(frozenset(inodes), _systems(processes / "self" / "mountinfo"), taken)


def _shared(text: bytes) -> set[int]:
    """Return the inodes of files that a process's maps hold shared and writable: `rw-s`."""
    found = set()
    for line in text.split(b"\n"):
        # start-end perms offset device inode path
        if b"s " in line and line.find(b"w") > 0:
            fields = line.split(None, 5)
            if len(fields) == 6 and fields[1][1:2] == b"w" and fields[1][3:4] == b"s":
                found.add(int(fields[4]))
    return found


def _systems(table: Path) -> dict[int, str]:
    try:
        lines = table.read_bytes().split(b"\n")
    except OSError:
        return {}
    found: dict[int, str] = {}
    for line in lines:
        before, _, after = line.partition(b" - ")
        fields = before.split()
        if len(fields) > 2 and after:
            major, _, minor = fields[2].partition(b":")
            found[os.makedev(int(major), int(minor))] = after.split()[0].decode("ascii", "replace")
    return found
