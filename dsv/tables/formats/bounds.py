"""How much a file may claim: what a few bytes can stand for is refused before it is walked.

Runs, nulls, dictionaries and views let a small file stand for any amount of values. Each
bound is a count that any file may have, or a multiple of the file's size if that is more.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import types as t

from dsv.errors import NoTable
from dsv.tables.values.layout import list_ranges, offsets, view_lengths

MAX_COLUMNS = 1 << 17
"""Columns of a table, and leaves of a Parquet schema."""

_FREE_ROWS, _ROWS_A_BYTE = 1 << 26, 1 << 10
_FREE_VALUES, _VALUES_A_BYTE = 1 << 30, 1 << 14
_FREE_TEXT, _TEXT_A_BYTE = 4 << 30, 1 << 11
_SLOT = 32
"""Bytes that a value counts for whose length has to be looked up, beside its own: it takes as long."""

_Weights = npt.NDArray[Any] | float
"""For each slot how many values and bytes it stands for: shape (slots,), or one `float` for all of them.

A null counts like a value. An index of a dictionary stands for what it names, so one that is named often
is counted often.
"""


def check_columns(columns: int) -> None:
    """Refuse a table of too many columns.

    Raises:
        NoTable: It is one; the message has the count.
    """
    if columns > MAX_COLUMNS:
        raise NoTable(f"{columns:,} columns; dsv reads {MAX_COLUMNS:,}")


class Budget:
    """What is left of what a file may claim.

    Args:
        size: Bytes of the file.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._rows = 0
        self._values = 0.0
        self._bytes = 0

    def take_rows(self, rows: int, columns: int) -> None:
        """Count rows to come of some columns.

        Args:
            rows: How many more rows there are.
            columns: How many columns each has.

        Raises:
            NoTable: They are more than a file of this size can hold; the message has the count.
        """
        self._rows += rows
        if self._rows > max(_FREE_ROWS, self._size * _ROWS_A_BYTE):
            raise NoTable(f"{self._rows:,} rows in {self._size:,} bytes, which dsv does not walk through")
        self._take(rows * columns)

    def take_batch(self, batch: pa.RecordBatch) -> None:
        """Count what a valid batch stands for: bytes of plain arrays, values of encoded ones.

        No time is spent on what is only claimed.

        Raises:
            NoTable: It is more than a file of this size can hold; the message has the count.
        """
        encoded = [_encoded(column.type) for column in batch.columns]
        plain = [column for column, more in zip(batch.columns, encoded, strict=True) if not more]
        self._bytes += sum(column.nbytes + _SLOT * _slots(column) for column in plain)
        if self._bytes > (limit := _most_bytes(self._size)):
            raise NoTable(f"values of more than {limit:,} bytes in {self._size:,} bytes")
        self._take(sum(_total(column) for column, more in zip(batch.columns, encoded, strict=True) if more))

    def _take(self, values: float) -> None:
        self._values += values
        if self._values > max(_FREE_VALUES, self._size * _VALUES_A_BYTE):
            raise NoTable(
                f"{self._values:,.0f} values in {self._size:,} bytes, which dsv does not walk through"
            )


def check_unpacked(unpacked: int, size: int) -> None:
    """Refuse a compressed text that unpacks to too much.

    Raises:
        NoTable: It does; the message has the count.
    """
    if unpacked > (limit := _most_bytes(size)):
        raise NoTable(f"{size:,} bytes that unpack to more than {limit:,}")


def _most_bytes(size: int) -> int:
    return max(_FREE_TEXT, size * _TEXT_A_BYTE)


def _encoded(kind: pa.DataType) -> bool:
    """Whether arrays of a type may stand for more than their buffers have bytes."""
    if isinstance(kind, pa.BaseExtensionType):
        return _encoded(kind.storage_type)
    if t.is_dictionary(kind) or t.is_run_end_encoded(kind) or t.is_null(kind):
        return True
    if t.is_string_view(kind) or t.is_binary_view(kind) or t.is_list_view(kind) or t.is_large_list_view(kind):
        return True
    return t.is_fixed_size_list(kind) or any(_encoded(kind.field(i).type) for i in range(kind.num_fields))


