"""What a run did to the files of a workspace, made out from events in their order.

Events say what happened to a name, not what it meant. What they are taken for:

- A file counts as read if it was there before the run and was closed by one who could only read, or
  gave bytes to a `read`, before anybody changed it. A reader that maps a file into memory
  gives no event but opening and closing.
- Opening to overwrite and opening to append look the same. A file that was there and was changed
  without having been read is `overwritten`: whether its old bytes still stand in it is for
  the caller to find out, who knows them.
- What the run itself made, and then read again, is no input.
"""

from dataclasses import dataclass, field

from dsv.capture import inotify

_CHANGES = inotify.MODIFY | inotify.CREATE | inotify.MOVED_TO


@dataclass(slots=True)
class _File:
    """What is known of one path.

    Attributes:
        there: It was there before the run.
        read: Its bytes of before the run were read.
        changed: The run changed, made or replaced it.
        replaced: It is another file now than it was before the run.
        open: It was opened and not closed since, for all that is known.
        reopened: It was opened after it was changed.
        writable: It was closed by one who could have written.
        touched: Its attributes were set.
    """

    there: bool = True
    read: bool = False
    changed: bool = False
    replaced: bool = False
    open: bool = False
    reopened: bool = False
    writable: bool = False
    touched: bool = False


@dataclass(slots=True)
class FileEvents:
    """The ledger of the files that a run used; feed it events, then ask."""

    _files: dict[str, _File] = field(default_factory=dict)

    def happened(self, path: str, mask: int, *, fresh: bool) -> None:
        """Note that `mask` happened to the file `path`.

        Args:
            path: The file, relative to the workspace.
            mask: Flags of inotify.
            fresh: Whether its folder was made during the run, so that the file was not there before.
        """
        file = self._files.get(path)
        if file is None:
            made = bool(mask & (inotify.CREATE | inotify.MOVED_TO))
            file = self._files[path] = _File(there=not fresh and not made)
        if mask & inotify.OPEN:
            file.open = True
            file.reopened = file.reopened or file.changed
        elif mask & inotify.ACCESS:
            # After a change, only a reader who still holds the file that was replaced reads old bytes.
            if not file.changed or (file.replaced and not file.reopened):
                file.read = True
        elif mask & inotify.CLOSE_NOWRITE:
            file.open = False
            if not file.changed or not file.reopened:
                file.read = True
        elif mask & inotify.CLOSE_WRITE:
            file.open = False
            file.writable = True
        elif mask & _CHANGES:
            self._change(file, mask)
        elif mask & (inotify.MOVED_FROM | inotify.DELETE):
            # What was moved went somewhere: its bytes are of use there.
            file.read = file.read or bool(mask & inotify.MOVED_FROM and not file.changed)
            file.changed = file.replaced = True
            file.reopened = False
        elif mask & inotify.ATTRIB:
            file.touched = True

    def moved_away(self, path: str) -> None:
        """Note that the file `path`, there before the run, went away with its folder."""
        self.happened(path, inotify.MOVED_FROM, fresh=False)

    @property
    def read(self) -> frozenset[str]:
        """The files whose bytes of before the run were read."""
        return frozenset(
            path for path, file in self._files.items() if file.there and (file.read or _held(file))
        )

    @property
    def changed(self) -> frozenset[str]:
        """The files that the run changed, made, replaced or removed."""
        return frozenset(path for path, file in self._files.items() if file.changed)

    @property
    def there(self) -> frozenset[str]:
        """The files that were there before the run, of those that it used."""
        return frozenset(path for path, file in self._files.items() if file.there)

    @property
    def overwritten(self) -> frozenset[str]:
        """The files that were there and were written to, in place, without having been read."""
        return frozenset(
            path
            for path, file in self._files.items()
            if file.there and file.changed and not file.replaced and not file.read
        )

    @property
    def mapped(self) -> frozenset[str]:
        """The files opened for writing that no `write` and no setting of times explains.

        If they have changed nevertheless, they were changed in place through a mapping.
        """
        return frozenset(
            path
            for path, file in self._files.items()
            if file.there and file.writable and not file.changed and not file.touched
        )

    @property
    def stamped(self) -> frozenset[str]:
        """The files opened for writing whose times were set and that no `write` changed, as `touch` does.

        A writer through a mapping that sets times afterwards looks the same: only the bytes tell.
        """
        return frozenset(
            path
            for path, file in self._files.items()
            if file.there and file.writable and file.touched and not file.changed
        )

    @property
    def touched(self) -> frozenset[str]:
        """The files of which only the attributes were set (permissions, times, links)."""
        return frozenset(
            path
            for path, file in self._files.items()
            if file.touched and not file.changed and not file.writable
        )

    @staticmethod
    def _change(file: _File, mask: int) -> None:
        if mask & (inotify.CREATE | inotify.MOVED_TO):
            file.replaced = True
            file.reopened = False
        file.changed = True


def _held(file: _File) -> bool:
    # Still open when the last event was read: somebody outlived the run, or its close was merged.
    return file.open and not file.changed
