import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsv.tables.compare.cells import FAR, SAME, STRETCH, distances
from dsv.tables.compare.rowhash import row_hashes
from dsv.tables.values.types import node_of
from dsv.testing.table_strategies import MeantColumn, columns, plain, relaid, values


def apart(one: pa.Array, other: pa.Array, tolerance: float = 0.0) -> list[float]:
    found = distances(one, other, node_of(pa.field("c", one.type)), tolerance)
    return [SAME] * len(one) if found is None else found.tolist()


def hashes(*arrays: pa.Array, floats: bool = True) -> list[tuple[int, int]]:
    nodes = [node_of(pa.field("c", array.type)) for array in arrays]
    found = row_hashes(arrays, nodes, len(arrays[0]), floats=floats)
    return [(int(one), int(other)) for one, other in found.T]


@given(st.data(), columns())
@settings(max_examples=100, deadline=None)
def test_layouts_do_not_matter(data: Any, column: Any) -> None:
    array, other = plain(column), data.draw(relaid(column))
    assert apart(array, other) == [SAME] * len(array)
    assert hashes(array) == hashes(other)


@given(st.data(), columns())
@settings(max_examples=60, deadline=None)
def test_cells_differ_where_their_values_do(data: Any, column: Any) -> None:
    other = MeantColumn(
        column.kind,
        [data.draw(st.sampled_from([value, data.draw(values(column.kind))])) for value in column.values],
    )
    same = [repr(one) == repr(two) for one, two in zip(column.values, other.values, strict=True)]
    relaid_other = data.draw(relaid(other))
    assert [found == SAME for found in apart(plain(column), relaid_other)] == same
    pairs = zip(hashes(plain(column)), hashes(relaid_other), strict=True)
    assert [one == two for one, two in pairs] == same


@given(st.floats(), st.floats(), st.sampled_from([0.0, 1e-9, 0.1, 0.2, 1.0]) | st.floats(0, 4))
@settings(max_examples=200)
def test_a_tolerance_holds_just_where_its_formula_does(a: float, b: float, tolerance: float) -> None:
    (found,) = apart(pa.array([a]), pa.array([b]), tolerance)
    if a == b or (math.isnan(a) and math.isnan(b)):
        wanted = True
    elif not (math.isfinite(a) and math.isfinite(b)):
        wanted = False
    else:
        wanted = abs(a - b) <= tolerance * max(1.0, abs(a), abs(b))
    assert (found <= tolerance) is wanted or math.isinf(abs(a - b))


def test_distances_of_every_sort() -> None:
    nan = math.nan
    one = pa.array([1.0, nan, nan, 0.0, None, None, math.inf, 200.0])
    other = pa.array([1.5, nan, 1.0, -0.0, None, 1.0, -math.inf, 100.0])
    assert apart(one, other) == [0.5 / 1.5, SAME, FAR, 0.0, SAME, FAR, FAR, 0.5]


def test_nested_values_are_as_far_apart_as_their_worst_items() -> None:
    kind = pa.list_(pa.struct([("x", pa.float64()), ("n", pa.int8())]))
    one = pa.array([[(1.0, 1), (2.0, 2)], [], None, [(1.0, 1)], [(0.0, 1)]], kind)
    other = pa.array([[(1.0, 1), (1.0, 2)], [], None, [], [(0.0, 2)]], kind)
    assert apart(one, other) == [0.5, SAME, SAME, FAR, FAR]


def test_many_items_are_looked_at_in_stretches() -> None:
    kind = pa.list_(pa.int8(), STRETCH // 2)
    items = np.zeros(5 * (STRETCH // 2), np.int8)
    one = pa.FixedSizeListArray.from_arrays(pa.array(items), type=kind)
    items = items.copy()
    items[-1] = 1
    other = pa.FixedSizeListArray.from_arrays(pa.array(items), type=kind)
    assert apart(one, other) == [SAME] * 4 + [FAR]
    assert [a == b for a, b in zip(hashes(one), hashes(other), strict=True)] == [True] * 4 + [False]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([["ab"]], [["a", "b"]]),
        ([["a", "b"]], [["b", "a"]]),
        (["a\0"], ["a"]),
        (["a" * 8], ["a" * 8 + "\0"]),
        (["12345678abcdefgh"], ["abcdefgh12345678"]),
        ([[[1], []]], [[[], [1]]]),
        ([[0]], [[0, 0]]),
        ([{"a": 1, "b": 2}], [{"a": 2, "b": 1}]),
        ([""], [None]),
        ([[]], [None]),
    ],
)
def test_what_sums_could_mix_up(one: Any, other: Any) -> None:
    both = pa.array(one + other)
    assert hashes(both)[0] != hashes(both)[1]
    assert apart(both.slice(0, 1), both.slice(1)) == [FAR]


def test_columns_have_places() -> None:
    a, b = pa.array([1, 2, 1]), pa.array([2, 1, 2])
    assert hashes(a, b)[0] == hashes(a, b)[2] != hashes(a, b)[1]


def test_a_hash_of_a_text_does_not_depend_on_its_neighbours() -> None:
    assert hashes(pa.array(["short", "much longer than a word"]))[0] == hashes(pa.array(["short"]))[0]


def test_hashes_without_floats_keep_only_their_sort() -> None:
    one = pa.array([1.0, math.nan, math.inf, None, -math.inf])
    found = hashes(one, floats=False)
    assert found[0] == hashes(pa.array([2.5]), floats=False)[0]
    assert len(set(found)) == 5
    assert hashes(pa.array([[1.0, 2.0]]), floats=False) != hashes(pa.array([[1.0]]), floats=False)


def test_small_numbers_spread_over_all_bits() -> None:
    rng = np.arange(200_000)
    found = row_hashes(
        [pa.array(rng % 447), pa.array(rng // 447)], [node_of(pa.field("c", pa.int64()))] * 2, len(rng)
    )
    for lane in found:
        assert len(np.unique(lane)) == len(rng)
        ones = [int(np.count_nonzero(lane >> np.uint64(bit) & np.uint64(1))) for bit in range(64)]
        assert max(abs(count - len(rng) / 2) for count in ones) < 2_500  # eleven deviations