def _slots(array: pa.Array) -> int:
    """Return how many values of a plain array have a length of their own.

    It is 3 for ["a", "b", "c"], 0 for [1, 2], and 5 for [["a", "b"], ["c"]]: two lists and three
    texts. Of a slice only what it shows is counted.
    """
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        return _slots(array.storage)
    if t.is_string(kind) or t.is_binary(kind) or t.is_large_string(kind) or t.is_large_binary(kind):
        return len(array)
    if t.is_struct(kind):
        return sum(_slots(array.field(place)) for place in range(kind.num_fields))
    if not (t.is_list(kind) or t.is_large_list(kind) or t.is_map(kind)):
        return 0
    ends = offsets(array)
    first, last = int(ends[0]), int(ends[-1])
    inner = (array.keys, array.items) if t.is_map(kind) else (array.values,)
    return len(array) + sum(_slots(child.slice(first, last - first)) for child in inner)


def _total(array: pa.Array) -> float:
    """Return what all slots of an encoded array stand for.

    Three nulls of type null stand for 24, the runs [7, 9] over five slots for 40: eight bytes each.
    """
    if isinstance(array, pa.ExtensionArray):
        return _total(array.storage)
    if t.is_run_end_encoded(array.type):
        return len(array) * _greatest(_weights(array.values))
    return _sum(_weights(array), len(array))


def _weights(array: pa.Array) -> _Weights:
    """Return what each slot stands for; never less than it does.

    ["ab", "c"] is [10, 9], in a dictionary too; [1, 2] is 8.0 for all; the lists [[1, 2], []] are
    [17, 1]; of fixed size, [[1, 2]] is 17.0 for all.
    """
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        return _weights(array.storage)
    if t.is_dictionary(kind):
        return _named(array)
    if t.is_run_end_encoded(kind):
        return _greatest(_weights(array.values))
    if t.is_string_view(kind) or t.is_binary_view(kind):
        return 8.0 + view_lengths(array)
    if t.is_string(kind) or t.is_binary(kind) or t.is_large_string(kind) or t.is_large_binary(kind):
        return 8.0 + np.diff(offsets(array))
    if t.is_fixed_size_binary(kind):
        return 8.0 + float(kind.byte_width)
    if t.is_struct(kind):
        inner: _Weights = 1.0
        for place in range(kind.num_fields):
            inner = inner + _weights(array.field(place))
        return inner
    if t.is_fixed_size_list(kind):
        return 1.0 + float(kind.list_size) * _greatest(_weights(array.values))
    if kind.num_fields:
        return _lists(array)
    return 8.0


def _named(array: pa.DictionaryArray) -> _Weights:
    """Return the weights of the values that a dictionary array names; a null counts as the first value."""
    weights = _weights(array.dictionary)
    if isinstance(weights, float):
        return weights
    if not len(weights):
        return 1.0
    named: npt.NDArray[Any] = weights[np.asarray(array.indices.fill_null(0)).astype(np.int64)]
    return named


def _lists(array: pa.Array) -> _Weights:
    """Return the weights of lists, maps or list views: 1, and those of their items."""
    starts, lengths = list_ranges(array)
    if t.is_map(array.type):
        child: _Weights = _weights(array.keys) + _weights(array.items)
        length = len(array.keys)
    else:
        child, length = _weights(array.values), len(array.values)
    if isinstance(child, float):
        return 1.0 + lengths * child
    sums = np.concatenate(([0.0], np.cumsum(child)))
    stops = np.minimum(starts + lengths, length)
    inside: npt.NDArray[Any] = sums[stops] - sums[np.minimum(starts, length)]
    return 1.0 + inside


def _greatest(weights: _Weights) -> float:
    """Return the largest weight; 1.0 of none."""
    return weights if isinstance(weights, float) else float(weights.max()) if len(weights) else 1.0


def _sum(weights: _Weights, slots: int) -> float:
    """Return the weights of `slots` slots added up."""
    return weights * slots if isinstance(weights, float) else float(weights.sum())
