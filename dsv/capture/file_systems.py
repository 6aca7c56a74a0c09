"""What kinds of file systems a workspace lies on."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_REMOTE = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "drvfs",
        "fuse",
        "fuseblk",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "orangefs",
        "pvfs2",
        "smb3",
        "smbfs",
        "vboxsf",
        "virtiofs",
        "vmhgfs",
    }
)
"""Served from elsewhere: names may come to stand for other inodes behind the kernel's back, and a
watch stays with the inode; changes made at the other end give no event at all."""

_OCTAL = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """A mounted file system.

    Attributes:
        point: Where.
        kind: Its type, such as `ext4` or `fuse.sshfs`.
    """

    point: str
    kind: str

    @property
    def is_blind(self) -> bool:
        """Whether not everything that happens to its files gives events."""
        return self.kind in _REMOTE or self.kind.startswith("fuse.")


def mounts_of(root: Path, table: str | None = None) -> list[Mount]:
    """Return the mount that the folder `root` is on, and those below it.

    Args:
        root: A folder, absolute and without links.
        table: What stands in `/proc/self/mountinfo` (see `proc_pid_mountinfo(5)`); read if None.

    Without such a table the answer is empty.
    """
    if table is None:
        try:
            table = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return []
    here = root.as_posix()
    own: Mount | None = None
    below: dict[str, Mount] = {}
    for mount in _parse(table):
        if _holds(here, mount.point) and mount.point != here:
            below[mount.point] = mount
        elif _holds(mount.point, here) and (own is None or len(mount.point) >= len(own.point)):
            own = mount  # of two at one point the later hides the earlier
    return [*([own] if own else []), *below.values()]


def _parse(table: str) -> Iterator[Mount]:
    for line in table.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if dash and len(fields) > 4:
            point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4])
            yield Mount(point, after.split(" ", 1)[0])


def _holds(folder: str, path: str) -> bool:
    return folder in {path, "/"} or path.startswith(f"{folder}/")
