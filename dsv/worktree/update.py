"""Making a directory that is there what it shall be, entry by entry.

Every entry is the old one or the new one at any moment. Writes come before removals, so a
disk that fills up leaves more rather than less.
"""

import contextlib
import errno
import os
import stat as modes

from dsv.atomic import temp_name
from dsv.errors import InTheWay
from dsv.ids import ObjectId
from dsv.model.dataset_paths import check_stored_name
from dsv.model.node import DIR, EMPTY, EXEC, LINK, Entry, Get, Leaf, Node
from dsv.model.tree import check_depth, compare, walk
from dsv.progress import SILENT, Progress
from dsv.worktree.beneath import PLAIN, is_folder, mode_of, open_child, opened
from dsv.worktree.build import Builder, ContentReader, write_file
from dsv.worktree.mapped import WritableMaps
from dsv.worktree.scan import under
from dsv.worktree.sink import HashSink
from dsv.worktree.stat_pages import kind_of, settles
from dsv.worktree.unless_written import Written


class Updater:
    """Changes directories in place, by descriptor.

    Args:
        base: The workspace.
        reader: Gives the content and the nodes, of what is there as well.
        scratch: Descriptor of a folder where new entries are written before they are moved; on the same file system.
        written: Called with each file that was written.
        since: When what is there was looked at, in ns since 1970: what changed since is compared before it goes.
        watch: Knows what may change without a trace.
        progress: Counts each entry.
    """

    def __init__(
        self,
        base: str,
        reader: ContentReader,
        scratch: int,
        written: Written,
        *,
        since: int,
        watch: WritableMaps,
        progress: Progress = SILENT,
    ) -> None:
        self._base = base
        self._reader = reader
        self._node = _with_empty(reader.node)
        self._scratch = scratch
        self._written = written
        self._since = since
        self._watch = watch
        self._progress = progress

    def folder(self, here: int, before: ObjectId, after: ObjectId, shown: str) -> None:
        """Make the open directory `here`, which holds `before`, hold `after`.

        What is there and in neither (ignored files) stays.

        Raises:
            InTheWay: Something that `before` does not name, or that changed since, would be overwritten.
            OSError: Something cannot be written.
            Missing, Corrupt: The store cannot give all of `after`.
        """
        check_depth(f"{shown}/")
        gone: list[Entry] = []
        for old, new in compare(before, after, self._node):
            if new is None:
                assert old is not None
                gone.append(old)
            else:
                check_stored_name(new.name, shown)
                self.entry(here, old, new, under(shown, new.name))
                self._progress.advance(1)
        for old in gone:
            check_stored_name(old.name, shown)
            self.remove(here, old, under(shown, old.name))

    def entry(self, here: int, old: Entry | None, new: Entry, shown: str) -> None:
        """Make what is `old` in the open directory `here` be `new`; raises as `folder`."""
        name = new.name
        if new.kind == DIR:
            self._directory(here, old, new, shown)
            return
        temp = temp_name()
        try:
            if new.kind == LINK:
                os.symlink(new.target, temp, dir_fd=self._scratch)
            elif old is not None and old.kind not in {LINK, DIR} and old.target == new.target:
                set_exec(here, name, shown, wanted=new.kind == EXEC)
                return
            else:
                write_file(temp, ObjectId(new.target), new.kind, self._reader, self._scratch)
            if old is None:
                if is_same(name, new, here):
                    return
                check_free(here, name, shown)
            elif old.kind == DIR:
                self.remove(here, old, shown)
                check_free(here, name, shown)
            else:
                self._check_kept(here, old, shown)
            self.put(temp, here, new, shown)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temp, dir_fd=self._scratch)

    def put(self, temp: str, here: int, new: Entry, shown: str) -> None:
        """Move a new file or link into place."""
        os.replace(temp, new.name, src_dir_fd=self._scratch, dst_dir_fd=here)
        if new.kind != LINK:
            found = os.lstat(new.name, dir_fd=here)
            self._written.note(f"{self._base}/{shown}", found, ObjectId(new.target))

    def remove(self, here: int, old: Entry, shown: str) -> None:
        """Remove what `old` names in the open directory `here`; a directory stays if something else is in it.

        It is called with each file.

        Raises:
            InTheWay: It changed since it was looked at.
        """
        if old.kind != DIR:
            self._check_kept(here, old, shown)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(old.name, dir_fd=here)
            self._progress.advance(1)
            return
        if not is_folder(old.name, here):
            return
        with opened(open_child(here, old.name)) as below:
            for entry in walk(ObjectId(old.target), self._node):
                check_stored_name(entry.name, shown)
                self.remove(below, entry, under(shown, entry.name))
        drop_empty(here, old.name)

    def _check_kept(self, here: int, old: Entry, shown: str) -> None:
        """Check that what is about to be overwritten still is what was seen, and so is in the store."""
        try:
            found = os.lstat(old.name, dir_fd=here)
        except FileNotFoundError:
            return
        changed = settles(found.st_mtime_ns, found.st_ctime_ns) >= self._since
        if (changed or self._watch.maps.is_silent(found)) and not is_same(old.name, old, here):
            raise InTheWay(
                f"{shown} was changed while it was to be overwritten", hint="run the command again"
            )

    def _directory(self, here: int, old: Entry | None, new: Entry, shown: str) -> None:
        name, node = new.name, ObjectId(new.target)
        if is_folder(name, here):
            before = ObjectId(old.target) if old is not None and old.kind == DIR else EMPTY
            with opened(open_child(here, name)) as below:
                self.folder(below, before, node, shown)
            return
        temp = temp_name()
        try:
            Builder(self._reader, self._progress).folder(temp, node, shown, above=self._scratch)
            if old is not None:
                self.remove(here, old, shown)
            check_free(here, name, shown)
            os.rename(temp, name, src_dir_fd=self._scratch, dst_dir_fd=here)
        finally:
            clear(temp, self._scratch)


