"""Arrow's kernels by the names that `pyarrow.compute` gives them; import it as `pc`.

When that module is loaded it makes a documented function of each of some 300 kernels, which takes as long as all that
dsv does for a small table. Those that a small table needs are called here as its functions call them, with the
defaults of Arrow; every other name is looked up there, which loads it.

Kernels return one value for each of the first argument, null where an input is null, except for: `is_valid`,
which is never null; `filter` and `take`, which choose; `all`, `any`, `max`, `min` and `min_max`, which return
one scalar and leave nulls out.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow as pa

try:
    from pyarrow._compute import CastOptions, MatchSubstringOptions, SetLookupOptions, call_function
except ImportError:  # another version of it: slower to load, and the same
    from pyarrow.compute import CastOptions, MatchSubstringOptions, SetLookupOptions, call_function

PLAIN = {
    "abs": "abs",
    "all": "all",
    "and_": "and",
    "any": "any",
    "binary_length": "binary_length",
    "equal": "equal",
    "filter": "filter",
    "greater": "greater",
    "invert": "invert",
    "is_finite": "is_finite",
    "is_valid": "is_valid",
    "less": "less",
    "max": "max",
    "min": "min",
    "min_max": "min_max",
    "not_equal": "not_equal",
    "or_": "or",
    "take": "take",
}
"""Kernels that are called here without options, by the name of their function."""


def cast(values: pa.Array, kind: pa.DataType, *, safe: bool = True) -> pa.Array:
    """Return values as of another type; `safe`: none may be lost.

    Raises:
        pa.ArrowInvalid: A value has no value of that type, or would lose some of itself.
        pa.ArrowNotImplementedError: Arrow has no way from one type to the other.
    """
    options = CastOptions.safe(kind) if safe else CastOptions.unsafe(kind)
    return call_function("cast", [values], options)


def starts_with(text: pa.Array, pattern: str) -> pa.Array:
    """Return which texts start with `pattern`."""
    return call_function("starts_with", [text], MatchSubstringOptions(pattern))


def ends_with(text: pa.Array, pattern: str) -> pa.Array:
    """Return which texts end with `pattern`."""
    return call_function("ends_with", [text], MatchSubstringOptions(pattern))


def match_substring_regex(text: pa.Array, pattern: str) -> pa.Array:
    """Return which texts hold what the expression `pattern` describes."""
    return call_function("match_substring_regex", [text], MatchSubstringOptions(pattern))


def is_in(values: pa.Array, *, value_set: pa.Array, skip_nulls: bool = False) -> pa.Array:
    """Return which values are in a set.

    A null is in a set that has a null, unless `skip_nulls`; it is never null in what is returned.
    """
    return call_function("is_in", [values], SetLookupOptions(value_set, skip_nulls=skip_nulls))


def index_in(values: pa.Array, *, value_set: pa.Array) -> pa.Array:
    """Return where in a set the values are, as int32; null: nowhere.

    ["b", "c"] in ["a", "b"] is [1, null]. A null is where the set has one.
    """
    return call_function("index_in", [values], SetLookupOptions(value_set, skip_nulls=False))


def _plain(kernel: str, *values: object) -> Any:
    """Call a kernel that takes no options."""
    return call_function(kernel, list(values))


def __getattr__(name: str) -> Callable[..., Any]:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in PLAIN:
        found: Callable[..., Any] = partial(_plain, PLAIN[name])
    else:
        import pyarrow.compute

        found = getattr(pyarrow.compute, name)
    globals()[name] = found
    return found
