"""What rows are sorted by and grouped by where floating-point values may differ a little."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dsv.tables.compare.cells import items
from dsv.tables.values.layout import fixed, gather, pieces, validity
from dsv.tables.values.types import Node, Shape

Keys = npt.NDArray[np.float64]
"""A finite number for each value: shape (rows,); of several columns (columns, rows)."""

LARGEST = 0.5
"""Tolerances above this tell no values apart."""


def clusters(
    before: Keys, after: Keys, tolerance: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return for each value the number of its cluster, counted over both sides.

    Sorted values are cut where a gap is clearly wider than the tolerance, so values within the
    tolerance of one another are in one cluster (and others may be, through values between them).

    With a tolerance of 0.01, [1.0, 5.0] and [5.05, 1.01, 9.0] are in the clusters [0, 1] and
    [1, 0, 2]: values near 5 may be 2 * 0.01 * 5 apart.

    Args:
        before: Finite values, shape (rows before,).
        after: Finite values of the other side, shape (rows after,).
        tolerance: As of a policy; above `LARGEST` there is one cluster, 0.

    Returns:
        Two arrays of int64, one number for each value of `before` and of `after`; numbers ascend
        with the values from 0.
    """
    values = np.concatenate((before, after))
    if tolerance > LARGEST or not len(values):
        found = np.zeros(len(values), np.int64)
    else:
        order = np.argsort(values)
        values = values[order]
        scale = np.maximum(1.0, np.maximum(np.abs(values[1:]), np.abs(values[:-1])))
        with np.errstate(over="ignore"):
            apart = np.diff(values) > 2 * tolerance * scale
        found = np.empty(len(values), np.int64)
        found[order] = np.concatenate(([0], np.cumsum(apart)))
    return found[: len(before)], found[len(before) :]


def floating(node: Node) -> bool:
    """Return whether values of a type are, or hold, floating-point numbers."""
    return any(part.shape is Shape.FLOAT for part in node.walk())


def sort_key(array: pa.Array, node: Node) -> Keys:
    """Return for each value the sum of the finite floating-point numbers in it.

    [1.5, null, nan] has [1.5, 0, 0]; [[1.0, 2.5], null, [], [inf, 4.0]] has [3.5, 0, 0, 4.0].

    Args:
        array: Values in any encoding.
        node: Their type; of one without floats the keys are 0.

    Returns:
        Shape (len(array),), never null.
    """
    parts = [_plain_key(part, node) for part in pieces(array)]
    return np.concatenate(parts) if parts else np.zeros(0)


def _plain_key(array: pa.Array, node: Node) -> Keys:
    """Like `sort_key`, of an array in a plain layout. The result shares no memory with `array`."""
    found = np.zeros(len(array))
    if node.shape is Shape.FLOAT:
        found = fixed(array, f"<f{node.width}").astype("<f8")
        found[~np.isfinite(found)] = 0
    elif node.shape is Shape.STRUCT:
        for place, child in enumerate(node.children):
            if floating(child):
                found += sort_key(array.field(place), child)
    elif node.children:
        found = _list_key(array, node)
    valid = validity(array)
    if valid is not None:
        found[~valid] = 0
    return found


def _list_key(array: pa.Array, node: Node) -> Keys:
    """Return for each row of a plain list or map the sum of its items' keys, 0 for null and empty ones."""
    children, starts, lengths = items(array, node)
    valid = validity(array)
    lengths = lengths if valid is None else np.where(valid, lengths, 0)
    found = np.zeros(len(array))
    used = np.flatnonzero(lengths)
    firsts = (np.cumsum(lengths) - lengths)[used]
    for child, kind in zip(children, node.children, strict=True):
        if floating(kind) and len(used):
            values = np.concatenate([sort_key(part, kind) for part in gather(child, starts, lengths)])
            found[used] += np.add.reduceat(values, firsts)
    return found
