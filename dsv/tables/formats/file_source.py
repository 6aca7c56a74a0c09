"""Byte sources over plain files, and any byte source as a file that Arrow can read."""

import io
import os
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from dsv.hashing import file_hasher
from dsv.tables.formats.byte_source import ByteSource

_PIECE = 1 << 20


class FileSource:
    """A plain file as a byte source. Close it, or use it as a context manager.

    Its fingerprints are `b3:` and the BLAKE3 of the bytes.

    Attributes:
        path: Where it is.
        name: Its last component.
        size: Bytes, when it was opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open the file.

        Raises:
            OSError: It cannot be opened.
        """
        self.path = Path(path)
        self.name = self.path.name
        self._handle = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self.size = os.fstat(self._handle).st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; closing twice is fine."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly `length` bytes from `offset`; safe to call from many threads.

        Raises:
            EOFError: The file ends before that.
        """
        data = os.pread(self._handle, length, offset)
        if len(data) == length:
            return data
        parts = [data]
        while (missing := length - sum(map(len, parts))) > 0:
            more = os.pread(self._handle, missing, offset + length - missing)
            if not more:
                raise EOFError(f"{self.path} ends before byte {offset + length}")
            parts.append(more)
        return b"".join(parts)

    def fingerprint(self, offset: int, length: int) -> str:
        """Return a text that is equal for equal bytes of any plain file.

        Raises:
            EOFError: The file ends before `offset + length`.
        """
        hasher = file_hasher()
        for start in range(offset, offset + length, _PIECE):
            hasher.update(self.read_at(start, min(_PIECE, offset + length - start)))
        return f"b3:{hasher.hexdigest()}"


class _Raw(io.RawIOBase):
    """A byte source as a seekable binary file."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._source.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._source.size - self._position)
        length = left if size is None or size < 0 else min(size, left)
        data = bytes(self._source.read_at(self._position, length)) if length else b""
        self._position += length
        return data

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)


def binary_file(source: ByteSource) -> io.BufferedReader:
    """Return `source` as a binary file that can be read and sought."""
    return io.BufferedReader(_Raw(source), _PIECE)


def arrow_file(source: ByteSource) -> pa.NativeFile:
    """Return `source` as Arrow reads files: natively if it is a plain file.

    Raises:
        OSError: The file cannot be opened.
    """
    if isinstance(source, FileSource):
        return pa.OSFile(str(source.path))
    return pa.PythonFile(_Raw(source), mode="r")
