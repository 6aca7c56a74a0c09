"""Arrow arrays as numpy sees them: logical values without the freedoms of the layout.

The functions here copy nothing unless they say so. Offsets, bitmaps and buffers are read
as the Arrow columnar format defines them; that they lie inside their buffers was
checked when the array was made (see `dsv.tables.readers`).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import types as t

from dsv.tables import kernels as pc

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

PIECE_BYTES = 64 << 20
"""Bytes that decoding one encoded piece may grow to, unless one value alone is larger."""


def pieces(array: pa.Array) -> Iterator[pa.Array]:
    """Yield `array` in plain layouts: no extension, dictionary, run-end or byte view.

    Encodings can name one large value many times, so that a small array stands for any
    amount of data; it is decoded in stretches of about `PIECE_BYTES`.
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
    """Return a run-end encoded array decoded; Arrow cannot do so for every type of value."""
    first = array.find_physical_offset()
    count = array.find_physical_length()
    ends = np.asarray(array.run_ends.slice(first, count)).astype(np.int64) - array.offset
    ends = np.minimum(ends, len(array))
    place = np.repeat(np.arange(first, first + count), np.diff(ends, prepend=0))
    index = pa.array(place, pa.int64())
    return _plain_dictionary(pa.DictionaryArray.from_arrays(index, array.values, safe=False))


def _stretches(array: pa.Array, largest: int) -> Iterator[pa.Array]:
    step = max(1, PIECE_BYTES // max(1, largest))
    for start in range(0, len(array), step):
        yield array.slice(start, step)


def _largest(values: pa.Array) -> int:
    """Return how many bytes one of `values` has at most."""
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
    return 64


def validity(array: pa.Array) -> Bools | None:
    """Return which values of a plain array are not null; None: all are."""
    if array.null_count == 0:
        return None
    if array.type == pa.null():
        return np.zeros(len(array), np.bool_)
    return bits(array.buffers()[0], array.offset, len(array))


def bits(buffer: pa.Buffer, offset: int, length: int) -> Bools:
    """Return `length` bits of a bitmap from bit `offset` (a copy, one byte each)."""
    first, last = offset // 8, (offset + length + 7) // 8
    packed = np.frombuffer(buffer, np.uint8, last - first, first)
    start = offset % 8
    return np.unpackbits(packed, bitorder="little")[start : start + length].view(np.bool_)


def fixed(array: pa.Array, dtype: npt.DTypeLike, per: int = 1) -> npt.NDArray[Any]:
    """Return the value buffer of a fixed-width array: `per` items of `dtype` for each value."""
    found = np.dtype(dtype)
    if not len(array):
        return np.empty(0, found)
    start = array.offset * per * found.itemsize
    return np.frombuffer(array.buffers()[1], found, len(array) * per, start)


def offsets(array: pa.Array) -> npt.NDArray[Any]:
    """Return the `len(array) + 1` offsets of a string, binary, list or map array."""
    kind = array.type
    wide = t.is_large_list(kind) or t.is_large_binary(kind) or t.is_large_string(kind)
    dtype = np.dtype(np.int64 if wide else np.int32)
    buffer = array.buffers()[1]
    if buffer is None or not buffer.size:  # the format lets an empty array have no offsets
        return np.zeros(1, dtype)
    return np.frombuffer(buffer, dtype, len(array) + 1, array.offset * dtype.itemsize)


def list_ranges(array: pa.Array) -> tuple[Ints, Ints]:
    """Return start and length in the child of each value of a list, map or list view (copies)."""
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
    """Return the length of each value of a string view or binary view array."""
    found: npt.NDArray[np.int32] = fixed(array, np.int32, 4)
    return found[::4]


def data_bytes(array: pa.Array, start: int, stop: int) -> Bytes:
    """Return bytes `start` to `stop` of the data buffer of a string or binary array."""
    if stop <= start:
        return np.empty(0, np.uint8)
    return np.frombuffer(array.buffers()[2], np.uint8, stop - start, start)
