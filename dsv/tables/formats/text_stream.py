"""The characters of a text file, as a stream of bytes in bounded memory.

Compression is told by the first bytes, never by the name. Honest text packs a
thousandfold, so a small file may unpack to much: a reader holds a few blocks, and
`bounds` says when it is too much.
"""

import codecs
import io
from collections.abc import Iterator

import pyarrow as pa

from dsv.errors import NoTable
from dsv.tables.formats.bounds import check_unpacked
from dsv.tables.formats.byte_source import ByteSource

BLOCK = 2 << 20
"""Bytes that are read and parsed at a time. Values never depend on it."""

LIMIT = 256 << 20
"""Bytes of the longest record that is read."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class _Sequential(io.RawIOBase):
    """A byte source, read from its start to its end."""

    def __init__(self, source: ByteSource) -> None:
        super().__init__()
        self._source = source
        self._at = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, none only at the end."""
        left = self._source.size - self._at
        length = left if size < 0 else min(size, left)
        if length <= 0:
            return b""
        data = self._source.read_at(self._at, length)
        self._at += length
        return bytes(data)


class TextStream(io.RawIOBase):
    """The decompressed bytes of a text file, without a byte order mark.

    Bytes that were read too far can be given back. An ending can be set, which is read
    after the last byte of the file.

    Raises (when read):
        NoTable: The bytes are not UTF-8, or the compressed stream is damaged or unpacks to too much.
    """

    def __init__(self, source: ByteSource) -> None:
        super().__init__()
        start = bytes(source.read_at(0, min(4, source.size)))
        raw = _Sequential(source)
        self._raw: io.RawIOBase | pa.CompressedInputStream = raw
        if start.startswith(_GZIP):
            self._raw = pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "gzip")
        elif start == _ZSTD:
            self._raw = pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd")
        self._packed = 0 if self._raw is raw else source.size
        self._pulled = 0
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._back = self._first()
        self._ending: bytes | None = None
        self._last = b"\n"

    def _first(self) -> bytes:
        start = self._pull(BLOCK)
        if start.startswith(_UTF16_MARKS):
            raise NoTable("UTF-16; dsv reads UTF-8")
        return self._checked(start).removeprefix(_UTF8_MARK)

    def _pull(self, size: int) -> bytes:
        try:
            data = self._raw.read(size)
        except (OSError, pa.ArrowInvalid) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise NoTable(f"it cannot be decompressed: {error}") from error
        self._pulled += len(data or b"")
        if self._packed:
            check_unpacked(self._pulled, self._packed)
        return data or b""

    def _checked(self, data: bytes) -> bytes:
        """Return what was pulled next, if the text so far is UTF-8. Nothing after it is the end of the text."""
        if b"\0" in data:
            raise NoTable("it holds NUL bytes, so it is no text in UTF-8")
        try:
            self._utf8.decode(data, final=not data)
        except UnicodeDecodeError:
            raise NoTable("it is not UTF-8") from None
        return data

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def give_back(self, data: bytes) -> None:
        """Let `data` be what is read next."""
        self._back = data + self._back

    def end_with(self, ending: bytes) -> None:
        """Let `ending` follow the last byte, on a line of its own."""
        self._ending = ending

    def read(self, size: int = -1) -> bytes:
        """Return `size` bytes, fewer only at the end.

        Arrow's CSV reader counts on that: to a block that is but the second half of a line
        end it gives no records, and takes no records for the end of the file.
        """
        want = BLOCK if size < 0 else size
        parts: list[bytes] = []
        while want and (data := self._some(want)):
            parts.append(data)
            want -= len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _some(self, want: int) -> bytes:
        """Return up to `want` bytes, none only at the end."""
        if self._back:
            data, self._back = self._back[:want], self._back[want:]
        else:
            data = self._checked(self._pull(want))
        if data:
            self._last = data[-1:]
        elif self._ending is not None:
            data = self._ending if self._last in b"\r\n" else b"\n" + self._ending
            self._ending = None
            self._back, data = data[want:], data[:want]
        return data

    def chunks(self, size: int) -> Iterator[bytes]:
        """Yield what is left, in stretches of at most `size` bytes."""
        while data := self.read(size):
            yield data
