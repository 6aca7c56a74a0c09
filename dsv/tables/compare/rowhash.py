"""A hash of each row of a table, without a loop over rows: two lanes of 64 bits.

Rows that mean the same have the same hash, whatever their layout. It finds accidents and
resists nobody: it compares two tables of one person, and never names anything. Words are
mixed as in the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
number generators", 2014); items of a list and words of a text are mixed with their place and
added up, which numpy does for all rows at once.

Arithmetic is modulo 2^64. Lane 0 and lane 1 are computed alike with other constants, so all
arrays of hashes are (2, rows), and constants are (2, 1).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dsv.tables.compare.cells import decimal_words, items, row_stretches
from dsv.tables.values.layout import (
    Bools,
    Bytes,
    Ints,
    bits,
    data_bytes,
    fixed,
    gather,
    offsets,
    pieces,
    validity,
)
from dsv.tables.values.types import Node, Shape

Words = npt.NDArray[np.uint64]
"""One hash for each row (lane 0), or one word of data for each value: shape (rows,)."""

Lanes = npt.NDArray[np.uint64]
"""Two hashes for each row: shape (2, rows). `lanes[0]` are the first hashes, `lanes[:, i]` is row i."""


def _lane_constants(first: int, second: int) -> Lanes:
    """Return a number for each lane, shape (2, 1), to be broadcast over rows."""
    return np.array([[first], [second]], np.uint64)


_SEED = _lane_constants(0x9E3779B97F4A7C15, 0xD1B54A32D192ED03)
_NULL = _lane_constants(0x3C6EF372FE94F82A, 0xA54FF53A5F1D36F1)
_ONE = _lane_constants(0xBF58476D1CE4E5B9, 0xFF51AFD7ED558CCD)
_TWO = _lane_constants(0x94D049BB133111EB, 0xC4CEB9FE1A85EC53)
_PLACE = _lane_constants(0xD6E8FEB86659FD93, 0xA0761D6478BD642F)
_FOLD = _lane_constants(0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3)

# _MASKS[n] keeps the first n of the eight bytes of a little-endian word: _MASKS[2] is 0xFFFF.
_MASKS = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)
_SHIFTS = tuple(np.uint64(n) for n in (30, 27, 31))
# By the width in bytes of a floating-point type, the bits that every NaN is hashed as.
_CANONICAL_NAN = {2: 0x7E00, 4: 0x7FC0_0000, 8: 0x7FF8_0000_0000_0000}


def row_hashes(
    columns: Sequence[pa.Array], nodes: Sequence[Node], rows: int, *, floats: bool = True
) -> Lanes:
    """Return the hash of each of `rows` rows, shape (2, rows).

    The columns [7, 7, null] and ["ab", "ab", "c"] give three rows, of which the first two have
    one hash: [[0xe5f6..., 0xe5f6..., 0xf8d0...], [0xcea7..., 0xcea7..., 0xe0af...]]. Integers in a
    dictionary, or `large_string` for text, give the same. The order of columns counts. All nulls
    have one hash.

    Args:
        columns: Their values, in any encoding, `rows` of them each.
        nodes: The types of the columns.
        rows: How many there are; needed where there are no columns.
        floats: False: of floating-point values only whether they are finite, NaN or which
            infinity counts, so that rows have one hash that may differ by a tolerance.
    """
    found: Lanes = np.repeat(mixed(_SEED.copy()), rows, axis=1)
    for column, node in zip(columns, nodes, strict=True):
        cells: Lanes = _cells(column, node, floats)
        found = _folded(found, cells)
    return found


def refined(hashes: Words, numbers: Ints) -> Words:
    """Return hashes of pairs: of what `hashes` stand for, and a number each.

    The hashes [5, 5, 5] with the numbers [0, 0, 1] become [h, h, k]. `hashes` stay as they are.

    Args:
        hashes: Shape (rows,).
        numbers: Shape (rows,), int64.

    Returns:
        Shape (rows,).
    """
    found = _folded(np.stack((hashes, hashes)), numbers.view(np.uint64)[None, :])
    one: Words = found[0]
    return one


def mixed(words: Words) -> Lanes:
    """Mix two lanes in place, each with constants of its own, and return them.

    A lane of zeros stays zero: [[1, 0], [1, 0]] becomes [[0x5692161d100b05e5, 0],
    [0x9af1f964adc9635b, 0]]. So what may be zero is combined with `_SEED` before.

    Args:
        words: Shape (2, rows); its values are lost.
    """
    words ^= words >> _SHIFTS[0]
    words *= _ONE
    words ^= words >> _SHIFTS[1]
    words *= _TWO
    words ^= words >> _SHIFTS[2]
    return words


def _folded(found: Lanes, more: Lanes) -> Lanes:
    """Fold `more` into `found`, in place, and return it.

    Args:
        found: Shape (2, rows).
        more: Shape (2, rows), or (1, rows) for both lanes; it stays as it is.
    """
    found *= _FOLD
    found ^= more
    return mixed(found)


def _cells(array: pa.Array, node: Node, floats: bool) -> Lanes:
    """Return the hashes of the values of a column in any encoding, nulls included: shape (2, len(array))."""
    parts = [_plain(part, node, floats) for part in pieces(array) if len(part)]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts, axis=1) if parts else np.empty((2, 0), np.uint64)


def _plain(array: pa.Array, node: Node, floats: bool) -> Lanes:
    """Like `_cells`, of an array in a plain layout; null is `_NULL`."""
    if node.shape is Shape.NULL:
        return np.repeat(_NULL, len(array), axis=1)
    valid = validity(array)
    found = _values(array, node, valid, floats)
    if valid is not None:
        found[:, ~valid] = _NULL
    return found


def _values(array: pa.Array, node: Node, valid: Bools | None, floats: bool) -> Lanes:
    """Return the hashes of plain values, shape (2, len(array)); what it returns for nulls means nothing."""
    match node.shape:
        case Shape.BITS:
            return _words(bits(array.buffers()[1], array.offset, len(array)).astype(np.uint64))
        case Shape.FLOAT:
            return _words(_float_words(array, node.width, floats))
        case Shape.FIXED if node.width in {1, 2, 4, 8}:
            return _words(fixed(array, f"<u{node.width}").astype(np.uint64, copy=False))
        case Shape.FIXED:
            lengths = np.full(len(array), node.width, np.int64)
            return _byte_rows(fixed(array, np.uint8, node.width), np.cumsum(lengths) - lengths, lengths)
        case Shape.DECIMAL:
            words = decimal_words(array).view(np.uint64)
            found = np.repeat(_SEED, len(array), axis=1)
            for place in range(words.shape[1]):
                found = _folded(found, words[None, :, place])
            return found
        case Shape.BYTES:
            return _texts(array, valid)
        case Shape.STRUCT:
            found = np.repeat(_SEED, len(array), axis=1)
            for place, child in enumerate(node.children):
                found = _folded(found, _cells(array.field(place), child, floats))
            return found
        case _:
            return _lists(array, node, valid, floats)


def _words(words: Words) -> Lanes:
    """Return the hashes of words of shape (rows,): shape (2, rows), an array of its own."""
    return mixed(words[None, :] ^ _SEED)


def _float_words(array: pa.Array, width: int, floats: bool) -> Words:
    """Return plain floats of `width` bytes as one word each, shape (rows,).

    With `floats` it is their bits, and one NaN: [1.0, -0.0, nan] of float64 is
    [0x3ff0000000000000, 0x8000000000000000, 0x7ff8000000000000]. Without, it is what they are:
    [1.0, nan, inf, -inf] is [0, 1, 2, 3].
    """
    words = fixed(array, f"<u{width}")
    values = words.view(f"<f{width}")
    if not floats:
        kinds = np.isnan(values) + np.isposinf(values) * 2 + np.isneginf(values) * 3
        return np.asarray(kinds, np.uint64)
    nan = np.isnan(values)
    if nan.any():
        words = np.where(nan, words.dtype.type(_CANONICAL_NAN[width]), words)
    found: Words = words.astype(np.uint64, copy=False)
    return found


def _texts(array: pa.Array, valid: Bools | None) -> Lanes:
    """Return the hashes of plain texts or byte strings; nulls are hashed as empty ones."""
    ends = offsets(array).astype(np.int64)
    lengths = np.diff(ends)
    if valid is not None:
        lengths = np.where(valid, lengths, 0)
    first, last = int(ends[0]), int(ends[-1])
    return _byte_rows(data_bytes(array, first, last), ends[:-1] - first, lengths)


def _byte_rows(data: Bytes, starts: Ints, lengths: Ints) -> Lanes:
    """Return the hashes of byte strings in `data`, shape (2, strings).

    Of the bytes "abcdefghij" the starts [0, 1, 10] with the lengths [9, 2, 0] are "abcdefghi",
    "bc" and "". A string is hashed as words of eight bytes, the last filled up with zeros, and
    its length.

    Args:
        data: Bytes.
        starts: Where in `data` each string starts, at most `len(data)`.
        lengths: How many bytes each has.
    """
    counts = np.maximum(1, (lengths + 7) >> 3)
    padded = np.concatenate((data, np.zeros(8, np.uint8)))
    # A view of the eight bytes from every byte on: numpy loads words that are not aligned.
    words = np.ndarray((len(padded) - 7,), "<u8", padded.data, strides=(1,))
    parts = [_byte_words(words, starts[rows], lengths[rows], counts[rows]) for rows in row_stretches(counts)]
    found = np.concatenate(parts, axis=1) if parts else np.empty((2, 0), np.uint64)
    return _sized(found, lengths)


def _byte_words(words: Words, starts: Ints, lengths: Ints, counts: Ints) -> Lanes:
    """Return the hashes of the words of byte strings, added up for each string: shape (2, strings).

    Args:
        words: The eight bytes from each byte on, so words overlap: of "abcdefghij" `words[0]` is
            "abcdefgh" and `words[1]` is "bcdefghi".
        starts: Which word is the first of each string; its next ones are 8, 16, ... further.
        lengths: How many bytes each string has.
        counts: How many words each string has: `max(1, ceil(length / 8))`.
    """
    ends = np.cumsum(counts)
    if len(counts) == ends[-1]:
        return mixed((words[starts] & _MASKS[np.minimum(lengths, 8)]) ^ _SEED)
    place = np.arange(ends[-1]) - np.repeat(ends - counts, counts)
    found = words[np.repeat(starts, counts) + (place << 3)]
    found[ends - 1] &= _MASKS[lengths - ((counts - 1) << 3)]
    return np.add.reduceat(placed(found[None, :] ^ _SEED, place), ends - counts, axis=1)


def placed(lanes: Lanes, place: Ints) -> Lanes:
    """Mix each word with its place among those whose hashes will be added up.

    It works in place, so what `lanes` held is lost, and returns it: hashes [[0, 0], [0, 0]] of
    the places [0, 1] become [[0, a], [0, b]].

    Args:
        lanes: Shape (2, words).
        place: Shape (words,), int64: 0 for the first of each group.
    """
    lanes += place.view(np.uint64) * _PLACE
    return mixed(lanes)


def _sized(lanes: Lanes, lengths: Ints) -> Lanes:
    """Fold lengths, of shape (rows,), into `lanes`, of shape (2, rows), in place; return it."""
    return _folded(lanes, lengths.view(np.uint64)[None, :])


def _lists(array: pa.Array, node: Node, valid: Bools | None, floats: bool) -> Lanes:
    """Return the hashes of plain lists of any kind, or maps: of their items in order, and how many."""
    children, starts, lengths = items(array, node)
    lengths = lengths.copy() if valid is None else np.where(valid, lengths, 0)
    parts = []
    for rows in row_stretches(lengths):
        found: Lanes | None = None
        for child, kind in zip(children, node.children, strict=True):
            values = [_cells(part, kind, floats) for part in gather(child, starts[rows], lengths[rows])]
            more = np.concatenate(values, axis=1) if values else np.empty((2, 0), np.uint64)
            found = more if found is None else _folded(found, more)
        assert found is not None
        parts.append(_summed(found, lengths[rows]))
    whole = np.concatenate(parts, axis=1) if parts else np.empty((2, 0), np.uint64)
    return _sized(whole, lengths)


def _summed(lanes: Lanes, lengths: Ints) -> Lanes:
    """Return for each row the sum of the hashes of its items, mixed with their places.

    Items of the hashes [a, b, c] in rows of [2, 0, 1] items give [a0 + b1, 0, c0] in each lane,
    where x1 is x mixed with place 1.

    Args:
        lanes: The items of all rows, shape (2, items); mixed in place.
        lengths: How many of them each row has, shape (rows,).

    Returns:
        Shape (2, rows).
    """
    ends = np.cumsum(lengths)
    place = np.arange(lanes.shape[1]) - np.repeat(ends - lengths, lengths)
    sums = np.zeros((2, lanes.shape[1] + 1), np.uint64)
    np.cumsum(placed(lanes, place), axis=1, out=sums[:, 1:])
    return sums[:, ends] - sums[:, ends - lengths]
