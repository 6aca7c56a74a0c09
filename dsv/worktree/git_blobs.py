"""Ids that git would give to files of the working tree, found without git.

Git runs the filters of a repository to find them, and these are programs. Here a file is taken as it is, with the
line ends that git stores, and as the pointer that git-lfs stores for it; what another filter makes of it stays
unknown.
"""

import stat as modes
from collections.abc import Iterator
from pathlib import Path

_LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"
_LONG = 64
"""Digits of an id in a repository that uses SHA-256."""


def may_be(path: Path, blob: str) -> bool:
    """Whether git would store the file `path` as the blob whose id is `blob`, as far as that is known without filters.

    A file that cannot be read is not, nor is a link or a pipe that took its place.
    """
    try:
        if not modes.S_ISREG(path.lstat().st_mode):
            return False
        data = path.read_bytes()
    except OSError:
        return False
    return any(_id(one, blob) == blob for one in _forms(data))


def _forms(data: bytes) -> Iterator[bytes]:
    yield data
    if b"\r\n" in data:
        yield data.replace(b"\r\n", b"\n")
    import hashlib  # with all of OpenSSL; few commands ask

    yield _LFS.format(hashlib.sha256(data).hexdigest(), len(data)).encode()


def _id(data: bytes, like: str) -> str:
    """Return the id of a blob, in the kind of ids that `like` is of."""
    import hashlib

    known = hashlib.sha256() if len(like) == _LONG else hashlib.sha1(usedforsecurity=False)
    known.update(b"blob %d\0" % len(data))
    known.update(data)
    return known.hexdigest()
