"""The seam between formats and everything that works on tables."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa

from dsv.errors import NotFound

BATCH_ROWS = 65_536
"""Rows of a batch at most. Batches may be smaller: a wide or heavy table is cut finer."""

BATCH_BYTES = 16 << 20
"""Bytes of a batch that a reader aims to stay under, unless a single row holds more."""


class TableReader(Protocol):
    """A table as a stream of record batches, whatever the format that it is kept in.

    A reader holds no more than a few batches in memory. It may be read many times, also
    by several threads when each has its own iterator.

    Attributes:
        schema: Names and types of the columns; metadata in it means nothing.
        rows: How many rows there are, None where only reading can tell.
    """

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""

    @property
    def rows(self) -> int | None:
        """How many rows there are, None where only reading can tell."""

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order, in batches of at most `BATCH_ROWS`.

        Args:
            columns: Names of those wanted, in that order; None: all, as in `schema`. A
                name that two columns share stands for the first of them.

        Raises:
            NoTable: The bytes turn out not to hold the table that their start promised.
            NotFound: There is no column of a wanted name.
        """


def positions(schema: pa.Schema, columns: Sequence[str] | None) -> list[int]:
    """Return where the wanted columns are in `schema`; None: all.

    In the schema a, b, a the columns b and a are at [1, 0].

    Raises:
        NotFound: There is no column of a wanted name.
    """
    if columns is None:
        return list(range(len(schema)))
    first: dict[str, int] = {}
    for position, name in enumerate(schema.names):
        first.setdefault(name, position)
    for name in columns:
        if name not in first:
            raise NotFound(f"there is no column {name!r}")
    return [first[name] for name in columns]


def rowless(rows: int) -> Iterator[pa.RecordBatch]:
    """Yield batches of no columns that have `rows` rows together, at most `BATCH_ROWS` each; none of 0."""
    for start in range(0, rows, BATCH_ROWS):
        filler = np.zeros(min(BATCH_ROWS, rows - start), np.bool_)
        yield pa.record_batch([pa.array(filler)], names=[""]).select([])
