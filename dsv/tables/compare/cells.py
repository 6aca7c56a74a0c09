"""How far apart the values of two columns are, row by row, whatever their layout and nesting."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dsv.tables.values import kernels as pc
from dsv.tables.values.layout import Bools, Ints, bits, fixed, gather, list_ranges, pieces, validity
from dsv.tables.values.types import Node, Shape

Distances = npt.NDArray[np.float64]
"""One number a row, shape (rows,): `SAME`; or how far floating-point values differ,
`|a-b| / max(1, |a|, |b|)`, the largest in a nested value; or `FAR`. Zero and minus zero, which are not
the same, are 0 apart."""

SAME = -1.0
"""The distance of values that are the same; below every other, so that the largest of several counts."""

FAR = np.inf
"""The distance of values that differ in what no number measures: other types than floats, null or an
infinity and a number, lists of unlike length."""

STRETCH = 1 << 16
"""Nested values that are looked at together, unless one row alone has more."""

_DECIMAL_WORDS = 4
"""64-bit words of the widest decimal, decimal256."""


def distances(before: pa.Array, after: pa.Array, node: Node, tolerance: float = 0.0) -> Distances | None:
    """Return how far apart the values of two arrays of one length are; None: all the same.

    Same means what it means in a table id: logical nulls, one NaN, minus zero is not zero.
    Infinities are only like themselves. Everything but floating-point values is either the
    same or far apart.

    [1.0, 4.0, null, 0.0] and [1.0, 5.0, 2.0, -0.0] are [SAME, 0.2, FAR, 0.0] apart; the integers
    [1, 2] and [1, 3] are [SAME, FAR]; the lists [[1.0, 2.0], [4.0], []] and
    [[1.0, 2.0], [5.0], [1.0]] are [SAME, 0.2, FAR].

    Args:
        before: Values of type `node`, in any encoding.
        after: As many values of the same type.
        node: The type.
        tolerance: Distances are rounded so that those at most `tolerance` are just those
            where `|a-b| <= tolerance * max(1, |a|, |b|)` holds in double precision.

    Returns:
        Shape (len(before),), float64; null in both is `SAME`, in one `FAR`.
    """
    found: Distances | None = None
    start = 0
    for one, other in side_by_side(pieces(before), pieces(after)):
        part = _plain(one, other, node, tolerance)
        if part is not None:
            if found is None:
                found = np.full(len(before), SAME)
            found[start : start + len(one)] = part
        start += len(one)
    return found


def side_by_side(
    before: Iterable[pa.Array], after: Iterable[pa.Array]
) -> Iterator[tuple[pa.Array, pa.Array]]:
    """Yield two arrays that come in pieces as pairs of pieces of equal length.

    [1, 2, 3] beside [4] and [5, 6] comes as ([1], [4]) and ([2, 3], [5, 6]). Nothing is copied.

    Args:
        before: Pieces of one array.
        after: Pieces of another one with at least as many slots together.
    """
    others = iter(after)
    other: pa.Array | None = None
    for one in before:
        while len(one):
            while other is None or not len(other):
                other = next(others)
            size = min(len(one), len(other))
            yield one.slice(0, size), other.slice(0, size)
            one, other = one.slice(size), other.slice(size)  # noqa: PLW2901


def decimal_words(array: pa.Array) -> npt.NDArray[np.int64]:
    """Return plain decimals as rows of four 64-bit words, least first, whatever their width.

    They are the unscaled numbers in two's complement: 1.50 and -0.01 of scale 2 are
    [[150, 0, 0, 0], [-1, -1, -1, -1]]. Shape (len(array), 4), int64, a copy.
    """
    width = array.type.bit_width
    if width < 64:
        words = fixed(array, "<i4").astype("<i8").reshape(len(array), 1)
    else:
        words = fixed(array, "<i8", width // 64).reshape(len(array), width // 64)
    missing = _DECIMAL_WORDS - words.shape[1]
    return np.concatenate((words, np.repeat(words[:, -1:] >> 63, missing, axis=1)), axis=1)


def row_stretches(lengths: Ints) -> Iterator[slice]:
    """Yield stretches of rows that have about `STRETCH` items together, one row at least.

    Rows of [60000, 5000, 1000, 200000, 1] items are cut before rows 2, 3 and 4: 65,000 items fit,
    1,000 more do not, and a row that is too large stands alone.

    Args:
        lengths: How many items each row has.

    Yields:
        Slices of row places, in order and without gaps.
    """
    ends = np.cumsum(lengths)
    start = 0
    while start < len(lengths):
        base = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, base + STRETCH, side="right")))
        yield slice(start, stop)
        start = stop


def items(array: pa.Array, node: Node) -> tuple[tuple[pa.Array, ...], Ints, Ints]:
    """Return the children of a plain list, map or fixed-size list, and start and length of each row in them.

    Children are whole (a map has keys and items, the others have one), and starts count from
    their first slot; so a slice has large starts. Lengths of nulls mean nothing.

    [[1, 2], [], [3], null] has the child [1, 2, 3], the starts [0, 2, 2, 3] and the lengths
    [2, 0, 1, 0]. Of the fixed-size lists [[1, 2], [3, 4], [5, 6]], rows 1 and 2 alone have the
    child [1, 2, 3, 4, 5, 6], the starts [2, 4] and the lengths [2, 2].
    """
    if node.shape is Shape.FIXED_LIST:
        starts = (array.offset + np.arange(len(array), dtype=np.int64)) * node.width
        return (array.values,), starts, np.full(len(array), node.width, np.int64)
    starts, lengths = list_ranges(array)
    return ((array.keys, array.items) if node.shape is Shape.MAP else (array.values,)), starts, lengths


def _plain(before: pa.Array, after: pa.Array, node: Node, tolerance: float) -> Distances | None:
    """Like `distances`, of arrays in a plain layout."""
    if node.shape is Shape.NULL:
        return None
    one, other = validity(before), validity(after)
    if one is None and other is None:
        return _values(before, after, node, None, tolerance)
    whole = np.ones(len(before), np.bool_)
    one, other = whole if one is None else one, whole if other is None else other
    found = _values(before, after, node, one & other, tolerance)
    unlike = one != other
    if unlike.any():
        found = np.full(len(before), SAME) if found is None else found
        found[unlike] = FAR
    return found


def _values(
    before: pa.Array, after: pa.Array, node: Node, both: Bools | None, tolerance: float
) -> Distances | None:
    """Return the distances of values where `both` sides have one; elsewhere `SAME`.

    Args:
        before: Plain values.
        after: As many.
        node: Their type.
        both: Rows where neither side is null, None for all; also of the functions below.
        tolerance: As of `distances`.

    Returns:
        Shape (len(before),); None: `SAME` throughout.
    """
    match node.shape:
        case Shape.FLOAT:
            return _floats(before, after, node, both, tolerance)
        case Shape.STRUCT:
            return _struct(before, after, node, both, tolerance)
        case Shape.LIST | Shape.MAP | Shape.FIXED_LIST:
            return _lists(before, after, node, both, tolerance)
        case Shape.BITS:
            differ = bits(before.buffers()[1], before.offset, len(before)) != bits(
                after.buffers()[1], after.offset, len(after)
            )
        case Shape.DECIMAL:
            differ = (decimal_words(before) != decimal_words(after)).any(axis=1)
        case Shape.BYTES:
            differ = _bytes_differ(before, after)
        case _:
            differ = _fixed_differ(before, after, node.width)
    if both is not None:
        differ &= both
    return np.where(differ, FAR, SAME) if differ.any() else None


def _fixed_differ(before: pa.Array, after: pa.Array, width: int) -> Bools:
    """Return which values of `width` bytes differ in any bit; those under nulls count too."""
    if width in {1, 2, 4, 8}:
        differ: Bools = fixed(before, f"<u{width}") != fixed(after, f"<u{width}")
        return differ
    one, other = fixed(before, np.uint8, width), fixed(after, np.uint8, width)
    found: Bools = (one != other).reshape(len(before), width).any(axis=1)
    return found


def _bytes_differ(before: pa.Array, after: pa.Array) -> Bools:
    """Return which texts or byte strings differ; a row with a null on either side does not."""
    wide = pa.large_binary()
    same = pc.equal(pc.cast(before, wide), pc.cast(after, wide))
    return ~np.asarray(pc.fill_null(same, True))


def _floats(
    before: pa.Array, after: pa.Array, node: Node, both: Bools | None, tolerance: float
) -> Distances | None:
    """Return the distances of plain floats: only where bits differ is anything computed."""
    one, other = fixed(before, f"<u{node.width}"), fixed(after, f"<u{node.width}")
    differ = one != other
    if both is not None:
        differ &= both
    places = np.flatnonzero(differ)
    if not len(places):
        return None
    kind = f"<f{node.width}"
    apart = _apart(one[places].view(kind).astype("<f8"), other[places].view(kind).astype("<f8"), tolerance)
    if (apart == SAME).all():
        return None
    found = np.full(len(before), SAME)
    found[places] = apart
    return found


def _apart(a: Distances, b: Distances, tolerance: float) -> Distances:
    """Return the distances of values that differ in their bits.

    The finite 1.0 and 3.0 are 2/3 apart, 0.0 and -0.0 are 0.0, two NaNs of other bits are `SAME`,
    a NaN or an infinity and anything else `FAR`.

    Args:
        a: Values of one side, float64.
        b: As many of the other.
        tolerance: As of `distances`.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        gap = np.abs(a - b)
        scale = np.maximum(1.0, np.maximum(np.abs(a), np.abs(b)))
        found = gap / scale
        close = gap <= tolerance * scale
    # The quotient and the product may be rounded apart: the product is the definition.
    found = np.where(close & (found > tolerance), tolerance, found)
    found = np.where(~close & (found <= tolerance), np.nextafter(tolerance, FAR), found)
    found[~(np.isfinite(a) & np.isfinite(b))] = FAR
    found[np.isnan(a) & np.isnan(b)] = SAME
    return found


