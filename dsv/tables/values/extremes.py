"""Least and greatest values: exact, comparable, and as text that people read."""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa

from dsv.tables.values import kernels as pc
from dsv.tables.values.layout import bits, fixed, validity
from dsv.tables.values.types import Node

BOUND_BYTES = 256
"""Bytes of a text or binary value that are kept; longer ones are cut and marked so."""


class ValueOrder(Enum):
    """How the values of a type are ordered, and how an extreme is encoded."""

    NONE = "none"
    SIGNED = "signed"
    UNSIGNED = "unsigned"
    BOOL = "bool"
    FLOAT = "float"
    DECIMAL = "decimal"
    BYTES = "bytes"


class Bound(NamedTuple):
    """An extreme value.

    Bounds of one column compare like the values that they stand for: a cut value is
    greater than its whole start.

    Attributes:
        value: An integer (also for bool, dates, times; a decimal without its point), a
            float, or the bytes of a text or binary value.
        cut: Whether `value` is only the first `BOUND_BYTES` of a longer one.
    """

    value: int | float | bytes
    cut: bool = False

    def encode(self) -> bytes:
        """Return the value as bytes: numbers as text that reads back exactly."""
        return self.value if isinstance(self.value, bytes) else repr(self.value).encode()


_ORDERS = {"bool": ValueOrder.BOOL, "utf8": ValueOrder.BYTES, "binary": ValueOrder.BYTES} | {
    f"float{width}": ValueOrder.FLOAT for width in (16, 32, 64)
}
_PREFIXES = (
    ("fixed_binary(", ValueOrder.BYTES),
    ("decimal(", ValueOrder.DECIMAL),
    ("uint", ValueOrder.UNSIGNED),
    *((prefix, ValueOrder.SIGNED) for prefix in ("int", "date", "time[", "timestamp[", "duration[")),
)


def order_of(kind: str) -> ValueOrder:
    """Return how the values of a type are ordered, by its descriptor."""
    if kind in _ORDERS:
        return _ORDERS[kind]
    if kind.startswith("interval["):
        return ValueOrder.NONE
    return next((order for prefix, order in _PREFIXES if kind.startswith(prefix)), ValueOrder.NONE)


def decode_bound(order: ValueOrder, data: bytes, *, cut: bool) -> Bound:
    """Return the bound whose `encode` is `data`.

    Raises:
        ValueError: It is none of that order.
    """
    if len(data) > BOUND_BYTES or (cut and (order is not ValueOrder.BYTES or len(data) != BOUND_BYTES)):
        raise ValueError("a bound has a wrong length")
    if order is ValueOrder.BYTES:
        return Bound(data, cut)
    if order is ValueOrder.NONE:
        raise ValueError("a bound of values without order")
    bound = Bound(float(data) if order is ValueOrder.FLOAT else int(data))
    if bound.encode() != data:
        raise ValueError("a bound is not in its one form")
    return bound


