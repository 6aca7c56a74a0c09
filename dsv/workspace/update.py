"""Making a directory that is there what it shall be, entry by entry.

Every entry is the old one or the new one at any moment. Writes come before removals, so a
disk that fills up leaves more rather than less.
"""

import contextlib
import os
import stat as modes

from dsv.atomic import temp_name
from dsv.errors import InTheWay
from dsv.ids import ObjectId
from dsv.model.node import DIR, EMPTY, EXEC, LINK, Entry, Get, Leaf, Node
from dsv.model.tree import check_depth, compare, walk
from dsv.progress import SILENT, Progress
from dsv.workspace.build import Builder, Reader, write_file
from dsv.workspace.pages import kind_of
from dsv.workspace.paths import check_stored_name
from dsv.workspace.scan import under
from dsv.workspace.sink import HashSink
from dsv.workspace.written import Written


class Updater:
    """Changes directories in place.

    Args:
        reader: Gives the content and the nodes, of what is there as well.
        scratch: Where new entries are written before they are moved; on the same file system.
        written: Told of each file that was written.
        progress: Told of each entry.
    """

    def __init__(self, reader: Reader, scratch: str, written: Written, progress: Progress = SILENT) -> None:
        self._reader = reader
        self._node = _with_empty(reader.node)
        self._scratch = scratch
        self._written = written
        self._progress = progress

    def folder(self, path: str, before: ObjectId, after: ObjectId, shown: str) -> None:
        """Make the directory `path`, which holds `before`, hold `after`.

        What is there and in neither (ignored files) stays.

        Raises:
            InTheWay: Something that `before` does not name would be overwritten.
            OSError: Something cannot be written.
            Missing, Corrupt: The store cannot give all of `after`.
        """
        check_depth(f"{shown}/")
        if not modes.S_ISDIR(os.lstat(path).st_mode):
            raise InTheWay(f"{shown} has become something else meanwhile", hint="run the command again")
        gone: list[Entry] = []
        for old, new in compare(before, after, self._node):
            if new is None:
                assert old is not None
                gone.append(old)
            else:
                check_stored_name(new.name, shown)
                self.entry(f"{path}/{new.name}", old, new, under(shown, new.name))
                self._progress.advance(1)
        for old in gone:
            check_stored_name(old.name, shown)
            self.remove(f"{path}/{old.name}", old)

    def entry(self, path: str, old: Entry | None, new: Entry, shown: str) -> None:
        """Make `path`, which is `old`, be `new`; raises as `folder`."""
        if new.kind == DIR:
            self._directory(path, old, new, shown)
            return
        temp = f"{self._scratch}/{temp_name()}"
        try:
            if new.kind == LINK:
                os.symlink(new.target, temp)  # noqa: PTH211 - the text as it is stored
            elif old is not None and old.kind not in {LINK, DIR} and old.target == new.target:
                set_exec(path, wanted=new.kind == EXEC)
                return
            else:
                write_file(temp, ObjectId(new.target), new.kind, self._reader)
            if old is None:
                if is_same(path, new):
                    return
                check_free(path, shown)
            elif old.kind == DIR:
                self.remove(path, old)
                check_free(path, shown)
            self.put(temp, path, new)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temp)  # noqa: PTH108

    def put(self, temp: str, path: str, new: Entry) -> None:
        """Move a new file or link into place."""
        os.replace(temp, path)  # noqa: PTH105
        if new.kind != LINK:
            self._written.note(path, os.lstat(path), ObjectId(new.target))

    def remove(self, path: str, old: Entry) -> None:
        """Remove what `old` names; a directory stays if something else is in it."""
        if old.kind != DIR:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)  # noqa: PTH108
            return
        try:
            if not modes.S_ISDIR(os.lstat(path).st_mode):
                return
        except FileNotFoundError:
            return
        for entry in walk(ObjectId(old.target), self._node):
            check_stored_name(entry.name, path)
            self.remove(f"{path}/{entry.name}", entry)
        drop_empty(path)

    def _directory(self, path: str, old: Entry | None, new: Entry, shown: str) -> None:
        node = ObjectId(new.target)
        if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114
            before = ObjectId(old.target) if old is not None and old.kind == DIR else EMPTY
            self.folder(path, before, node, shown)
            return
        temp = f"{self._scratch}/{temp_name()}"
        try:
            Builder(self._reader, self._progress).folder(temp, node, shown)
            if old is not None:
                self.remove(path, old)
            check_free(path, shown)
            os.rename(temp, path)  # noqa: PTH104
        finally:
            clear(temp)


def is_same(path: str, entry: Entry) -> bool:
    """Whether `path` is the file or the link `entry`."""
    try:
        found = os.lstat(path)
        if modes.S_ISLNK(found.st_mode):
            return entry.kind == LINK and os.readlink(path) == entry.target  # noqa: PTH115
        if not modes.S_ISREG(found.st_mode) or kind_of(found.st_mode) != entry.kind:
            return False
        with open(path, "rb") as file:  # noqa: PTH123
            return HashSink().put_file(path, file.fileno(), found) == entry.target
    except OSError:
        return False


def check_free(path: str, shown: str) -> None:
    """Check that nothing is at `path`.

    Raises:
        InTheWay: Something is.
    """
    if os.path.lexists(path):
        raise InTheWay(f"{shown} is in the way", hint="move it away, then run the command again")


def set_exec(path: str, *, wanted: bool) -> None:
    """Set or clear the executable bits of a file; it is executable by whoever may read it."""
    mode = modes.S_IMODE(os.lstat(path).st_mode)
    if os.path.islink(path):  # noqa: PTH114
        raise InTheWay(f"{path} has become a link meanwhile", hint="run the command again")
    os.chmod(path, mode | (mode & 0o444) >> 2 if wanted else mode & ~0o111)  # noqa: PTH101


def drop_empty(path: str) -> None:
    """Remove a directory if nothing is in it."""
    with contextlib.suppress(OSError):
        os.rmdir(path)  # noqa: PTH106


def clear(path: str) -> None:
    """Remove a scratch file or directory, if it is there; never fails."""
    if not os.path.lexists(path):
        return
    if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114
        import shutil

        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            os.unlink(path)  # noqa: PTH108


def _with_empty(get: Get) -> Get:
    """Return `get` made to know the empty directory, which need not be in the store."""

    def node(oid: ObjectId) -> Node:
        return Leaf(()) if oid == EMPTY else get(oid)

    return node
