"""Arrow arrays as numpy sees them: logical values without the freedoms of the layout.

The functions here copy nothing unless they say so: what they return shares memory with the
Arrow array, and nobody may write to it. Offsets, bitmaps and buffers are read as the Arrow
columnar format defines them; that they lie inside their buffers was checked when the array was
made (see `dsv.tables.formats.checked`).

Numpy arrays are of shape (n,), one entry for each of the n slots of an Arrow array, unless a
function says otherwise. What stands in a slot that is null means nothing.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import types as t

from dsv.tables.values import kernels as pc

Bools = npt.NDArray[np.bool_]
"""Which slots have a value, or which rows are meant: shape (n,). `Bools | None`: None is all True."""

Ints = npt.NDArray[np.int64]
"""Row numbers, places, lengths or counts, as the name says: shape (n,)."""

Bytes = npt.NDArray[np.uint8]
"""Raw bytes: shape (bytes,)."""

PIECE_BYTES = 64 << 20
"""Bytes that decoding one encoded piece may grow to, unless one value alone is larger."""


def pieces(array: pa.Array) -> Iterator[pa.Array]:
    """Yield `array` in plain layouts: no extension, dictionary, run-end or byte view.

    Encodings can name one large value many times, so that a small array stands for any
    amount of data; it is decoded in stretches of about `PIECE_BYTES`.

    Only the outermost layer is made plain: children of a list or struct come as they are. The
    pieces have `len(array)` slots together, in order, with the same nulls. What was encoded is a
    copy, and byte views come as `large_binary`; other arrays are yielded as they are. An empty
    encoded array may yield nothing.

    The dictionary ["a", "b"] with the indices [0, 1, 0] is one piece ["a", "b", "a"]. The runs
    [7, 9] that end at [2, 5] are one piece [7, 7, 9, 9, 9].
    """
    if isinstance(array, pa.ExtensionArray):
        yield from pieces(array.storage)
    elif t.is_dictionary(array.type):
        for part in _stretches(array, _largest(array.dictionary)):
            yield from pieces(_plain_dictionary(part))
    elif t.is_run_end_encoded(array.type):
        for part in _stretches(array, _largest(array.values)):
            yield from pieces(_plain_runs(part))
    elif t.is_string_view(array.type) or t.is_binary_view(array.type):
        for part in _stretches(array, _largest(array)):
            yield pc.cast(part, pa.large_binary())
    elif (t.is_list_view(array.type) or t.is_large_list_view(array.type)) and len(array):
        _, lengths = list_ranges(array)
        room = max(len(array.values), 1 << 16)
        few = 1 if lengths.sum() > room else 0
        step = max(1, room // max(1, int(lengths.max()))) if few else len(array)
        for start in range(0, len(array), step):
            yield array.slice(start, step)
    else:
        yield array


def gather(child: pa.Array, starts: Ints, lengths: Ints) -> Iterator[pa.Array]:
    """Yield the ranges of `child` that start and are as long as said, one after the other.

    Where they lie together, as they most often do, nothing is copied.

    The values [10, 11, 12, 13, 14] with the starts [0, 9, 3] and the lengths [2, 0, 2] are
    gathered as one array [10, 11, 13, 14].

    Args:
        child: The values.
        starts: Where in `child` each range starts, counted from its own first slot; of empty
            ranges it is not looked at.
        lengths: How many slots each range has, as many numbers as `starts`.

    Yields:
        Arrays of the type of `child` that have `lengths.sum()` slots together; none if that is 0.
    """
    total = int(lengths.sum())
    if not total:
        return
    used = lengths > 0
    starts, lengths = starts[used], lengths[used]
    shifts = starts - (np.cumsum(lengths) - lengths)
    breaks = np.flatnonzero(np.diff(shifts)) + 1
    if len(breaks) and _selectable(child.type):
        yield pc.take(child, pa.array(np.repeat(shifts, lengths) + np.arange(total)))
        return
    sums = np.add.reduceat(lengths, np.concatenate(([0], breaks)))
    for start, length in zip(starts[np.concatenate(([0], breaks))].tolist(), sums.tolist(), strict=True):
        yield child.slice(start, length)


def _selectable(kind: pa.DataType) -> bool:
    """Whether Arrow can select values of a type: it cannot of byte views and run-ends."""
    if isinstance(kind, pa.BaseExtensionType):
        return _selectable(kind.storage_type)
    if t.is_dictionary(kind):
        return _selectable(kind.value_type)
    if t.is_run_end_encoded(kind) or t.is_string_view(kind) or t.is_binary_view(kind):
        return False
    return all(_selectable(kind.field(i).type) for i in range(kind.num_fields))


def _plain_dictionary(array: pa.DictionaryArray) -> pa.Array:
    """Return a dictionary array decoded; Arrow cannot do so where the values are views."""
    kind = array.type.value_type
    if t.is_string_view(kind) or t.is_binary_view(kind):
        values = pc.cast(array.dictionary, pa.large_binary())
        array = pa.DictionaryArray.from_arrays(array.indices, values, safe=False)
    return array.dictionary_decode()


def _plain_runs(array: pa.RunEndEncodedArray) -> pa.Array:
    """Return a run-end encoded array decoded; Arrow cannot do so for every type of value.

    The runs [7, 9] that end at [2, 5] are [7, 7, 9, 9, 9]; of these, slots 1 to 3 alone (a slice)
    are [7, 9, 9].
    """
    first = array.find_physical_offset()
    count = array.find_physical_length()
    ends = np.asarray(array.run_ends.slice(first, count)).astype(np.int64) - array.offset
    ends = np.minimum(ends, len(array))
    place = np.repeat(np.arange(first, first + count), np.diff(ends, prepend=0))
    index = pa.array(place, pa.int64())
    return _plain_dictionary(pa.DictionaryArray.from_arrays(index, array.values, safe=False))


def _stretches(array: pa.Array, largest: int) -> Iterator[pa.Array]:
    """Yield slices of as many slots as `PIECE_BYTES` hold of `largest` bytes each, one slot at least."""
    step = max(1, PIECE_BYTES // max(1, largest))
    for start in range(0, len(array), step):
        yield array.slice(start, step)


def _largest(values: pa.Array) -> int:
    """Return how many bytes one of `values` has at most: 3 for ["a", "bcd"].

    It is 64 for types of fixed width, more for a fixed-size binary that is wider; all bytes of a
    nested array; 1 if there are no values.
    """
    if isinstance(values, pa.ExtensionArray):
        return _largest(values.storage)
    kind = values.type
    if not len(values):
        return 1
    if t.is_string_view(kind) or t.is_binary_view(kind):
        valid = validity(values)
        lengths = view_lengths(values)
        return int(lengths.max() if valid is None else np.where(valid, lengths, 0).max())
    if t.is_binary(kind) or t.is_string(kind) or t.is_large_binary(kind) or t.is_large_string(kind):
        return int(np.diff(offsets(values)).max())
    if kind.num_fields or t.is_dictionary(kind):
        return int(values.nbytes)
    return max(64, kind.byte_width) if t.is_fixed_size_binary(kind) else 64


def validity(array: pa.Array) -> Bools | None:
    """Return which values of a plain array are not null; None: all are.

    It is [True, False, True] for [1, null, 3] (a copy), and None for [1, 2, 3]. A null that only
    a parent has, such as a struct around the array, does not show.
    """
    if array.null_count == 0:
        return None
    if array.type == pa.null():
        return np.zeros(len(array), np.bool_)
    return bits(array.buffers()[0], array.offset, len(array))


def bits(buffer: pa.Buffer, offset: int, length: int) -> Bools:
    """Return `length` bits of a bitmap from bit `offset` (a copy, one byte each).

    Bit 0 is the lowest of the first byte: of the byte 0b10110, three bits from bit 1 on are
    [True, True, False].
    """
    first, last = offset // 8, (offset + length + 7) // 8
    packed = np.frombuffer(buffer, np.uint8, last - first, first)
    start = offset % 8
    return np.unpackbits(packed, bitorder="little")[start : start + length].view(np.bool_)


def fixed(array: pa.Array, dtype: npt.DTypeLike, per: int = 1) -> npt.NDArray[Any]:
    """Return the value buffer of a fixed-width array: `per` items of `dtype` for each value.

    [1, 2, 3] of int32 as "<i4" is [1, 2, 3]; [b"ab", b"cd"] of width 2 as uint8 with `per` 2 is
    [97, 98, 99, 100].

    Args:
        array: A plain array whose values are `per` times as wide as an item.
        dtype: Of the items, however Arrow's type reads the same bytes.
        per: Items for each value.

    Returns:
        Shape (len(array) * per,), one value after the other; whatever bytes lie under nulls.
    """
    found = np.dtype(dtype)
    if not len(array):
        return np.empty(0, found)
    start = array.offset * per * found.itemsize
    return np.frombuffer(array.buffers()[1], found, len(array) * per, start)


def offsets(array: pa.Array) -> npt.NDArray[Any]:
    """Return the `len(array) + 1` offsets of a string, binary, list or map array.

    They are int32, or int64 of the large types, and count in the whole data or child, so those of
    a slice need not start at 0: ["ab", null, "c"] has [0, 2, 2, 3], and without its first value
    [2, 2, 3]. A null may have a length.
    """
    kind = array.type
    wide = t.is_large_list(kind) or t.is_large_binary(kind) or t.is_large_string(kind)
    dtype = np.dtype(np.int64 if wide else np.int32)
    buffer = array.buffers()[1]
    if buffer is None or not buffer.size:  # the format lets an empty array have no offsets
        return np.zeros(1, dtype)
    return np.frombuffer(buffer, dtype, len(array) + 1, array.offset * dtype.itemsize)


def list_ranges(array: pa.Array) -> tuple[Ints, Ints]:
    """Return start and length in the child of each value of a list, map or list view (copies).

    [[1, 2], [], [3], null] has the starts [0, 2, 2, 3] and the lengths [2, 0, 1, 0]. They count
    in the whole child (`array.values`), also those of a slice. The length of a null is 0 in a
    list view; in a list or map it is what the offsets say.
    """
    kind = array.type
    if t.is_list_view(kind) or t.is_large_list_view(kind):
        dtype = np.dtype(np.int32 if t.is_list_view(kind) else np.int64)
        _, starts, sizes = array.buffers()[:3]
        place = array.offset * dtype.itemsize
        if not len(array):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        lengths = np.frombuffer(sizes, dtype, len(array), place).astype(np.int64)
        valid = validity(array)
        if valid is not None:
            lengths[~valid] = 0
        return np.frombuffer(starts, dtype, len(array), place).astype(np.int64), lengths
    ends = offsets(array).astype(np.int64)
    return ends[:-1], np.diff(ends)


def view_lengths(array: pa.Array) -> npt.NDArray[np.int32]:
    """Return the length in bytes of each value of a string view or binary view array.

    It is [1, 3] for ["a", "bcd"]: the first of the four int32 of each view.
    """
    found: npt.NDArray[np.int32] = fixed(array, np.int32, 4)
    return found[::4]


def data_bytes(array: pa.Array, start: int, stop: int) -> Bytes:
    """Return bytes `start` to `stop` of the data buffer of a string or binary array.

    The numbers count as `offsets` do: bytes 1 to 4 of ["ab", "cde"] are those of "bcd".
    """
    if stop <= start:
        return np.empty(0, np.uint8)
    return np.frombuffer(array.buffers()[2], np.uint8, stop - start, start)
