"""What is left of a file's old bytes: opening to append, to overwrite and to set times give much the same events."""

from pathlib import Path

from dsv.hashing import file_hasher
from dsv.ids import ObjectId

_STEP = 1 << 20


def has_grown(path: Path, size: int, oid: ObjectId) -> bool:
    """Whether `path` holds the bytes of the file `oid`, which had `size` of them, and then more.

    Then the run that wrote it used the old bytes. A file that was empty grew from nothing.

    Raises:
        OSError: It cannot be read.
    """
    return 0 < size < path.stat().st_size and _starts(path, size, oid)


def is_same(path: Path, size: int, oid: ObjectId) -> bool:
    """Whether `path` holds the bytes of the file `oid`, which had `size` of them, and no more.

    Raises:
        OSError: It cannot be read.
    """
    return path.stat().st_size == size and _starts(path, size, oid)


def _starts(path: Path, size: int, oid: ObjectId) -> bool:
    hasher = file_hasher()
    left = size
    with path.open("rb") as file:
        while left and (data := file.read(min(left, _STEP))):
            hasher.update(data)
            left -= len(data)
    return not left and hasher.hexdigest() == oid