def is_same(name: str, entry: Entry, folder: int | None = None) -> bool:
    """Whether what is called `name` in the open `folder` is the file or the link `entry`."""
    try:
        found = os.lstat(name, dir_fd=folder)
        if modes.S_ISLNK(found.st_mode):
            return entry.kind == LINK and os.readlink(name, dir_fd=folder) == entry.target
        if not modes.S_ISREG(found.st_mode) or kind_of(found.st_mode) != entry.kind:
            return False
        with opened(os.open(name, PLAIN, dir_fd=folder)) as fd:
            found = os.fstat(fd)
            return modes.S_ISREG(found.st_mode) and HashSink().put_file(name, fd, found) == entry.target
    except OSError:
        return False


def check_free(folder: int, name: str, shown: str) -> None:
    """Check that nothing is called `name` in the open `folder`.

    Raises:
        InTheWay: Something is.
    """
    if mode_of(name, folder):
        raise InTheWay(f"{shown} is in the way", hint="move it away, then run the command again")


def set_exec(folder: int, name: str, shown: str, *, wanted: bool) -> None:
    """Set or clear the executable bits of a file; it is executable by anyone who may read it."""
    try:
        with opened(os.open(name, PLAIN, dir_fd=folder)) as fd:
            found = os.fstat(fd)
            if modes.S_ISREG(found.st_mode):
                mode = modes.S_IMODE(found.st_mode)
                os.chmod(fd, mode | (mode & 0o444) >> 2 if wanted else mode & ~0o111)  # noqa: PTH101
                return
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
    raise InTheWay(f"{shown} has become a link meanwhile", hint="run the command again")


def drop_empty(folder: int, name: str) -> None:
    """Remove a directory in an open one if nothing is in it."""
    with contextlib.suppress(OSError):
        os.rmdir(name, dir_fd=folder)


def clear(path: str, folder: int | None = None) -> None:
    """Remove a scratch file or directory, relative to the open `folder` if given, if it is there; never fails."""
    with contextlib.suppress(OSError):
        if is_folder(path, folder):
            import shutil

            shutil.rmtree(path, ignore_errors=True, dir_fd=folder)
        else:
            os.unlink(path, dir_fd=folder)


def _with_empty(get: Get) -> Get:
    """Return `get` made to know the empty directory, which need not be in the store."""

    def node(oid: ObjectId) -> Node:
        return Leaf(()) if oid == EMPTY else get(oid)

    return node
