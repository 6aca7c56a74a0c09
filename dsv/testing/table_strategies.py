"""Hypothesis strategies for Arrow tables, and one table in any number of layouts.

A column is drawn as a type and Python values; `plain` builds the array that a writer
would, `relaid` one that means the same and shares no byte with it if it can help it:
dictionaries, runs, views, wide offsets, slices, and garbage wherever the format allows it.
"""

import struct
from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate, pairwise
from random import Random
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st
from pyarrow import types as t

from dsv.hashing import file_id

Values = list[Any]
"""Python values, one for each slot; None is null, a struct is a tuple, a map a list of pairs."""


class MeantColumn(NamedTuple):
    """A column as what it means: temporal values are integers, decimals are `Decimal`."""

    kind: pa.DataType
    values: Values


_INTS = {
    kind: (
        0 if str(kind).startswith("u") else -(1 << kind.bit_width - 1),
        (1 << kind.bit_width - (0 if str(kind).startswith("u") else 1)) - 1,
    )
    for kind in (
        *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
        *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
    )
}
_TEMPORAL = {
    pa.date32(): pa.int32(),
    pa.time32("ms"): pa.int32(),
    pa.time64("us"): pa.int64(),
    pa.timestamp("us"): pa.int64(),
    pa.timestamp("ns", "UTC"): pa.int64(),
    pa.timestamp("ms", "Europe/Berlin"): pa.int64(),
    pa.duration("s"): pa.int64(),
}
_DECIMALS = (pa.decimal128(5, 2), pa.decimal128(18, 0), pa.decimal128(38, 9), pa.decimal256(60, 10))
_FLOATS = {pa.float16(): ("<e", "<u2"), pa.float32(): ("<f", "<u4"), pa.float64(): ("<d", "<u8")}

_LEAVES = (
    *_INTS,
    *_TEMPORAL,
    *_DECIMALS,
    *_FLOATS,
    *(pa.bool_(), pa.string(), pa.binary(), pa.binary(3), pa.null()),
)


def kinds() -> st.SearchStrategy[pa.DataType]:
    """Types of every sort that has a table id, nested up to a few levels."""
    return st.recursive(
        st.sampled_from(_LEAVES),
        lambda below: st.one_of(
            below.map(pa.list_),
            st.tuples(below, st.integers(0, 3)).map(lambda pair: pa.list_(*pair)),
            st.tuples(st.sampled_from([pa.string(), pa.int16()]), below).map(lambda pair: pa.map_(*pair)),
            st.lists(below, min_size=1, max_size=3).map(
                lambda found: pa.struct([pa.field(f"f{i}", kind) for i, kind in enumerate(found)])
            ),
        ),
        max_leaves=4,
    )


def present(kind: pa.DataType) -> st.SearchStrategy[Any]:
    """Values of a type that are not null (nested values may hold nulls)."""
    if kind in _INTS:
        return st.integers(*_INTS[kind])
    if kind in _TEMPORAL:
        within_a_day = kind.bit_width == 32 or t.is_time(kind)
        return st.integers(0, 86_399_999) if within_a_day else st.integers(-(2**40), 2**40)
    if kind in _FLOATS:
        return st.floats(width=kind.bit_width)
    if t.is_decimal(kind):
        limit = 10**kind.precision - 1
        return st.integers(-limit, limit).map(
            lambda n: Decimal((int(n < 0), tuple(map(int, str(abs(n)))), -kind.scale))
        )
    if t.is_boolean(kind):
        return st.booleans()
    if t.is_string(kind):
        return st.text(max_size=20)
    if t.is_fixed_size_binary(kind):
        return st.binary(min_size=kind.byte_width, max_size=kind.byte_width)
    if t.is_binary(kind):
        return st.binary(max_size=20)
    if t.is_struct(kind):
        return st.tuples(*(values(kind.field(i).type) for i in range(kind.num_fields)))
    if t.is_map(kind):
        pair = st.tuples(present(kind.key_type), values(kind.item_type))
        return st.lists(pair, max_size=3)
    if t.is_fixed_size_list(kind):
        return st.lists(values(kind.value_type), min_size=kind.list_size, max_size=kind.list_size)
    if t.is_list(kind):
        return st.lists(values(kind.value_type), max_size=3)
    return st.none()


