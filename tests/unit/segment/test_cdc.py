"""FastCDC over a window that moves."""

import pyfastcdc.py
import pytest

from dsv.segment import cdc
from dsv.segment.window import Window
from tests.unit.segment.parquet_fixtures import noise, read_from


def cuts(data: bytes, start: int, stop: int, step: int) -> list[bytes]:
    window = Window(read_from(data), len(data), step)
    window.hold(start)
    return [bytes(segment) for segment in cdc.cut(window, start, stop)]


def test_the_fast_module_is_in_use() -> None:
    assert cdc.is_compiled()


def test_the_slow_module_cuts_alike() -> None:
    data = noise(600_000)
    slow = pyfastcdc.py.FastCDC(cdc.COARSE, min_size=cdc.COARSE // 4, max_size=cdc.MAX)
    assert [bytes(chunk.data) for chunk in slow.cut_buf(data)] == cuts(data, 0, len(data), 1 << 20)


@pytest.mark.parametrize("step", [4096, 100_001, 1 << 20, 1 << 21])
@pytest.mark.parametrize(("start", "stop"), [(0, 3_000_000), (5, 2_999_999), (1_000_001, 1_000_002)])
def test_cuts_depend_on_the_stretch_alone(start: int, stop: int, step: int) -> None:
    data = noise(3_000_000)
    found = cuts(data, start, stop, step)
    assert b"".join(found) == data[start:stop]
    assert found == cuts(data[start:stop], 0, stop - start, 1 << 22)


def test_a_stretch_of_the_least_entropy_is_cut_alike_too() -> None:
    data = bytes(2_500_000) + noise(500_000)
    assert cuts(data, 0, len(data), 1 << 20) == cuts(data, 0, len(data), 1 << 23)
