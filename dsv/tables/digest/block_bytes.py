"""The byte streams that a block digest is made of; each is hashed as it grows."""

import numpy as np
import numpy.typing as npt

from dsv.hashing import Hasher, derived_hasher
from dsv.tables.values.layout import Bools

STREAM_CONTEXT = "dsv 2026-11 table stream v1"

_CHUNK = 1 << 20


class ByteStream:
    """A stream of bytes: lengths or values."""

    __slots__ = ("_hasher", "_size")

    def __init__(self) -> None:
        self._hasher: Hasher = derived_hasher(STREAM_CONTEXT)
        self._size = 0

    def feed(self, data: npt.NDArray[np.generic]) -> None:
        """Append the bytes of a contiguous array of any shape and type, row by row, as they lie in memory."""
        if data.nbytes:
            self._hasher.update(data.reshape(-1).view(np.uint8).data)
            self._size += data.nbytes

    def finish(self) -> bytes:
        """Return size (u64, little-endian) and digest of what was fed, and start again."""
        summary = self._size.to_bytes(8, "little") + self._hasher.digest()
        if self._size:
            self._hasher = derived_hasher(STREAM_CONTEXT)
            self._size = 0
        return summary


class BitStream:
    """A stream of bits, packed LSB first; the last byte is filled up with zeros.

    The bits [1, 0, 1] and then [1] are the byte 0b1101. Up to seven bits wait for their byte.
    """

    __slots__ = ("_bytes", "_rest")

    def __init__(self) -> None:
        self._bytes = ByteStream()
        self._rest: Bools = np.empty(0, np.bool_)

    def feed(self, data: Bools) -> None:
        """Append bits, given one a byte: shape (bits,), bool."""
        if len(self._rest):
            data = np.concatenate((self._rest, data))
        whole = len(data) // 8 * 8
        self._bytes.feed(np.packbits(data[:whole], bitorder="little"))
        self._rest = data[whole:].copy()

    def finish(self) -> bytes:
        """Return size and digest of what was fed, and start again."""
        if len(self._rest):
            self._bytes.feed(np.packbits(self._rest, bitorder="little"))
            self._rest = np.empty(0, np.bool_)
        return self._bytes.finish()


class ValidityStream:
    """Which slots of a node hold a value; costs nothing while no null comes.

    Attributes:
        slots: Slots fed since the last `finish`.
        nulls: How many of them are null.
    """

    __slots__ = ("_bits", "nulls", "slots")

    def __init__(self) -> None:
        self._bits: BitStream | None = None
        self.slots = 0
        self.nulls = 0

    def feed(self, slots: int, valid: Bools | None) -> None:
        """Append `slots` slots; `valid`, of shape (slots,), says which hold a value, None: all do."""
        if valid is not None:
            self.nulls += slots - int(np.count_nonzero(valid))
            if self._bits is None:
                self._bits = BitStream()
                _feed_ones(self._bits, self.slots)
            self._bits.feed(valid)
        elif self._bits is not None:
            _feed_ones(self._bits, slots)
        self.slots += slots

    def finish(self) -> bytes:
        """Return slots and nulls (u64 each) and, if any is null, the stream; start again."""
        head = self.slots.to_bytes(8, "little") + self.nulls.to_bytes(8, "little")
        tail = self._bits.finish() if self._bits is not None else b""
        self.__init__()  # type: ignore[misc]
        return head + tail


def _feed_ones(stream: BitStream, count: int) -> None:
    """Append `count` ones, at most a megabyte of truth values at a time."""
    while count:
        stream.feed(np.ones(min(count, _CHUNK), np.bool_))
        count -= min(count, _CHUNK)