def values(kind: pa.DataType) -> st.SearchStrategy[Any]:
    """Values of a type, null among them."""
    return st.none() | present(kind)


@st.composite
def columns(draw: st.DrawFn, rows: int | None = None) -> MeantColumn:
    """Columns of any type, of `rows` values or of a few."""
    kind = draw(kinds())
    size = draw(st.integers(0, 12)) if rows is None else rows
    found = present(kind) if draw(st.booleans()) else values(kind)
    return MeantColumn(kind, draw(st.lists(found, min_size=size, max_size=size)))


def plain(column: MeantColumn) -> pa.Array:
    """Return the array that a careful writer would make."""
    return _Builder(None, {}).build(*column)


@st.composite
def relaid(draw: st.DrawFn, column: MeantColumn) -> pa.Array:
    """Arrays that mean the same as `plain(column)` and are laid out in another way."""
    junk: dict[pa.DataType, Any] = {}
    for kind in _below(column.kind):
        junk[kind] = draw(present(kind))
    return _Builder(draw(st.randoms(use_true_random=False)), junk).build(*column)


@st.composite
def cut(draw: st.DrawFn, array: pa.Array) -> list[pa.Array]:
    """The array in pieces, some of them perhaps empty."""
    ends = sorted(draw(st.lists(st.integers(0, len(array)), max_size=4)))
    edges = [0, *ends, len(array)]
    return [array.slice(start, stop - start) for start, stop in pairwise(edges)]


def meaning(column: MeantColumn) -> str:
    """Return a text that is equal for columns of one meaning, and for no others."""
    return f"{column.kind} {column.values!r}"


def _below(kind: pa.DataType) -> list[pa.DataType]:
    found = [kind]
    if t.is_map(kind):
        return [*found, *_below(kind.key_type), *_below(kind.item_type)]
    for i in range(kind.num_fields):
        found += _below(kind.field(i).type)
    return found


