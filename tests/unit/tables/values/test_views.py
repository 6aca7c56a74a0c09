"""Views under nulls point anywhere in a stranger's file, and Arrow follows them."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dsv.errors import NoTable
from dsv.tables.values.views import check_views

LONG = "x" * 20


def broken(change: tuple[int, int]) -> pa.Array:
    array = pa.array(["a", None, LONG, None], pa.string_view())
    validity, views, *data = array.buffers()
    fields = np.frombuffer(views, np.int32).copy().reshape(-1, 4)
    fields[3] = fields[2]
    place, value = change
    fields[3, place] = value
    return pa.Array.from_buffers(array.type, len(array), [validity, pa.py_buffer(fields.tobytes()), *data])


@pytest.mark.parametrize("change", [(0, -1), (0, 1 << 30), (2, 1), (2, -1), (3, 1), (3, -1), (3, 1 << 30)])
def test_a_view_under_a_null_that_points_outside_is_damage(change: Any) -> None:
    array = broken(change)
    array.validate(full=True)  # Arrow sees nothing
    nested = [
        array,
        pa.StructArray.from_arrays([array], ["v"]),
        pa.ListArray.from_arrays(pa.array([0, 4], pa.int32()), array),
        pa.DictionaryArray.from_arrays(pa.array([0, 1]), array),
    ]
    for one in nested:
        with pytest.raises(NoTable, match="points outside"):
            check_views(one)


def test_sound_views_pass() -> None:
    check_views(broken((3, 0)))
    check_views(pa.array([None, None], pa.binary_view()))
    check_views(pa.array(["a", None, LONG], pa.string_view()).slice(1))
    check_views(pa.array([[1], None], pa.list_view(pa.int8())))
