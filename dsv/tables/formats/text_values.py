"""From spellings to values: a column of text under a type.

The Arrow casts used here are strict (no trimming, ISO 8601 only). What they let through
and dsv does not, and what they lose, is caught beside them, all with whole-array kernels:
see "Values" in `docs/format/text-dialect.md`.
"""

import pyarrow as pa
from pyarrow import types as t

from dsv.tables.formats import text_numbers
from dsv.tables.formats.dialect import DeclaredColumn, Dialect
from dsv.tables.values import base64_text
from dsv.tables.values import kernels as pc

EXACT_INTEGERS = 2**53 - 1
"""Up to here an integer is a double that no other integer is rounded to."""

_NOT_FINITE = "(?i)^[+-]?(?:nan|inf|infinity)$"

_DAY = len("YYYY-MM-DD")

SAMPLE = 256
"""Values that are tried before all others of a block."""


class Misfit(ValueError):
    """A value is not one of the column's type."""


def of_text(text: pa.StringArray, column: DeclaredColumn, dialect: Dialect) -> pa.Array:
    """Return the values that `text` spells; nulls in it are nulls of every type.

    ["1", null, "-3"] as int64 is [1, null, -3]; ["true", "NA", "false"] as bool is [true, null, false].

    Args:
        text: What a column's fields hold, null for an empty one.
        column: Its name, type and whether it is exact.
        dialect: What is a null, true and false in it.

    Returns:
        As many values, of the column's type; null where the text is null or spells a null.

    Raises:
        Misfit: A spelling has no value in the column's type, or, where the column is
            exact, not one that it could be told from another spelling by.
    """
    kind = column.type
    if t.is_string(kind):
        return text
    if len(text) > 2 * SAMPLE:
        # A failing cast costs a microsecond for every value that fails: let it fail on few.
        sample = text.slice(0, SAMPLE)
        of_text(sample, column, dialect)
        if _spelled_nulls(sample, dialect) is not None:
            text = _without_nulls(text, column, dialect)
    try:
        return _typed(text, column, dialect)
    except Misfit:
        known = _without_nulls(text, column, dialect)
        if known is text:
            raise
        return _typed(known, column, dialect)


def _without_nulls(text: pa.StringArray, column: DeclaredColumn, dialect: Dialect) -> pa.StringArray:
    """Return `text` with null for each spelling of it; most columns have none.

    ["1", "NA", null] is ["1", null, null]. Where no text is such a spelling it is `text` itself.
    """
    known = None if t.is_binary(column.type) else _spelled_nulls(text, dialect)
    return text if known is None else pc.if_else(known, pa.scalar(None, pa.string()), text)


def _spelled_nulls(text: pa.StringArray, dialect: Dialect) -> pa.BooleanArray | None:
    """Return which texts spell a null, as long as `text` and never null itself; None: none does."""
    known = pc.is_in(text, value_set=pa.array(dialect.nulls, pa.string()), skip_nulls=True)
    return known if _any(known) else None


def _typed(text: pa.StringArray, column: DeclaredColumn, dialect: Dialect) -> pa.Array:
    """Like `of_text`, of texts that spell no null."""
    kind = column.type
    if text.null_count == len(text):
        return pa.nulls(len(text), kind)
    if t.is_boolean(kind):
        return _bools(text, dialect)
    try:
        return _converted(text, kind, column.exact, strict=column.exact and dialect.strict)
    except pa.ArrowInvalid as error:
        raise Misfit(str(error)) from error


def _converted(text: pa.StringArray, kind: pa.DataType, exact: bool, *, strict: bool) -> pa.Array:
    """Return the values of texts by what the type is; raises `pa.ArrowInvalid` too.

    Args:
        text: Texts, at least one of which is not null; so below.
        kind: The type of the values.
        exact: Whether each value has to be told from that of another spelling.
        strict: Whether numbers have to be held by doubles; see `text_numbers`.
    """
    if t.is_integer(kind):
        return _integers(text, kind, exact)
    if t.is_floating(kind):
        return _floats(text, kind, exact, strict=strict)
    if t.is_date32(kind) or t.is_timestamp(kind):
        return _temporal(text, kind, exact, strict=strict)
    if t.is_time(kind):
        return _times(text, kind)
    if t.is_decimal(kind):
        return _decimals(text, kind, exact)
    if t.is_binary(kind):
        return _bytes(text)
    raise Misfit("a value in a column of nulls" if t.is_null(kind) else f"text has no values of type {kind}")


def _bools(text: pa.StringArray, dialect: Dialect) -> pa.Array:
    """Return the truth values: the place of each text in true and false spellings together tells which."""
    spellings = pa.array((*dialect.trues, *dialect.falses), pa.string())
    found = pc.index_in(text, value_set=spellings)
    if found.null_count != text.null_count:
        raise Misfit("neither true nor false")
    return pc.less(found, pa.scalar(len(dialect.trues), pa.int32()))


def _integers(text: pa.StringArray, kind: pa.DataType, exact: bool) -> pa.Array:
    """Return the integers that texts spell; exact, "01" and "-0" are a Misfit, and "0x1" always is."""
    values = pc.cast(text, kind)
    if not exact:
        if _any(pc.match_substring(text, "x", ignore_case=True)):
            raise Misfit("a hexadecimal integer")
        return values
    # Only a text that is not above zero can start with "-0", and only one with a leading zero is hexadecimal.
    if _leading_zero(text) or (pc.min(values).as_py() <= 0 and _any(pc.starts_with(text, "-0"))):
        raise Misfit("an integer with leading zeros")
    return values


