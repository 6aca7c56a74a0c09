"""Arrow's kernels do the same, whether they are called directly or by way of `pyarrow.compute`."""

import pyarrow as pa
import pyarrow.compute
import pytest

from dsv.tables.values import kernels

_NUMBERS = pa.array([3, None, -1, 7, 0])
_FLOATS = pa.array([1.5, None, float("nan"), float("inf"), -0.0])
_FLAGS = pa.array([True, None, False, True, True])
_TEXT = pa.array(["0.5", None, "-0", "x=", ""])

_ARGUMENTS = {
    "abs": (_NUMBERS,),
    "all": (_FLAGS,),
    "and_": (_FLAGS, pa.array([True, True, None, False, True])),
    "any": (_FLAGS,),
    "binary_length": (_TEXT,),
    "equal": (_NUMBERS, 3),
    "filter": (_TEXT, _FLAGS),
    "greater": (_NUMBERS, 0),
    "invert": (_FLAGS,),
    "is_finite": (_FLOATS,),
    "is_valid": (_TEXT,),
    "less": (_NUMBERS, pa.scalar(2)),
    "max": (_NUMBERS,),
    "min": (_NUMBERS,),
    "min_max": (_TEXT,),
    "not_equal": (_TEXT, "x="),
    "or_": (_FLAGS, pa.array([None, None, None, False, False])),
    "take": (_TEXT, pa.array([4, 0, None, 1])),
}


def same(one: object, other: object) -> bool:
    assert isinstance(one, pa.Array | pa.Scalar)
    assert type(one) is type(other)
    return str(one) == str(other)


@pytest.mark.parametrize("name", sorted(kernels.PLAIN))
def test_kernels_without_options(name: str) -> None:
    arguments = _ARGUMENTS[name]
    assert same(getattr(kernels, name)(*arguments), getattr(pyarrow.compute, name)(*arguments))


@pytest.mark.parametrize("name", ["all", "any", "max", "min", "min_max"])
@pytest.mark.parametrize("values", [pa.array([], pa.bool_()), pa.array([None, None], pa.bool_())])
def test_kernels_of_nothing(name: str, values: pa.Array) -> None:
    assert same(getattr(kernels, name)(values), getattr(pyarrow.compute, name)(values))


@pytest.mark.parametrize("name", ["starts_with", "ends_with", "match_substring_regex"])
@pytest.mark.parametrize("pattern", ["", "0", "=", "x="])
def test_kernels_that_look_for_a_pattern(name: str, pattern: str) -> None:
    assert same(getattr(kernels, name)(_TEXT, pattern), getattr(pyarrow.compute, name)(_TEXT, pattern))


@pytest.mark.parametrize("values", [_TEXT, pa.array([None], pa.string())])
@pytest.mark.parametrize("wanted", [pa.array(["x=", ""]), pa.array([None, "-0"])])
def test_kernels_that_look_into_a_set(values: pa.Array, wanted: pa.Array) -> None:
    for skip in (True, False):
        expected = pyarrow.compute.is_in(values, value_set=wanted, skip_nulls=skip)
        assert same(kernels.is_in(values, value_set=wanted, skip_nulls=skip), expected)
    expected = pyarrow.compute.index_in(values, value_set=wanted)
    assert same(kernels.index_in(values, value_set=wanted), expected)


def test_casts_lose_nothing_unless_they_may() -> None:
    large = pa.array([2**40, None, 1])
    with pytest.raises(pa.ArrowInvalid):
        kernels.cast(large, pa.int32())
    expected = pyarrow.compute.cast(large, pa.int32(), safe=False)
    assert same(kernels.cast(large, pa.int32(), safe=False), expected)
    assert same(kernels.cast(large, pa.string()), pyarrow.compute.cast(large, pa.string()))


def test_all_other_kernels_are_those_of_pyarrow() -> None:
    assert kernels.replace_substring is pyarrow.compute.replace_substring
    with pytest.raises(AttributeError):
        kernels.no_such_kernel  # noqa: B018
