"""Texts between dsv and its supervisor, in a form that both read without importing anything."""

import os
from collections.abc import Iterable, Iterator

_END = b"\0"


def pack(words: Iterable[bytes]) -> bytes:
    """Return `words`, none of which holds a zero byte, as one."""
    return b"".join(word + _END for word in words)


def unpack(data: bytes) -> Iterator[bytes]:
    """Return the words that `data` was packed of.

    Raises:
        ValueError: The end is missing.
    """
    if data and not data.endswith(_END):
        raise ValueError("cut short")
    return iter(data.split(_END)[:-1])


def pack_many(words: Iterable[bytes]) -> bytes:
    """Return `words` with their number before them."""
    listed = list(words)
    return pack([b"%d" % len(listed), *listed])


def unpack_many(words: Iterator[bytes]) -> list[bytes]:
    """Take from `words` what `pack_many` made."""
    return [next(words) for _ in range(int(next(words)))]


def read_all(fd: int) -> bytes:
    """Return the whole of the file `fd`, from its start.

    Raises:
        OSError: It cannot be read.
    """
    pieces, position = [], 0
    while piece := os.pread(fd, 1 << 20, position):
        pieces.append(piece)
        position += len(piece)
    return b"".join(pieces)


def write_all(fd: int, data: bytes) -> None:
    """Make `data` the whole of the file `fd`.

    Raises:
        OSError: It cannot be written.
    """
    os.ftruncate(fd, 0)
    view, position = memoryview(data), 0
    while view:
        done = os.pwrite(fd, view, position)
        position += done
        view = view[done:]
