"""Packs: immutable files of many objects.

    header    magic, version, data or meta, 16 random bytes
    objects   back to back
    footer    the pack's own index: an Arrow IPC file like those of the store (`dsv.store.packs.index_file`)
    trailer   where the footer is, its XXH3-64, magic

A pack is named by the BLAKE3 of its bytes; as its header is random, no name is ever
used twice, even for the same objects.
"""

import contextlib
import os
import struct
from pathlib import Path
from typing import NamedTuple

from dsv import atomic
from dsv.errors import Corrupt, Refused
from dsv.hashing import Buffer, checksum, file_hasher
from dsv.ids import ObjectId, is_id
from dsv.store.packs import index_file
from dsv.store.packs import index_rows as rows
from dsv.store.packs.index import PACK_LIMIT, Index

PLAIN = 0
ZSTD = 1

HEADER = struct.Struct("<8sII16s")
TRAILER = struct.Struct("<QQQ8s")
MAGIC = b"DSV-PACK"
END_MAGIC = b"DSV-PEND"
VERSION = 1

OBJECT_LIMIT = PACK_LIMIT - (1 << 20)
"""Stored bytes of one object: it has to fit in a pack with header and footer."""

_FOOTER_BASE = 8192
_BUFFER = 1 << 20


class Pack(NamedTuple):
    """A finished pack.

    Attributes:
        id: BLAKE3 of its bytes.
        size: Bytes.
        rows: Packed rows of its objects in the order of their ids, with pack number 0.
        path: The scratch file that holds it.
    """

    id: ObjectId
    size: int
    rows: Buffer
    path: Path


def name(pack: str) -> str:
    """Return the blob name of a pack."""
    return f"packs/{pack[:2]}/{pack}.pack"


def id_of(blob: str) -> ObjectId | None:
    """Return the pack that a blob name names, None if it names none."""
    digits = blob[9:73]
    return ObjectId(digits) if is_id(digits) and blob == name(digits) else None


class PackWriter:
    """A pack that is being filled, in a scratch file.

    Not safe for threads by itself; the store's writer has the lock.

    Args:
        folder: Where the scratch file is made.
        data: Whether it holds data; otherwise meta objects.

    Raises:
        StorageError: The file cannot be made.
    """

    def __init__(self, folder: Path, *, data: bool) -> None:
        self.path = folder / atomic.temp_name()
        with atomic.storing("write", self.path):
            self._fd = atomic.open_new(self.path)
        self._hasher = file_hasher()
        self._buffer = bytearray(HEADER.pack(MAGIC, VERSION, int(data), os.urandom(16)))
        self._rows = bytearray()
        self._size = len(self._buffer)

    @property
    def count(self) -> int:
        """How many objects it holds."""
        return len(self._rows) // rows.SIZE

    def keys(self) -> list[bytes]:
        """Return the ids of its objects, 32 bytes each."""
        return [bytes(self._rows[at : at + 32]) for at in range(0, len(self._rows), rows.SIZE)]

    def fits(self, stored: int) -> bool:
        """Whether an object of so many stored bytes still has room."""
        footer = len(self._rows) + rows.SIZE + _FOOTER_BASE
        return self._size + stored + footer <= PACK_LIMIT

    def append(self, key: bytes, kind: int, codec: int, stored: Buffer, raw: int, check: int) -> None:
        """Add an object; the caller asked `fits` before.

        Raises:
            Refused: It is larger than any pack.
            StorageError: It cannot be written.
        """
        size = len(stored)
        if size > OBJECT_LIMIT:
            raise Refused(f"object {key.hex()} has {size} bytes, more than a pack can hold")
        self._rows += rows.ROW.pack(key, kind, codec, 0, self._size, size, raw, check)
        self._size += size
        if size >= _BUFFER // 4:
            self._flush()
            self._write(stored)
        else:
            self._buffer += stored
            if len(self._buffer) >= _BUFFER:
                self._flush()

    def _flush(self) -> None:
        # Taken away first: the traceback of a failed write holds on to it, and others go on adding.
        full, self._buffer = self._buffer, bytearray()
        if full:
            self._write(full)

    def _write(self, data: Buffer) -> None:
        self._hasher.update(data)
        with atomic.storing("write", self.path):
            atomic.write_all(self._fd, data)

    def finish(self) -> Pack:
        """Write footer and trailer and close the file; it is not synced yet.

        Raises:
            StorageError: It cannot be written.
        """
        pad = -self._size % 64
        self._buffer += bytes(pad)
        start = self._size + pad
        ordered = rows.sort(self._rows)
        footer = b"".join(index_file.encode(rows.columns(ordered), ()))
        self._buffer += footer
        self._buffer += TRAILER.pack(start, len(footer), checksum(footer), END_MAGIC)
        self._flush()
        size = start + len(footer) + TRAILER.size
        self._close()
        return Pack(ObjectId(self._hasher.hexdigest()), size, ordered, self.path)

    def discard(self) -> None:
        """Close and remove the scratch file; no error if it is gone."""
        self._close()
        with contextlib.suppress(OSError):
            self.path.unlink()

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with atomic.storing("write", self.path):
                os.close(fd)


def check_header(pack: str, data: bytes) -> bool:
    """Return whether a pack holds data, from its first bytes.

    Raises:
        Corrupt: They are not the header of a pack.
    """
    if len(data) < HEADER.size:
        raise Corrupt(f"pack {pack} is cut off in its header")
    magic, version, data_flag, _ = HEADER.unpack_from(data)
    if magic != MAGIC or version != VERSION or data_flag > 1:
        raise Corrupt(f"pack {pack} has no valid header")
    return bool(data_flag)


def footer_place(pack: str, size: int, trailer: bytes) -> tuple[int, int, int]:
    """Return offset, length and checksum of a pack's footer.

    Args:
        pack: Its id.
        size: Its bytes.
        trailer: Its last `TRAILER.size` bytes.

    Raises:
        Corrupt: They are not the trailer of a pack.
    """
    if len(trailer) != TRAILER.size or not HEADER.size + TRAILER.size <= size <= PACK_LIMIT:
        raise Corrupt(f"pack {pack} has {size} bytes, which no pack has")
    start, length, check, magic = TRAILER.unpack(trailer)
    if magic != END_MAGIC or start < HEADER.size or start + length + TRAILER.size != size:
        raise Corrupt(f"pack {pack} has no valid trailer")
    return start, length, check


def open_footer(pack: str, footer: bytes, check: int) -> Index:
    """Return the index that a pack carries.

    Raises:
        Corrupt: The footer is damaged.
    """
    if checksum(footer) != check:
        raise Corrupt(f"the footer of pack {pack} does not match its checksum")
    return Index(f"the footer of pack {pack}", footer, pack=pack)
