"""Work ahead is handed out in order, is bounded, and fails in its turn."""

import threading
from collections.abc import Iterator

import pytest

from dsv.ahead import in_order, one_ahead


def test_results_come_in_order_however_long_each_takes() -> None:
    first = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert first.wait(10)  # the others are done before it
        elif number == 3:
            first.set()
        return number * 10

    assert list(in_order(work, range(6), threads=4, under_way=6)) == [0, 10, 20, 30, 40, 50]


def test_no_more_is_under_way_than_it_says() -> None:
    begun: list[int] = []

    def items() -> Iterator[int]:
        for number in range(10):
            begun.append(number)
            yield number

    results = in_order(lambda number: number, items(), threads=2, under_way=3)
    assert begun == []
    for number in range(8):
        assert next(results) == number
        assert len(begun) == number + 3


def test_a_failure_comes_in_its_turn_and_ends_the_rest() -> None:
    def work(number: int) -> int:
        if number == 2:
            raise ValueError("two")
        return number

    results = in_order(work, range(100), threads=2, under_way=4)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)
    assert list(results) == []


def test_one_item_is_made_ahead() -> None:
    made = threading.Semaphore(0)

    def items() -> Iterator[int]:
        for number in range(3):
            made.release()
            yield number

    found = one_ahead(items())
    assert next(found) == 0
    assert made.acquire(timeout=10)
    assert made.acquire(timeout=10)  # the second is made though nobody asked for it yet
    assert list(found) == [1, 2]


def test_what_making_items_raises_is_raised() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    found = one_ahead(items())
    assert next(found) == 1
    with pytest.raises(ValueError, match="no more"):
        next(found)