class _Builder:
    """Builds arrays; with a source of randomness, in odd layouts."""

    def __init__(self, random: Random | None, junk: dict[pa.DataType, Any]) -> None:
        self._random = random
        self._junk = junk

    def build(self, kind: pa.DataType, items: Sequence[Any]) -> pa.Array:
        """Return an array of `items`, as many slots, in whatever layout comes up."""
        if self._random is None:
            return self._laid(kind, items)
        leaf = not kind.num_fields and not t.is_null(kind)
        match self._random.randrange(6):
            case 0 if leaf:
                order = list(range(len(items)))
                self._random.shuffle(order)
                place = {old: new for new, old in enumerate(order)}
                shuffled = self._laid(kind, [items[i] for i in order])
                narrow = [pa.int8()] if len(items) < 128 else []
                wide = self._random.choice([*narrow, pa.uint16(), pa.int32()])
                indices = [
                    None if items[i] is None and self._random.random() < 0.5 else place[i]
                    for i in range(len(items))
                ]
                return pa.DictionaryArray.from_arrays(pa.array(indices, wide), shuffled)
            case 1 if leaf and items and kind not in _DECIMALS:
                ends = list(range(1, len(items) + 1))
                return pa.RunEndEncodedArray.from_arrays(pa.array(ends, pa.int32()), self._laid(kind, items))
            case 2:
                before, after = self._random.randrange(10), self._random.randrange(3)
                filler = self._junk[kind]
                padded = [*[filler] * before, *items, *[filler] * after]
                return self._laid(kind, padded).slice(before, len(items))
            case _:
                return self._laid(kind, items)

    def _laid(self, kind: pa.DataType, items: Sequence[Any]) -> pa.Array:
        """Return an array of `items` in a plain layout of its type; children may be in any.

        Under a null stands `_zero(kind)`, or with randomness junk: nobody may look there.
        """
        if t.is_null(kind):
            return pa.nulls(len(items))
        odd = self._random is not None
        missing = [item is None for item in items]
        filler = self._junk[kind] if odd else _zero(kind)
        filled = [filler if item is None else item for item in items]
        masked = any(missing) or (odd and self._pick(True, False))
        mask = pa.array(missing, pa.bool_()) if masked else None
        if t.is_struct(kind):
            return self._struct(kind, filled, mask)
        if t.is_map(kind):
            return self._map(kind, filled, missing, masked)
        if t.is_fixed_size_list(kind):
            child = self.build(kind.value_type, [value for item in filled for value in item])
            if not kind.list_size:
                kept = pa.list_(child.type, 0)
                return pa.Array.from_buffers(kept, len(filled), [_bitmap(missing)], children=[child])
            return pa.FixedSizeListArray.from_arrays(child, kind.list_size, mask=mask)
        if t.is_list(kind):
            return self._list(kind, filled, mask)
        return _masked(self._leaf(kind, filled), missing, masked=masked)

    def _struct(self, kind: pa.DataType, filled: Values, mask: pa.Array | None) -> pa.Array:
        """Return a struct array.

        Args:
            kind: Its type.
            filled: For each slot a tuple of the values of its fields, also under nulls.
            mask: For each slot whether it is null (Arrow's `mask`: True is null); None: none is.
        """
        children = [
            self.build(kind.field(i).type, [item[i] for item in filled]) for i in range(kind.num_fields)
        ]
        names = [kind.field(i).name for i in range(kind.num_fields)]
        return pa.StructArray.from_arrays(children, names, mask=mask)

    def _map(self, kind: pa.DataType, filled: Values, missing: list[bool], masked: bool) -> pa.Array:
        """Return a map array; only keys are in plain layouts.

        Args:
            kind: Its type.
            filled: For each slot a list of pairs, also under nulls.
            missing: For each slot whether it is null.
            masked: Whether to give it a validity bitmap, be it all ones.
        """
        pairs = [pair for item in filled for pair in item]
        keys = self._laid(kind.key_type, [key for key, _ in pairs])
        items = self.build(kind.item_type, [item for _, item in pairs])
        ends = pa.array([0, *accumulate(len(item) for item in filled)], pa.int32())
        array = pa.MapArray.from_arrays(ends, keys, items)
        if not masked:
            return array
        entries = pa.StructArray.from_arrays(
            [keys, items], fields=[array.type.key_field, array.type.item_field]
        )
        return pa.Array.from_buffers(
            array.type, len(filled), [_bitmap(missing), ends.buffers()[1]], children=[entries]
        )

    def _list(self, kind: pa.DataType, filled: Values, mask: pa.Array | None) -> pa.Array:
        """Return a list or list view array; `mask` as in `_struct`. In views rows lie in any order."""
        lengths = [len(item) for item in filled]
        starts = [0, *accumulate(lengths)]
        flat = [value for item in filled for value in item]
        layout = self._pick("list", "large", "view", "large view")
        if layout in {"list", "large"}:
            kept, wide = (pa.ListArray, pa.int32()) if layout == "list" else (pa.LargeListArray, pa.int64())
            return kept.from_arrays(pa.array(starts, wide), self.build(kind.value_type, flat), mask=mask)
        order = list(range(len(filled)))
        if self._random is not None:
            self._random.shuffle(order)
        places = [0] * len(filled)
        flat = []
        for i in order:
            places[i] = len(flat)
            flat += filled[i]
        child = self.build(kind.value_type, flat)
        kept, wide = (
            (pa.ListViewArray, pa.int32()) if layout == "view" else (pa.LargeListViewArray, pa.int64())
        )
        return kept.from_arrays(pa.array(places, wide), pa.array(lengths, wide), child, mask=mask)

    def _leaf(self, kind: pa.DataType, filled: Values) -> pa.Array:
        """Return an array of values that have none inside, without nulls."""
        if kind in _FLOATS:
            return self._floats(kind, filled)
        if kind in _TEMPORAL:
            return pa.array(filled, _TEMPORAL[kind]).view(kind)
        if t.is_string(kind):
            return pa.array(filled, self._pick(pa.string(), pa.large_string(), pa.string_view()))
        if t.is_binary(kind):
            return pa.array(filled, self._pick(pa.binary(), pa.large_binary(), pa.binary_view()))
        if t.is_decimal(kind):
            wider = pa.decimal256(kind.precision, kind.scale)
            small = [pa.decimal32] if kind.precision <= 9 else []
            middle = [pa.decimal64] if kind.precision <= 18 else []
            narrow = [make(kind.precision, kind.scale) for make in (*small, *middle)]
            return pa.array(filled, self._pick(kind, wider, *narrow))
        return pa.array(filled, kind)

    def _floats(self, kind: pa.DataType, filled: Values) -> pa.Array:
        """Return floats, whose NaNs have any payload where there is randomness."""
        code, raw = _FLOATS[kind]
        data = np.frombuffer(b"".join(struct.pack(code, value) for value in filled), raw).copy()
        if self._random is not None:
            for i, value in enumerate(filled):
                if value != value:  # noqa: PLR0124 - a NaN, which may have any payload
                    data[i] |= data.dtype.type(self._random.randrange(1, 100))
        return pa.Array.from_buffers(kind, len(filled), [None, pa.py_buffer(data.tobytes())])

    def _pick(self, usual: Any, *others: Any) -> Any:
        return usual if self._random is None else self._random.choice([usual, *others])


