"""What becomes of files: opened to be written, made, removed, moved.

A notice comes before its call, so whether that will be refused is foreseen as far as it can be; in the end what is on
the disk decides.
"""

import os
import stat

from dsv.capture.witness.path_facts import CHANGED, FOLDER, FOUND, FRESH, KEPT, READ, THERE, TOUCHED, UPDATED
from dsv.capture.witness.path_table import Paths
from dsv.capture.witness.process import WatchedProcess

_NOREPLACE, _EXCHANGE = 1, 2


class Names:
    """Notes changes.

    Args:
        paths: Holds what is known of each path.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._strict = os.geteuid() != 0

    def opened(self, process: WatchedProcess, path: bytes, flags: int) -> bool:
        """Note that `path` is opened with `flags`, which may make or change it; return whether it is there, or made."""
        paths = self._paths
        bits = paths.look(path)
        try:
            seen = os.stat(path)
        except OSError:
            if not flags & os.O_CREAT or not os.path.isdir(os.path.dirname(path)):
                return False
            if self._may_change(path.rpartition(b"/")[0]):
                self._change(process, path, FRESH | CHANGED)
            return True
        if not stat.S_ISREG(seen.st_mode) or (flags & os.O_EXCL and flags & os.O_CREAT):
            paths.note(process, path, FOUND)
            return True
        access = flags & os.O_ACCMODE
        if access == os.O_RDONLY and not flags & os.O_TRUNC:
            paths.bits[path] |= 0 if bits & FRESH else READ
        elif not self._may_change(path):
            paths.note(process, path, FOUND)
        elif flags & os.O_TRUNC:
            self._change(process, path, FRESH | CHANGED)
        elif not bits & FRESH:
            paths.sizes.setdefault(path, seen.st_size)
            self._change(process, path, KEPT if access == os.O_WRONLY else UPDATED | READ)
        return True

    def made(self, process: WatchedProcess, path: bytes, *, is_folder: bool) -> None:
        """Note that a new folder, link or other thing is made at `path`."""
        paths = self._paths
        bits = paths.look(path)
        if paths.there(path):
            paths.note(process, path, FOUND)
        elif self._may_change(path.rpartition(b"/")[0]):
            self._change(process, path, FRESH | CHANGED | (FOLDER if is_folder and not bits & THERE else 0))

    def removed(self, process: WatchedProcess, path: bytes) -> None:
        """Note that `path` is removed."""
        bits = self._paths.look(path)
        if self._paths.there(path) and self._may_change(path.rpartition(b"/")[0]):
            if bits & FOLDER and _has_entries(path):
                return
            self._change(process, path, FRESH | CHANGED)

    def renamed(self, process: WatchedProcess, old: bytes, new: bytes, flags: int) -> None:
        """Note that `old` becomes `new`: its bytes are of use there, so it counts as read."""
        paths = self._paths
        paths.look(old), paths.look(new)
        if self._will_fail(old, new, flags):
            return
        if os.path.isdir(old) and not os.path.islink(old):
            self._moved_folder(process, old, new)
            return
        bits = paths.bits[old]
        if flags & _EXCHANGE and not paths.bits[new] & FRESH:
            paths.bits[new] |= READ
        paths.bits[old] = bits | (0 if bits & FRESH else READ)
        self._change(process, old, FRESH | CHANGED)
        self._change(process, new, FRESH | CHANGED)

    def linked(self, process: WatchedProcess, old: bytes, new: bytes) -> None:
        """Note that `new` becomes a second name of `old`; `old` may be a file that has no name yet."""
        paths = self._paths
        paths.look(new)
        if paths.there(new):
            return
        if not old.startswith(b"/proc/") and paths.there(old):
            bits = paths.look(old)
            paths.bits[old] = bits | (0 if bits & FRESH else READ)
        self._change(process, new, FRESH | CHANGED)

    def cut(self, process: WatchedProcess, path: bytes, size: int) -> None:
        """Note that the file at `path` gets another size."""
        flags = os.O_WRONLY | (0 if size else os.O_TRUNC)
        self.opened(process, path, flags)

    def emptied(self, path: bytes) -> None:
        """Note that the open file at `path` is emptied: if it was only opened to be written, it kept nothing."""
        bits = self._paths.bits.get(path, 0)
        if bits & KEPT and not bits & UPDATED:
            self._paths.bits[path] = bits & ~KEPT | FRESH | CHANGED

    def touched(self, path: bytes) -> None:
        """Note that the times of `path` are set."""
        if self._paths.look(path) & THERE:
            self._paths.bits[path] |= TOUCHED

    def _change(self, process: WatchedProcess, path: bytes, bits: int) -> None:
        paths = self._paths
        paths.bits[path] = paths.bits.get(path, 0) | bits
        if path.startswith(paths.inside):
            process.wrote = True

    def _moved_folder(self, process: WatchedProcess, old: bytes, new: bytes) -> None:
        """Take the files of a folder that is moved for read where it was, and written where it goes."""
        paths = self._paths
        for folder, _, files in os.walk(old):
            there = new + folder[len(old) :]
            paths.look(there)
            self._change(process, there, FRESH | CHANGED | FOLDER)
            for name in files:
                source, target = folder + b"/" + name, there + b"/" + name
                bits = paths.look(source)
                paths.look(target)
                paths.bits[source] = bits | (0 if bits & FRESH else READ)
                self._change(process, source, FRESH | CHANGED)
                self._change(process, target, FRESH | CHANGED)
            paths.look(folder)
            self._change(process, folder, FRESH | CHANGED)

    def _may_change(self, path: bytes) -> bool:
        return not self._strict or os.access(path, os.W_OK)

    def _will_fail(self, old: bytes, new: bytes, flags: int) -> bool:
        """Whether a rename is going to be refused."""
        try:
            one, above = os.lstat(old), os.stat(new.rpartition(b"/")[0] or b"/")
        except OSError:
            return True
        if one.st_dev != above.st_dev:
            return True
        if not all(self._may_change(path.rpartition(b"/")[0] or b"/") for path in (old, new)):
            return True
        try:
            other = os.lstat(new)
        except OSError:
            return bool(flags & _EXCHANGE)
        if flags & _NOREPLACE or (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino):
            return True
        if flags & _EXCHANGE:
            return False
        folder = stat.S_ISDIR(other.st_mode)
        return folder != stat.S_ISDIR(one.st_mode) or (folder and _has_entries(new))


def _has_entries(folder: bytes) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except OSError:
        return False
