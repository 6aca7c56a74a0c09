"""Numbers that are spelled out: which of them a double holds, and which only a decimal does.

A double holds a number if its shortest text is that number again. Two different numbers are
so never one double: `0.1` is held, `0.10000000000000001` is not, though both are nearest to
the same double.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from json import loads

import numpy as np
import pyarrow as pa
from pyarrow import types as t

from dsv.tables.values import kernels as pc
from dsv.tables.values.layout import fixed, offsets

DECIMALS = (pa.decimal128(38, 0), pa.decimal128(38, 18), pa.decimal256(76, 38))
"""Types of numbers that no double holds: the first that all of them fit."""

WIDEST = DECIMALS[-1]

Path = tuple[str | None, ...]
"""Where a value is in a JSON object: names of members, and None for the items of an array."""

_SHORT = 15
"""Significant digits that every double of ordinary size tells apart."""

_ORDINARY = 1e-290
"""Doubles nearer to zero may have fewer digits."""

_POINTED = re.compile(
    rb"[:\[,\s](-?(?:(?=[0-9.]{16})[0-9]+\.[0-9]+(?:[eE][-+]?[0-9]+)?|[0-9]+(?:\.[0-9]+)?[eE][-+]?[0-9]{2,}))"
)
"""Numbers with a point or an exponent that a double may not hold; also some inside of texts."""


def all_held(text: pa.StringArray, values: pa.DoubleArray) -> bool:
    """Whether each of `values` holds the number that `text` spells it as.

    Args:
        text: Numbers as spelled; null where there is none.
        values: As many: the double nearest to each.
    """
    return len(_suspects(text, values)) == 0


def _suspects(text: pa.StringArray, values: pa.DoubleArray) -> pa.StringArray:
    """Return the texts whose numbers are not held.

    Of ["0.1", "0.10000000000000001"], both read as 0.1, it is ["0.10000000000000001"].
    """
    if not _may_suspect(text, values):
        return text.slice(0, 0)
    long = pc.greater(pc.binary_length(text), _SHORT)
    tiny = pc.and_(pc.less(pc.abs(values), _ORDINARY), pc.not_equal(values, 0.0))
    either = pc.or_(long, tiny)
    if pc.any(either).as_py() is not True:
        return text.slice(0, 0)
    text, values = pc.filter(text, either), pc.filter(values, either)
    shortest = pc.cast(values, pa.string())
    other = pc.not_equal(text, shortest)
    text, shortest = pc.filter(text, other), pc.filter(shortest, other)
    # Both are nearest to one double: with the same digits they cannot differ in magnitude.
    return pc.filter(text, pc.not_equal(_digits(text), _digits(shortest)))


def _may_suspect(text: pa.StringArray, values: pa.DoubleArray) -> bool:
    """Whether a text is long or a value tiny; for a slot that is null it may say so of what lies there.

    A table of thousands of short columns has thousands of calls here, and a kernel of Arrow takes as long as all of this.
    """
    if not t.is_string(text.type) or not t.is_float64(values.type) or not len(text):
        return True
    if np.diff(offsets(text)).max() > _SHORT:
        return True
    sizes = np.abs(fixed(values, np.float64))
    return bool(((sizes < _ORDINARY) & (sizes != 0.0)).any())


def _digits(text: pa.StringArray) -> pa.StringArray:
    """Return the significant digits of numbers.

    ["-0.0120e5", "1.10", "100"] have ["12", "11", "1"]. Null for null.
    """
    mantissa = pc.replace_substring_regex(text, "[eE].*$", "")
    return pc.ascii_trim(pc.replace_substring(mantissa, ".", ""), "+-0")


def not_held(block: bytes, types: Mapping[str, pa.DataType], *, integers: bool) -> Iterator[Path]:
    """Yield the members whose doubles do not hold a number in a block of JSON lines; each may come often.

    Args:
        block: Whole lines, each an object that fits `types`.
        types: The types of the members to look at; doubles in them are checked.
        integers: Whether numbers without point and exponent are to be looked at too.
    """
    lossy = _lossy_tokens(block)
    if not lossy and not integers:
        return
    for line in block.split(b"\n"):
        if line.strip() and (integers or lossy.intersection(_POINTED.findall(line))):
            for path, value, kind in _values(line, types):
                if t.is_float64(kind) and type(value) is Decimal and not _held(value):
                    yield path


def misfits(block: bytes, types: Mapping[str, pa.DataType]) -> Iterator[Path]:
    """Yield the members whose decimals have too few digits for a number in a block of JSON lines.

    Arrow lets some overflow that are far too large, drops digits of some that are far too small, and says nothing.

    Args:
        block: Whole lines, each an object that fits `types`.
        types: The types of the members to look at; decimals in them are checked.
    """
    room = min((_room(kind) for kind in types.values()), default=None)
    if room is None:
        return
    suspect = re.compile(rb"[0-9]{%d}|[0-9][eE][-+]?[0-9]" % (max(0, room) + 1))
    for line in block.split(b"\n"):
        if line.strip() and suspect.search(line):
            for path, value, kind in _values(line, types):
                if t.is_decimal(kind) and not _fits(value, kind):
                    yield path


def _room(kind: pa.DataType) -> int:
    """Return how many digits before the point all decimals in a type have room for."""
    if t.is_decimal(kind):
        return int(kind.precision - kind.scale)
    return min((_room(kind.field(i).type) for i in range(kind.num_fields)), default=WIDEST.precision)


def _fits(value: object, kind: pa.DataType) -> bool:
    if not isinstance(value, str | Decimal):
        return True
    try:
        number = Decimal(value)
    except ArithmeticError:
        return True  # no number, which Arrow says itself
    if not number.is_finite():
        return False
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    spelled = "".join(map(str, digits)).rstrip("0")
    last = exponent + len(digits) - len(spelled)
    return not spelled or (number.adjusted() < kind.precision - kind.scale and last >= -kind.scale)


def _lossy_tokens(block: bytes) -> frozenset[bytes]:
    found = _POINTED.findall(block)
    if not found:
        return frozenset()
    text = pa.array(found, pa.binary()).cast(pa.string())
    try:
        values = pc.cast(text, pa.float64())
    except pa.ArrowInvalid:  # inside of a text: no number
        return frozenset(found)
    zero = pc.filter(text, pc.and_(pc.equal(values, 0.0), pc.not_equal(_digits(text), "")))
    return frozenset(one.encode() for one in (*_suspects(text, values).to_pylist(), *zero.to_pylist()))


def _values(line: bytes, types: Mapping[str, pa.DataType]) -> Iterator[tuple[Path, object, pa.DataType]]:
    """Yield what is no array and no object in the members of an object, numbers as `Decimal`."""
    record = loads(line, parse_float=Decimal, parse_int=Decimal)
    stack: list[tuple[Path, object, pa.DataType]] = [
        ((name,), record.get(name), kind) for name, kind in types.items()
    ]
    while stack:
        path, value, kind = stack.pop()
        if t.is_map(kind):
            continue
        if t.is_struct(kind):
            inside = value if isinstance(value, dict) else {}
            stack.extend(((*path, field.name), inside.get(field.name), field.type) for field in kind)
        elif kind.num_fields:
            inner = kind.value_type
            stack.extend(((*path, None), item, inner) for item in (value if isinstance(value, list) else ()))
        else:
            yield path, value, kind


def _held(number: Decimal) -> bool:
    return Decimal(repr(float(number))) == number


def to_decimal(text: pa.StringArray, kind: pa.DataType) -> pa.Array:
    """Return numbers as decimals of type `kind`, as many; null for null.

    Raises:
        pa.ArrowInvalid: A text is no number, or one that the type does not hold.
    """
    values = pc.cast(text, kind)
    # Arrow lets numbers overflow that are far too large; near the limit it counts digits right.
    highest = pc.max(pc.abs(pc.cast(text, pa.float64()))).as_py()
    if highest is not None and not highest <= float(10 ** (kind.precision - kind.scale)):
        raise pa.ArrowInvalid(f"a number has too many digits for {kind}")
    # It also drops digits of numbers that are far too small.
    if pc.all(pc.equal(_digits(text), _digits(pc.cast(values, pa.string())))).as_py() is False:
        raise pa.ArrowInvalid(f"a number needs rounding to be a {kind}")
    return values
