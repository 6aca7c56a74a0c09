"""Fetching from a place on this machine."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from dsv.atomic import storing
from dsv.errors import Changing, NotFound, Refused
from dsv.fetching.address import Address
from dsv.fetching.got import Got
from dsv.model.origin import Fetched
from dsv.progress import Progress
from dsv.workspace.materialise import check_space

_PIECE = 4 << 20


def fetch(address: Address, room: Path, progress: Progress) -> Got:
    """Copy a file or a folder, links as links, into the folder `room`.

    Raises:
        NotFound: There is none.
        Refused: It is neither a file nor a folder, or it holds `room`.
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
        files = [source] if stat.S_ISREG(mode) else list(_files(source))
        size = sum(file.lstat().st_size for file in files)
        progress.begin("copying", size, "B")
        check_space(room, size)
        modified = int(source.stat().st_mtime) if stat.S_ISREG(mode) else None
        _copy(source, target, progress)
    return Got(target, Fetched(address.url, None, size, modified))


def _files(folder: Path) -> Iterator[Path]:
    for here, _, names in os.walk(folder):
        for name in names:
            path = Path(here, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield path
            elif not path.is_symlink():
                raise Refused(f"{path} is neither a file, a folder nor a link")


def _copy(source: Path, target: Path, progress: Progress) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    target.unlink(missing_ok=True)
    if not source.is_dir():
        _copy_file(source, target, progress)
        return

    def copy(one: str, other: str) -> None:
        _copy_file(Path(one), Path(other), progress)

    # Nothing of a folder's own attributes belongs to a dataset.
    shutil.copytree(source, target, symlinks=True, copy_function=copy)
    for here, _, _ in os.walk(target):
        Path(here).chmod(0o777 & ~_umask(target.parent))


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


def _umask(folder: Path) -> int:
    """Return the bits that new folders lack, told by one that is new."""
    return 0o777 & ~stat.S_IMODE(folder.stat().st_mode)