def _struct(
    before: pa.Array, after: pa.Array, node: Node, both: Bools | None, tolerance: float
) -> Distances | None:
    """Return for each row the largest distance of its fields; each field is compared as a column."""
    found: Distances | None = None
    for place, child in enumerate(node.children):
        part = distances(before.field(place), after.field(place), child, tolerance)
        if part is not None:
            found = part if found is None else np.maximum(found, part)
    if found is not None and both is not None:
        found[~both] = SAME
    return found


def _lists(
    before: pa.Array, after: pa.Array, node: Node, both: Bools | None, tolerance: float
) -> Distances | None:
    """Return for each row the largest distance of its items; `FAR` where the lengths differ.

    The integers [[1, 2], [4]] and [[1, 3], [4, 5]] are [FAR, FAR] apart: an item, and a length.
    """
    children, starts, lengths = items(before, node)
    others, other_starts, other_lengths = items(after, node)
    unlike = lengths != other_lengths
    if both is not None:
        unlike &= both
        lengths = np.where(both, lengths, 0)
    lengths = np.where(unlike, 0, lengths)
    found = np.where(unlike, FAR, SAME) if unlike.any() else None
    for rows in row_stretches(lengths):
        for place, child in enumerate(node.children):
            part = _items(
                gather(children[place], starts[rows], lengths[rows]),
                gather(others[place], other_starts[rows], lengths[rows]),
                child,
                lengths[rows],
                tolerance,
            )
            if part is not None:
                found = np.full(len(before), SAME) if found is None else found
                found[rows] = np.maximum(found[rows], part)
    return found


def _items(
    before: Iterator[pa.Array], after: Iterator[pa.Array], node: Node, lengths: Ints, tolerance: float
) -> Distances | None:
    """Return for each row the largest distance of its items; None: all are the same.

    The items [1.0, 2.0, 3.0] and [1.0, 4.0, 3.0] of rows of [2, 0, 1] items are [0.5, SAME, SAME].

    Args:
        before: The items of all rows, in pieces.
        after: As many of the other side.
        node: The type of an item.
        lengths: How many items each row has; of both sides.
        tolerance: As of `distances`.
    """
    found: Distances | None = None
    start = 0
    for one, other in side_by_side(before, after):
        part = distances(one, other, node, tolerance)
        if part is not None:
            if found is None:
                found = np.full(int(lengths.sum()), SAME)
            found[start : start + len(one)] = part
        start += len(one)
    if found is None:
        return None
    used = np.flatnonzero(lengths)
    firsts = (np.cumsum(lengths) - lengths)[used]
    rows = np.full(len(lengths), SAME)
    rows[used] = np.maximum.reduceat(found, firsts)
    return rows