class Extremes:
    """Follows the extremes of the values of a block."""

    __slots__ = ("_high", "_low", "_order", "_width")

    def __init__(self, order: ValueOrder, width: int) -> None:
        self._order = order
        self._width = width
        self._low: Bound | None = None
        self._high: Bound | None = None

    @classmethod
    def of(cls, node: Node) -> Self | None:
        """Return what follows values of a type, None if they have no order."""
        order = order_of(node.text)
        return None if order is ValueOrder.NONE else cls(order, node.width)

    def update(self, plain: pa.Array) -> None:
        """Look at values in a plain layout; nulls, and NaN among floats, are not values.

        [3, null, -1] has the bounds -1 and 3; [true, null, false] 0 and 1; [2.5, nan, -0.0] 0.0 and 2.5;
        the decimals [1.50, 0.25] 25 and 150, without their point.
        """
        if plain.null_count == len(plain):
            return
        match self._order:
            case ValueOrder.BYTES | ValueOrder.DECIMAL:
                found = self._compared(plain)
            case ValueOrder.BOOL:
                flags = self._valid(plain, bits(plain.buffers()[1], plain.offset, len(plain)))
                found = Bound(int(flags.all())), Bound(int(flags.any()))
            case ValueOrder.FLOAT:
                values = self._valid(plain, fixed(plain, f"<f{self._width}"))
                low, high = float(np.fmin.reduce(values)), float(np.fmax.reduce(values))
                if math.isnan(low):
                    return
                found = Bound(low + 0.0), Bound(high + 0.0)  # one zero: order knows no other
            case _:
                kind = "i" if self._order is ValueOrder.SIGNED else "u"
                values = self._valid(plain, fixed(plain, f"<{kind}{self._width}"))
                found = Bound(int(values.min())), Bound(int(values.max()))
        self._low, self._high = least(self._low, found[0]), greatest(self._high, found[1])

    def finish(self) -> tuple[Bound | None, Bound | None]:
        """Return least and greatest value seen, and start again."""
        found = self._low, self._high
        self._low = self._high = None
        return found

    @staticmethod
    def _valid(plain: pa.Array, values: np.ndarray) -> np.ndarray:
        """Return those of `values`, of shape (len(plain),), that are not null in `plain`."""
        valid = validity(plain)
        return values if valid is None else values[valid]

    def _compared(self, plain: pa.Array) -> tuple[Bound, Bound]:
        """Return the bounds of texts, byte strings or decimals, of which at least one is not null."""
        if self._order is ValueOrder.DECIMAL:
            if plain.type.bit_width < 128:
                plain = pc.cast(plain, pa.decimal128(plain.type.precision, plain.type.scale))
            pair = pc.min_max(plain)
            return _unscaled(pair["min"].as_py()), _unscaled(pair["max"].as_py())
        pair = pc.min_max(plain)
        return _shortened(pair["min"]), _shortened(pair["max"])


def least(one: Bound | None, other: Bound | None) -> Bound | None:
    """Return the lesser bound; None is no value."""
    return other if one is None else one if other is None else min(one, other)


def greatest(one: Bound | None, other: Bound | None) -> Bound | None:
    """Return the greater bound; None is no value."""
    return other if one is None else one if other is None else max(one, other)


def _shortened(scalar: pa.Scalar) -> Bound:
    """Return the bound of a text or byte string that is not null: its first `BOUND_BYTES` bytes."""
    data = memoryview(scalar.as_buffer())
    return Bound(bytes(data[:BOUND_BYTES]), len(data) > BOUND_BYTES)


def _unscaled(number: Decimal) -> Bound:
    """Return the bound of a decimal, without its point: -150 of -1.50."""
    sign, digits, _ = number.as_tuple()
    value = int("".join(map(str, digits)))
    return Bound(-value if sign else value)


def render(kind: str, bound: Bound) -> str:
    """Return a bound as people read it; exact, except for cut values.

    Args:
        kind: The type descriptor of the column.
        bound: One of its bounds.
    """
    value = bound.value
    if isinstance(value, bytes):
        if kind != "utf8":
            return value.hex()
        # A cut may go through a character; ids and comparisons use the bytes.
        return value.decode(errors="ignore") if bound.cut else value.decode(errors="backslashreplace")
    if isinstance(value, float):
        return repr(value)
    if kind == "bool":
        return "true" if value else "false"
    if kind.startswith("decimal("):
        scale = int(kind[:-1].split(", ")[1])
        sign, digits = int(value < 0), tuple(map(int, str(abs(value))))
        return f"{Decimal((sign, digits, -scale)):f}" if scale >= 0 else f"{value}E{-scale}"
    if kind == "date32":
        return _day(value)
    if kind == "date64":
        return _moment(value, "ms")
    if kind.startswith("timestamp["):
        return _moment(value, kind[10:].split(",", maxsplit=1)[0].rstrip("]")) + ("Z" if "," in kind else "")
    if kind.startswith("time["):
        return _moment(value, kind[5:-1])[11:]
    return str(value)


_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _day(days: int) -> str:
    try:
        return (date(1970, 1, 1) + timedelta(days)).isoformat()
    except OverflowError:
        return f"{days}d"


def _moment(value: int, unit: str) -> str:
    seconds, fraction = divmod(value, _PER_SECOND[unit])
    try:
        text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    except (OverflowError, ValueError):
        return f"{value}{unit}"
    digits = len(str(_PER_SECOND[unit])) - 1
    return f"{text.zfill(19)}.{fraction:0{digits}}" if digits else text.zfill(19)
