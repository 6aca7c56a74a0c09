"""Packs on their way to a remote, remembered so that a push that was killed goes on where it was.

Each pack lies in a folder as `<id>.pack` until it has arrived, with its end (footer and
trailer) beside it as `<id>.tail`. A tail without a pack is one that has arrived and that no
refs named when the push ended. All of it may be lost without harm.
"""

import contextlib
import mmap
import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from dsv import atomic
from dsv.errors import Busy, Corrupt
from dsv.hashing import Buffer, file_hasher
from dsv.ids import ObjectId, is_id
from dsv.lock import FileLock
from dsv.remotes.cached_blobs import CachedBlobs
from dsv.store.blobs.base import BlobInfo, Conditions
from dsv.store.packs import pack as packs
from dsv.store.packs.index import PACK_LIMIT, Index
from dsv.store.upkeep.collect import GRACE

TRUSTED = GRACE // 2
"""Seconds for which a pack that no refs name counts as arrived: half of gc's grace."""

_WORKERS = 4


class Uploads:
    """Takes the packs of a push; `dsv.store.blobs.base.Blobs` says what the methods do.

    Use it in a `with` block: of several pushes at once from one workspace to one remote the
    first has the folder that is remembered, and each other one of its own.

    Args:
        blobs: The remote.
        folder: Where packs wait.

    Attributes:
        arrived: The footers of packs that have arrived, by pack.
        sent: Ids of those among them that were sent by this push.
    """

    def __init__(self, blobs: CachedBlobs, folder: Path) -> None:
        self.arrived: dict[str, Index] = {}
        self.sent: dict[str, int] = {}
        self._blobs = blobs
        self._folder = folder
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Take the folder."""
        with atomic.storing("write", self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        try:
            self._stack.enter_context(FileLock(self._folder / "lock", patience=0))
        except Busy:
            self._folder /= atomic.temp_name()
            self._stack.callback(_remove, self._folder)
            with atomic.storing("write", self._folder):
                self._folder.mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self._stack.close()

    def resume(self) -> None:
        """Find out what of an earlier push has arrived, and send what had been on its way.

        Raises:
            StorageError: The remote cannot be reached.
        """
        tails = [path for path in self._folder.glob("*.tail") if is_id(path.stem)]
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="dsv-resume") as pool:
            for _ in pool.map(self._resume, tails):
                pass
        for path in self._folder.glob("*.pack"):
            path.unlink(missing_ok=True)
        for path in self._folder.glob(f"{atomic.TEMP_PREFIX}*"):
            if path.is_dir():
                continue
            path.unlink(missing_ok=True)

    def _resume(self, tail: Path) -> None:
        pack, path = tail.stem, tail.with_suffix(".pack")
        try:
            footer, size = _open_tail(pack, tail.read_bytes())
        except (Corrupt, OSError):
            tail.unlink(missing_ok=True)
            return
        if time.time() - tail.stat().st_mtime > TRUSTED:
            tail.unlink()  # gc may be about to delete it
            return
        if self._is_there(pack, size, tail):
            path.unlink(missing_ok=True)
        elif path.exists() and _is_whole(path, pack):
            self._send(pack, path)
        else:
            tail.unlink()
            return
        self.arrived[pack] = footer

    def _is_there(self, pack: str, size: int, tail: Path) -> bool:
        try:
            end = self._blobs.read(packs.name(pack), size - packs.TRAILER.size, packs.TRAILER.size)
        except (FileNotFoundError, Corrupt):
            return False
        return end == tail.read_bytes()[-packs.TRAILER.size :]

    def lost(self) -> bool:
        """Forget packs that arrived so long ago that gc may have deleted them, and did; tell if there are any.

        Raises:
            StorageError: The remote cannot be reached.
        """
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="dsv-lost") as pool:
            kept = list(pool.map(self._is_kept, self.arrived))
        gone = [pack for pack, there in zip(self.arrived, kept, strict=True) if not there]
        self.settle(gone)
        return bool(gone)

    def _is_kept(self, pack: str) -> bool:
        tail = self._folder / f"{pack}.tail"
        try:
            if time.time() - tail.stat().st_mtime <= TRUSTED:
                return True
            size = _open_tail(pack, tail.read_bytes())[1]
        except (Corrupt, OSError):
            return False
        return self._is_there(pack, size, tail)

    def settle(self, named: Iterable[str]) -> None:
        """Forget those of the packs `named` that have arrived: refs name them now."""
        for pack in set(named) & self.arrived.keys():
            del self.arrived[pack]
            (self._folder / f"{pack}.tail").unlink(missing_ok=True)

    def adopt(self, name: str, path: Path) -> bool:
        """Send a pack from a local file, which is consumed."""
        pack = packs.id_of(name)
        if pack is None:
            return self._blobs.adopt(name, path)
        tail = _read_tail(path, pack)
        footer, _ = _open_tail(pack, tail)
        kept = self._folder / f"{pack}.pack"
        with atomic.storing("write", kept):
            (self._folder / f"{pack}.tail").write_bytes(tail)
            path.replace(kept)
        self._send(pack, kept)
        self.arrived[pack] = footer
        return True

    def _send(self, pack: str, path: Path) -> None:
        size = path.stat().st_size
        self._blobs.adopt(packs.name(pack), path)
        self.sent[pack] = size

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Return bytes of a blob of the remote."""
        return self._blobs.read(name, offset, length)

    def view(self, name: str) -> bytes | mmap.mmap:
        """Return all of a blob."""
        return self._blobs.view(name)

    def put(self, name: str, data: Buffer) -> bool:
        """Create a blob; an index is kept here only."""
        return self._blobs.put(name, data)

    def scratch(self) -> Path:
        """Return the folder in which packs are made."""
        return self._folder

    def list(self, prefix: str) -> Iterator[BlobInfo]:
        """Yield the blobs of the remote whose names start with `prefix`."""
        return self._blobs.list(prefix)

    def delete(self, name: str) -> None:
        """Remove a blob."""
        self._blobs.delete(name)

    def load(self) -> bytes | None:
        """Return the mutable object."""
        return self._blobs.load()

    def swap(self, expected: bytes | None, new: bytes) -> None:
        """Replace the mutable object if it still is `expected`."""
        self._blobs.swap(expected, new)

    def conditions(self) -> Conditions:
        """Return which conditions the place keeps."""
        return self._blobs.conditions()

    def abort_uploads(self, before: float) -> int:
        """Take back uploads that were begun before `before` and never completed."""
        return self._blobs.abort_uploads(before)


def _read_tail(path: Path, pack: str) -> bytes:
    """Return footer and trailer of a pack in a local file."""
    with atomic.storing("read", path), path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - packs.TRAILER.size))
        start, _, _ = packs.footer_place(ObjectId(pack), size, file.read())
        file.seek(start)
        return file.read()


def _open_tail(pack: str, tail: bytes) -> tuple[Index, int]:
    """Return the footer in the tail of a pack, and the size of the pack.

    Raises:
        Corrupt: It is damaged.
    """
    if not packs.TRAILER.size <= len(tail) <= PACK_LIMIT:
        raise Corrupt(f"the tail of pack {pack} is cut off")
    start, length, check, _ = packs.TRAILER.unpack(tail[-packs.TRAILER.size :])
    size = start + length + packs.TRAILER.size
    packs.footer_place(ObjectId(pack), size, tail[-packs.TRAILER.size :])
    return packs.open_footer(ObjectId(pack), tail[: -packs.TRAILER.size], check), size


def _is_whole(path: Path, pack: str) -> bool:
    hasher = file_hasher()
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            hasher.update(data)
    return hasher.hexdigest() == pack


def _remove(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
