"""Indexes: which pack holds an object, and where in it."""

import struct
from bisect import bisect_left
from collections.abc import Iterator
from mmap import mmap
from typing import Any, NamedTuple

from dsv.errors import Corrupt
from dsv.store.packs import index_file
from dsv.store.packs.index_rows import IndexRow

PACK_LIMIT = 64 << 20
"""No pack has more bytes."""

_STRIDE = 48
_PATIENCE = 200
_SAMPLES = 64
_U32 = struct.Struct("<I").unpack_from
_U64 = struct.Struct("<Q").unpack_from


class Located(NamedTuple):
    """Where a copy of an object is.

    Attributes:
        kind: A number of `dsv.hashing.Kind`.
        codec: How it is stored.
        pack: Id of the pack.
        offset: Where in the pack.
        stored: How many bytes it has there.
        raw: How many it has when decoded.
        checksum: XXH3-64 of the stored bytes.
    """

    kind: int
    codec: int
    pack: str
    offset: int
    stored: int
    raw: int
    checksum: int


class Index:
    """One index file, or the footer of one pack, looked up in place.

    The first searches halve the file in place. Somebody who keeps asking is worth a list of
    every 48th id: then a search is one in that list and one through 48 neighbours, both in C.

    Args:
        name: Names it in error messages.
        data: Its bytes, mapped or not.
        pack: For a footer, the id of the pack that it belongs to.

    Raises:
        Corrupt: It is no index, or lies about itself.
    """

    __slots__ = (
        "_data",
        "_finds",
        "_first",
        "_last",
        "_prefixes",
        "_signposts",
        "_starts",
        "name",
        "packs",
        "rows",
    )

    def __init__(self, name: str, data: bytes | mmap, *, pack: str | None = None) -> None:
        try:
            layout = index_file.decode(data)
        except (ValueError, struct.error) as error:
            raise Corrupt(f"{name} is not a valid index: {error}") from error
        self.name = name
        self.rows = layout.rows
        self.packs = layout.packs if pack is None else (pack,)
        self._data = data
        self._finds = 0
        # The first 8 bytes of each id as native numbers: shape (rows,), uint64, ascending.
        self._prefixes: Any = None
        self._signposts: list[bytes] | None = None
        self._starts = layout.starts
        self._check_order()
        self._first = self.id_at(0) if self.rows else b"\xff"
        self._last = self.id_at(self.rows - 1) if self.rows else b""

    def _check_order(self) -> None:
        step = max(1, self.rows // _SAMPLES)
        samples = [self.id_at(row) for row in range(0, self.rows, step)]
        if samples != sorted(samples):
            raise Corrupt(f"{self.name} is not a valid index: its ids are not in order")

    def id_at(self, row: int) -> bytes:
        """Return the id of the object in `row`."""
        at = self._starts[0] + 32 * row
        return self._data[at : at + 32]

    def find(self, key: bytes) -> int:
        """Return the first row of the object with the 32-byte id `key`, or -1."""
        if not self._first <= key <= self._last:
            return -1
        if self._signposts is None:
            row = bisect_left(range(self.rows), key, key=self.id_at)
            self._finds += 1
            if self._finds > _PATIENCE:
                self._signposts = [self.id_at(row) for row in range(0, self.rows, _STRIDE)]
            return row if self.id_at(row) == key else -1
        low = max(0, bisect_left(self._signposts, key) - 1) * _STRIDE
        return self._scan(key, low, min(low + _STRIDE + 1, self.rows))

    def position(self, prefix: int) -> int:
        """Return the first row whose id starts with 8 bytes that are not below `prefix`."""
        return bisect_left(range(self.rows), prefix.to_bytes(8), key=self.id_at)

    def matching(self, prefix: str) -> Iterator[int]:
        """Yield the rows whose ids start with the hex digits `prefix`."""
        row = self.position(int(prefix[:16].ljust(16, "0"), 16))
        while row < self.rows:
            found = self.id_at(row).hex()
            if found.startswith(prefix):
                yield row
            elif found > prefix:
                return
            row += 1

    def _scan(self, key: bytes, low: int, high: int) -> int:
        base = self._starts[0]
        at, end = base + 32 * low, base + 32 * high
        while (at := self._data.find(key, at, end)) >= 0:
            row, astray = divmod(at - base, 32)
            if not astray:
                return row
            at += 1
        return -1

    def at(self, row: int) -> Located:
        """Return where the object in `row` is.

        Raises:
            Corrupt: The row names a place that no pack has.
        """
        data = self._data
        _, kinds, codecs, packs, offsets, stored, raw, checksums = self._starts
        four = 4 * row
        (pack,) = _U32(data, packs + four)
        (offset,) = _U32(data, offsets + four)
        (size,) = _U32(data, stored + four)
        if pack >= len(self.packs) or offset + size > PACK_LIMIT:
            raise Corrupt(f"{self.name} names a place that no pack has, for {self.id_at(row).hex()}")
        return Located(
            data[kinds + row],
            data[codecs + row],
            self.packs[pack],
            offset,
            size,
            _U32(data, raw + four)[0],
            _U64(data, checksums + 8 * row)[0],
        )

    def places(self, key: bytes) -> Iterator[Located]:
        """Yield where each copy of an object is."""
        row = self.find(key)
        while 0 <= row < self.rows and self.id_at(row) == key:
            yield self.at(row)
            row += 1

    def column(self, name: str) -> memoryview:
        """Return the values of a column as bytes, on the index's memory: `rows` values, little-endian."""
        number = next(n for n, column in enumerate(index_file.COLUMNS) if column.name == name)
        start = self._starts[number]
        return memoryview(self._data)[start : start + self.rows * index_file.COLUMNS[number].width]

    def packed(self, low: int, high: int) -> list[IndexRow]:
        """Return the rows from `low` to before `high`; raises Corrupt as `at` does."""
        return [self._row(row) for row in range(low, high)]

    def _row(self, row: int) -> IndexRow:
        place = self.at(row)
        (pack,) = _U32(self._data, self._starts[3] + 4 * row)
        return IndexRow(self.id_at(row), place.kind, place.codec, pack, *place[3:])

    def numpy(self, name: str) -> Any:
        """Return a column as a numpy array that shares the index's memory; ids as 4 big-endian words.

        Args:
            name: One of the columns of `dsv.store.packs.index_file`.

        Returns:
            An array that is not to be written to. Of `id` shape (rows, 4), >u8: `[:, 0]` are the first
            8 bytes, which sort as ids do. Of the others shape (rows,): `kind` and `codec` u1, `pack`
            (a place in `packs`), `offset`, `stored` and `raw` u4 (bytes), `checksum` u8.
        """
        import numpy as np

        width = next(column.width for column in index_file.COLUMNS if column.name == name)
        if name == "id":
            return np.frombuffer(self.column(name), dtype=">u8").reshape(self.rows, 4)
        return np.frombuffer(self.column(name), dtype=f"<u{width}")

    def find_many(self, keys: bytes) -> tuple[Any, Any]:
        """Return which of many ids are listed, and in which rows.

        Where rows 0, 1 and 2 have the ids A, B and B, the keys C, B, A give ([1, 1, 2], [1, 2, 0]): no
        row for C, two for B.

        Args:
            keys: Ids of 32 bytes, one after the other; no two are the same.

        Returns:
            Two numpy arrays of int64 of one length: number of the id among `keys`, and row. An id with
            several copies is there once for each; numbers ascend, and rows of one id do.
        """
        import numpy as np

        if self._prefixes is None:
            self._prefixes = self.numpy("id")[:, 0].astype(np.uint64)
        asked = np.frombuffer(keys, dtype=">u8").reshape(-1, 4)
        wanted = asked[:, 0].astype(np.uint64)
        first = np.searchsorted(self._prefixes, wanted, side="left")
        last = np.searchsorted(self._prefixes, wanted, side="right")
        # Nearly every id has no row, or one; some have copies, or a neighbour with the same start.
        counts = last - first
        # With the keys C, B, A: first [3, 1, 0], last [3, 3, 1], counts [0, 2, 1], ahead [0, 1, 0].
        numbers = np.repeat(np.arange(len(asked)), counts)
        ahead = np.arange(len(numbers)) - np.repeat(np.cumsum(counts) - counts, counts)
        found = np.repeat(first, counts) + ahead
        same = (self.numpy("id")[found] == asked[numbers]).all(axis=1)
        return numbers[same], found[same]