def _leading_zero(text: pa.StringArray) -> bool:
    """Whether a text starts with a zero and goes on: "01", also "0x1"; not "0"."""
    zero = pc.starts_with(text, "0")
    return _any(zero) and _any(pc.and_(zero, pc.greater(pc.binary_length(text), 1)))


def _floats(text: pa.StringArray, kind: pa.DataType, exact: bool, *, strict: bool) -> pa.Array:
    """Return the floats that texts spell.

    ["nan", "inf"] have values where the column is not exact; "1e999" never has one.
    """
    wide = pc.cast(text, pa.float64() if t.is_float16(kind) else kind)
    values = wide if wide.type == kind else pc.cast(wide, kind, safe=False)
    finite = pc.is_finite(values)
    if pc.all(finite).as_py() is False:
        infinite = pc.filter(text, pc.invert(finite))
        if exact or not pc.all(pc.match_substring_regex(infinite, _NOT_FINITE)).as_py():
            raise Misfit("a number too large, or not a number")
    if exact:
        _check_start(text)
        _check_digits(text, wide)
    if strict and not text_numbers.all_held(text, wide):
        raise Misfit("a number with more digits than a double tells apart")
    return values


def _decimals(text: pa.StringArray, kind: pa.DataType, exact: bool) -> pa.Array:
    """Return the decimals that texts spell; exact, "-0" is a Misfit.

    Exact, the type needs 19 digits and its scale, or Arrow refuses the zero; so have those of `DECIMALS`.
    """
    values = text_numbers.to_decimal(text, kind)
    if exact:
        _check_start(text)
        zero = pc.equal(values, pa.scalar(0).cast(kind))
        if _any(pc.and_(zero, pc.starts_with(text, "-"))):
            raise Misfit("a zero with a sign")
    return values


def _check_start(text: pa.StringArray) -> None:
    """Raise Misfit if a number starts with a plus sign or a zero that could be left out."""
    if (
        len(text) <= SAMPLE
    ):  # one slow kernel instead of many quick ones, of which each call costs more than the values
        if _any(pc.match_substring_regex(text, "^(?:[+]|-?0[0-9])")):
            raise Misfit("a number with a plus sign or leading zeros")
        return
    if _any(pc.starts_with(text, "+")):
        raise Misfit("a number with a plus sign")
    for prefix, pattern in (("0", "^0[0-9]"), ("-0", "^-0[0-9]")):
        led = pc.starts_with(text, prefix)
        if _any(led) and _any(pc.match_substring_regex(_plain(pc.filter(text, led)), pattern)):
            raise Misfit("a number with leading zeros")


def _check_digits(text: pa.StringArray, values: pa.Array) -> None:
    """Raise Misfit if an integer is beyond 2^53 - 1, or a number that is no zero was read as zero.

    Args:
        text: Numbers as spelled.
        values: The doubles, or floats, that they were read as, as many.
    """
    bounds = pc.min_max(values)
    low, high = bounds["min"].as_py(), bounds["max"].as_py()
    if high > EXACT_INTEGERS or low < -EXACT_INTEGERS:
        large = pc.filter(text, pc.greater(pc.abs(values), float(EXACT_INTEGERS)))
        if _any(pc.match_substring_regex(large, "^-?[0-9]+$")):
            raise Misfit("an integer that no double tells from its neighbours")
    if low <= 0 <= high:
        zeros = pc.filter(text, pc.equal(values, 0.0))
        rest = pc.filter(zeros, pc.not_equal(pc.ascii_trim(zeros, "-0."), ""))
        if len(rest) and _any(pc.match_substring_regex(rest, "^[-0.]*[1-9]")):
            raise Misfit("a number too small")


def _plain(text: pa.StringArray) -> pa.StringArray:
    """Return those that are neither "0" nor start with "0.": of ["0", "0.5", "00"] only ["00"]."""
    return pc.filter(text, pc.invert(pc.or_(pc.starts_with(text, "0."), pc.equal(text, "0"))))


def _temporal(text: pa.StringArray, kind: pa.DataType, exact: bool, *, strict: bool) -> pa.Array:
    """Return the days or times that texts spell.

    Strict, a day alone is a Misfit among times; exact, so is a zone that is not UTC.
    """
    values = pc.cast(text, kind)
    if strict and t.is_timestamp(kind) and pc.min(pc.binary_length(text)).as_py() <= _DAY:
        raise Misfit("a day among moments")
    zoned = t.is_timestamp(kind) and kind.tz is not None
    if exact and zoned and not pc.all(pc.or_(pc.ends_with(text, "Z"), pc.ends_with(text, "+00:00"))).as_py():
        raise Misfit("a time of another zone than UTC")
    return values


def _times(text: pa.StringArray, kind: pa.DataType) -> pa.Array:
    """Return the times of a day that texts spell: "01:02:03"."""
    day = pc.binary_join_element_wise("1970-01-01 ", text, "")
    return pc.cast(pc.cast(day, pa.timestamp(kind.unit)), kind)


def _bytes(text: pa.StringArray) -> pa.BinaryArray:
    """Return the byte strings that texts spell in base64; raises Misfit."""
    try:
        return base64_text.decode(text)
    except ValueError as error:
        raise Misfit(str(error)) from error


def _any(flags: pa.BooleanArray) -> bool:
    """Whether a flag is true; null is not."""
    return pc.any(flags).as_py() is True
