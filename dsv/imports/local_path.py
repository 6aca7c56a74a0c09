"""Fetching from a place on this machine."""

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dsv.atomic import storing
from dsv.errors import Changing, NotFound, Refused
from dsv.imports.address import Address
from dsv.imports.fetched import Got
from dsv.model.origin import Fetched
from dsv.progress import Progress
from dsv.worktree.materialise import check_space

_PIECE = 4 << 20


class _Entry(NamedTuple):
    """Something to be copied.

    Attributes:
        name: Where it goes, relative to the copy; empty for the copy itself.
        place: Where it is: a file or a folder; or a link that stays one, as it leads to something in the same folder.
        mode: Of what is there.
        size: Bytes of a file, else 0.
    """

    name: str
    place: Path
    mode: int
    size: int


def fetch(address: Address, room: Path, progress: Progress) -> Got:
    """Copy a file or a folder into the folder `room`.

    Links that lead out of a folder are followed, since a dataset keeps no bytes behind a link: a snapshot in a cache of
    models or datasets is all links. Those that lead to something in the same folder stay links.

    Raises:
        NotFound: There is none, or a link leads nowhere.
        Refused: It is neither a file nor a folder, it holds `room`, or its links go in a circle.
        Changing: A file changed while it was copied.
        StorageError: It cannot be read, or the copy cannot be written.
    """
    assert address.path is not None
    source = Path(os.path.realpath(address.path))
    target = room / "data"
    with storing("read", address.path):
        try:
            mode = source.stat().st_mode
        except FileNotFoundError as error:
            raise NotFound(f"no such file or folder: {address.path}") from error
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise Refused(f"{address.path} is neither a file nor a folder")
        if Path(os.path.realpath(room)).is_relative_to(source):
            raise Refused(f"{address.path} holds the workspace, which would be copied into itself")
        entries = list(_entries(source))
        size = sum(entry.size for entry in entries)
        progress.begin("copying", size, "B")
        check_space(room, size)
        modified = int(source.stat().st_mtime) if stat.S_ISREG(mode) else None
        _copy(entries, target, progress)
    followed = sum(1 for entry in entries if entry.name and not _is_at(entry, source))
    notes = (f"links that lead out of the folder were followed: {followed:,}",) if followed else ()
    return Got(target, Fetched(address.url, None, size, modified), notes=notes)


def _is_at(entry: _Entry, source: Path) -> bool:
    """Whether an entry is where its name says, and not behind a link."""
    return entry.place == source / entry.name


def _entries(source: Path) -> Iterator[_Entry]:
    """Yield all that is at `source`, folders before what is in them."""
    waiting: list[tuple[str, Path, tuple[Path, ...]]] = [("", source, (source,))]
    while waiting:
        name, place, above = waiting.pop()
        mode = place.lstat().st_mode
        if stat.S_ISREG(mode):
            yield _Entry(name, place, mode, place.lstat().st_size)
        elif stat.S_ISDIR(mode):
            yield _Entry(name, place, mode, 0)
            names = sorted(os.listdir(place), reverse=True)  # noqa: PTH208  they are joined below
            waiting += [(f"{name}/{one}" if name else one, place / one, above) for one in names]
        elif not stat.S_ISLNK(mode):
            raise Refused(f"{place} is neither a file, a folder nor a link")
        elif not leads_out(place, source):
            yield _Entry(name, place, mode, 0)
        else:
            led = _target(place)
            if any(folder == led or led in folder.parents for folder in above):
                raise Refused(f"{place} leads to {led}, which holds it: that would be copied without an end")
            waiting.append((name, led, (*above, led)))


def leads_out(link: Path, source: Path) -> bool:
    """Whether a link does anything but say relatively where something in the folder `source` is."""
    said = os.readlink(link)  # noqa: PTH115
    led = Path(os.path.normpath(link.parent / said))
    stays = not os.path.isabs(said) and led.is_relative_to(source) and led != source and os.path.lexists(led)  # noqa: PTH117
    return not stays


def _target(link: Path) -> Path:
    led = Path(os.path.realpath(link))
    if not led.exists():
        raise NotFound(f"{link} leads to {led}, which is not there")
    return led


def _copy(entries: Sequence[_Entry], target: Path, progress: Progress) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    target.unlink(missing_ok=True)
    for entry in entries:
        place = target / entry.name if entry.name else target
        if stat.S_ISDIR(entry.mode):
            place.mkdir()  # nothing of a folder's own attributes belongs to a dataset
        elif stat.S_ISLNK(entry.mode):
            place.symlink_to(os.readlink(entry.place))  # noqa: PTH115
        else:
            _copy_file(entry.place, place, progress)


def _copy_file(source: Path, target: Path, progress: Progress) -> None:
    with source.open("rb") as file:
        before = os.fstat(file.fileno())
        fd = os.open(
            target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o777 if before.st_mode & stat.S_IXUSR else 0o666
        )
        with os.fdopen(fd, "wb") as copy:
            while data := file.read(_PIECE):
                copy.write(data)
                progress.advance(len(data))
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Changing(f"{source} changed while it was copied", hint="run the command again")
