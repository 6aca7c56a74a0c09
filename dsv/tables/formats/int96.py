"""INT96, the old timestamp of Parquet: which unit holds all that a file has of it.

Arrow gives nanoseconds modulo 2^64, without a word. Seconds hold every day that INT96 can
say, and both together tell the instant.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import types as t

from dsv.errors import NoTable
from dsv.tables.formats.reader import BATCH_ROWS

_GIGA = 10**9
_MICRO_SECONDS = (2**63 - 1) // 10**6
"""Seconds from 1970 that microseconds hold."""

Open = Callable[[str], Any]
"""Opens the file (a `pyarrow.parquet.ParquetFile`) with INT96 read in a unit."""


def unit(open_as: Open, leaves: Sequence[int]) -> str:
    """Return `ns` if nanoseconds hold all INT96 values, else `us`.

    Args:
        open_as: Opens the file.
        leaves: Which leaf columns are INT96.

    Raises:
        NoTable: Neither does.
    """
    found = "ns"
    fine = False
    with open_as("s") as coarse, open_as("ns") as wrapped:
        for seconds, nanoseconds in zip(_values(coarse, leaves), _values(wrapped, leaves), strict=True):
            within = np.floor_divide(nanoseconds, _GIGA) == seconds
            # The difference is less than a second, so it is right modulo 2^64.
            fraction = nanoseconds.view(np.uint64) - seconds.view(np.uint64) * np.uint64(_GIGA)
            fine = fine or bool((fraction % np.uint64(1000)).any())
            if not within.all():
                found = "us"
                if np.abs(seconds).max() > _MICRO_SECONDS:
                    raise NoTable("INT96 timestamps that neither nanoseconds nor microseconds hold")
    if fine and found == "us":
        raise NoTable(
            "INT96 timestamps beyond the years 1677 to 2262, which nanoseconds do not hold, beside some with "
            "parts of a microsecond, which microseconds do not hold"
        )
    return found


def _values(file: Any, leaves: Sequence[int]) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the timestamps of INT96 columns in the order of the file, in the unit it was opened in.

    Two files opened in other units yield arrays of the same lengths. Shape (values,), int64, no nulls.
    """
    groups = list(range(file.metadata.num_row_groups))
    for batch in file.reader.iter_batches(BATCH_ROWS, groups, list(leaves), use_threads=True):
        for column in batch.columns:
            yield from _instants(column)


def _instants(array: pa.Array) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the timestamps in an array of any depth, without nulls.

    [[1, null], [2]], lists of seconds, yields one array [1, 2]. Shape (values,), int64, in the unit
    of the type, since 1970.
    """
    kind = array.type
    if t.is_timestamp(kind):
        yield np.asarray(array.drop_null().cast(pa.int64()))
    elif t.is_map(kind):
        yield from _instants(array.keys)
        yield from _instants(array.items)
    elif t.is_struct(kind):
        for place in range(kind.num_fields):
            yield from _instants(array.field(place))
    elif kind.num_fields:
        yield from _instants(array.values)