def _masked(array: pa.Array, missing: list[bool], *, masked: bool) -> pa.Array:
    """Return `array`, which holds no null, with nulls laid over its values."""
    if not masked:
        return array
    buffers = [_bitmap(missing), *array.buffers()[1:]]
    return pa.Array.from_buffers(array.type, len(array), buffers)


def _bitmap(missing: list[bool]) -> pa.Buffer:
    """Return a validity bitmap: bit i, lowest first, is 0 where slot i is `missing`.

    [False, True, False] is the bits 1, 0, 1; the five above them are ones, which nobody may look at.
    """
    packed = np.packbits(~np.array(missing, np.bool_), bitorder="little")
    if len(missing) % 8 and len(packed):
        packed[-1] |= np.uint8(0xFF << len(missing) % 8 & 0xFF)  # bits that nobody may look at
    return pa.py_buffer(packed.tobytes())


def _zero(kind: pa.DataType) -> Any:
    """Return what a writer leaves in a slot that is null: 0, nothing, or nulls inside."""
    if t.is_struct(kind):
        return (None,) * kind.num_fields
    if t.is_fixed_size_list(kind):
        return [None] * kind.list_size
    if t.is_fixed_size_binary(kind):
        return bytes(kind.byte_width)
    if t.is_map(kind) or t.is_list(kind):
        return []
    if t.is_boolean(kind):
        return False
    if t.is_decimal(kind):
        return Decimal(0)
    return "" if t.is_string(kind) else b"" if t.is_binary(kind) else 0


class MemorySource:
    """Bytes in memory as a byte source."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.size = len(data)
        self._data = data

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly `length` bytes from `offset`.

        Raises:
            EOFError: The bytes end before that.
        """
        if offset < 0 or offset + length > self.size:
            raise EOFError(f"{self.name} ends before byte {offset + length}")
        return self._data[offset : offset + length]

    def fingerprint(self, offset: int, length: int) -> str:
        """Return a text that is equal for equal bytes in memory."""
        return f"memory:{file_id(self.read_at(offset, length))}"
