"""Text and bytes as views into buffers: what lies under their nulls, which Arrow reads and does not check."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyarrow import types as t

from dsv.errors import NoTable

_INLINE = 12
"""Bytes that a view holds itself."""


def check_views(array: pa.Array) -> None:
    """See that also the views under nulls stay in their buffers; the array must be valid otherwise.

    Arrow's casts copy what they point to, null or not.

    Args:
        array: Values of any type; views inside of it are checked too.

    Raises:
        NoTable: One does not.
    """
    if t.is_string_view(array.type) or t.is_binary_view(array.type):
        _check(array)
    for inner in _inside(array):
        check_views(inner)


def _check(array: pa.Array) -> None:
    """Check the views of one string view or binary view array.

    A view is four int32: length, first four bytes, number of a data buffer, offset in it. One of
    at most `_INLINE` bytes holds them in place of the last three: "short" is [5, "shor", "t", 0].
    """
    _, views, *data = array.buffers()
    if views is None or not len(array) or not array.null_count:
        return
    # Shape (slots, 4), columns as said above; `long` has the rows of views that point into a buffer.
    fields = np.frombuffer(views, np.int32, 4 * len(array), 16 * array.offset).reshape(len(array), 4)
    long = fields[fields[:, 0] > _INLINE].astype(np.int64)
    sizes = np.array([0 if buffer is None else buffer.size for buffer in data], np.int64)
    wrong = (fields[:, 0] < 0).any() or (
        (long[:, 2] < 0) | (long[:, 2] >= len(sizes)) | (long[:, 3] < 0)
    ).any()
    if wrong or (long[:, 3] + long[:, 0] > sizes[long[:, 2]]).any():
        raise NoTable("damaged Arrow: a view points outside of its buffers")


def _inside(array: pa.Array) -> Iterator[pa.Array]:
    """Yield the children of an array whole, also what a slice does not show."""
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        yield array.storage
    elif t.is_dictionary(kind):
        yield array.dictionary
    elif t.is_run_end_encoded(kind):
        yield array.values
    elif t.is_map(kind):
        yield array.keys
        yield array.items
    elif t.is_struct(kind):
        yield from (array.field(place) for place in range(kind.num_fields))
    elif kind.num_fields and hasattr(array, "values"):
        yield array.values
