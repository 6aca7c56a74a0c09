"""Setting datasets aside while a command makes them again, and putting them back if it fails."""

import errno
import os
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

from dsv.atomic import storing, temp_name
from dsv.worktree.ignore import NOTHING, Ignore
from dsv.worktree.scan import list_names
from dsv.worktree.update import clear


class Aside:
    """Datasets that are out of the way.

    A folder goes as a whole, as if it had never been made, unless it holds what is in no dataset, or a command
    needs to find it there: then it stays, empty except for that. So does a folder in which nothing is left. The
    times of folders that stay do not tell that something was taken out of them.

    Args:
        root: The workspace.
        scratch: Where they are kept meanwhile; best on the same file system.
        ignore: What is in no dataset.
    """

    def __init__(self, root: Path, scratch: Path, ignore: Ignore = NOTHING) -> None:
        self._root = root
        self._folder = scratch / temp_name()
        self._ignore = ignore
        self._taken: dict[str, Path] = {}
        self._stand: Collection[str] | None = ()
        self._folders: dict[str, None] = {}

    def take(
        self, paths: Iterable[str], *, copy: Iterable[str] = (), stand: Collection[str] | None = ()
    ) -> None:
        """Take the datasets `paths` out of the working tree; what is not there is left out.

        Args:
            paths: The datasets.
            copy: More datasets, of which a copy is taken while they stay.
            stand: Folders that stay even if they are empty; None: all. Then they get the oldest of times, so
                that `make` and its like do not take them for made.

        Raises:
            StorageError: One cannot be moved; those before it are taken.
            Refused: A folder holds a name that dsv does not track.
        """
        with storing("write", self._folder):
            self._folder.mkdir()
        self._stand = stand
        for path in paths:
            self._take(path)
        for path in copy:
            self._copy(path)

    def put_back(self, paths: Iterable[str] | None = None) -> None:
        """Put datasets back, by default all, in place of what is there now.

        Raises:
            StorageError: One cannot be moved; it is still in the scratch folder.
        """
        for path in list(self._taken) if paths is None else list(paths):
            with storing("move", path):
                kept, place = self._taken[path], self._root / path
                if os.path.lexists(kept):
                    place.parent.mkdir(parents=True, exist_ok=True)
                    self._drop(place, path, whole=not _is_folder(kept))
                    _merge(kept, place)
            del self._taken[path]
        self._end()

    def missing(self) -> tuple[str, ...]:
        """Return what is not there again; a folder is there if it holds something."""
        return tuple(path for path in self._taken if not self._is_made(path))

    def empty(self) -> tuple[str, ...]:
        """Return the folders that held something, are there, and hold nothing now."""
        return tuple(path for path in self.missing() if _is_folder(self._root / path))

    def without(self) -> tuple[str, ...]:
        """Return the folders that went, and that are not there again."""
        return tuple(path for path in self._folders if not os.path.lexists(self._root / path))

    def forget(self) -> None:
        """Let go of what was taken: what was made again takes its place."""
        for path in self.missing():
            place = self._root / path
            if _is_folder(place) and not any(place.iterdir()):
                place.rmdir()
        self._taken.clear()
        self._end()

    def _take(self, path: str) -> None:
        place, target = self._root / path, self._folder / str(len(self._taken))
        if not os.path.lexists(place):
            return
        with storing("move", path):
            self._taken[path] = target
            above = place.parent
            before = above.stat()
            if not _is_folder(place):
                _move(place, target)
            elif not self._stands(path) and self._is_all_data(place, path):
                _move(place, target)
                self._folders[path] = None
            else:
                target.mkdir()
                self._take_entries(place, path, target)
                os.utime(place, (0, 0))
            self._leave(above, before)

    def _stands(self, folder: str) -> bool:
        return self._stand is None or folder in self._stand

    def _leave(self, folder: Path, before: os.stat_result) -> None:
        """Let a folder go in which nothing is left; otherwise it is as old as it was."""
        while folder != self._root:
            shown = folder.relative_to(self._root).as_posix()
            if any(folder.iterdir()):
                break
            if self._stands(shown):
                os.utime(folder, (0, 0))
                return
            above, times = folder.parent, folder.parent.stat()
            folder.rmdir()
            self._folders[shown] = None
            folder, before = above, times
        os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))

    def _copy(self, path: str) -> None:
        place, target = self._root / path, self._folder / str(len(self._taken))
        if not os.path.lexists(place):
            return
        with storing("copy", path):
            if _is_folder(place):
                shutil.copytree(place, target, symlinks=True)
            else:
                shutil.copy2(place, target, follow_symlinks=False)
        self._taken[path] = target  # not before: half of a copy never comes back

    def _is_all_data(self, place: Path, shown: str) -> bool:
        """Whether a folder holds nothing that is in no dataset, deep inside neither."""
        names = self._names(place, shown)
        if len(names) != len(os.listdir(place)):  # noqa: PTH208
            return False
        return all(
            self._is_all_data(place / name, f"{shown}/{name}") for name in names if _is_folder(place / name)
        )

    def _end(self) -> None:
        if not self._taken:
            clear(os.fspath(self._folder))

    def _is_made(self, path: str) -> bool:
        place = self._root / path
        return bool(self._names(place, path)) if _is_folder(place) else os.path.lexists(place)

    def _names(self, place: Path, shown: str) -> list[str]:
        return list_names(os.fspath(place), shown, self._ignore)

    def _take_entries(self, place: Path, shown: str, target: Path) -> None:
        for name in self._names(place, shown):
            if self._ignore and _is_folder(place / name):
                (target / name).mkdir()
                self._take_entries(place / name, f"{shown}/{name}", target / name)
                if not any((place / name).iterdir()):
                    (place / name).rmdir()
            else:
                _move(place / name, target / name)

    def _drop(self, place: Path, shown: str, *, whole: bool) -> None:
        """Remove what a command put at `place`; of a folder, unless `whole`, what rules leave out stays."""
        if whole or not _is_folder(place):
            clear(os.fspath(place))
            return
        for name in self._names(place, shown):
            below = place / name
            self._drop(below, f"{shown}/{name}", whole=not (self._ignore and _is_folder(below)))
            if _is_folder(below) and not any(below.iterdir()):
                below.rmdir()


def _is_folder(place: Path) -> bool:
    return place.is_dir() and not place.is_symlink()


def _move(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.move(source, target)


def _merge(source: Path, target: Path) -> None:
    """Move `source` to `target`; a folder that is there takes the entries in."""
    if not (_is_folder(source) and _is_folder(target)):
        clear(os.fspath(target))
        _move(source, target)
        return
    for entry in list(source.iterdir()):
        _merge(entry, target / entry.name)
    source.rmdir()
