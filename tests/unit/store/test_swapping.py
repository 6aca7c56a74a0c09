from collections.abc import Callable

import pytest

from dsv.errors import RefMoved
from dsv.store.swapping import swap_until

GAVE_UP = RefMoved("others were faster")


def lost() -> None:
    raise RefMoved("somebody was faster")


def swapped() -> None:
    return None


def test_it_is_decided_again_after_a_pause_until_the_swap_succeeds() -> None:
    pauses: list[int] = []

    def decide(number: int) -> tuple[int, Callable[[], None]]:
        return number, swapped if number == 2 else lost

    assert swap_until(decide, GAVE_UP, pause=pauses.append) == 2
    assert pauses == [0, 1]


def test_where_nothing_is_to_be_swapped_the_result_counts() -> None:
    assert swap_until(lambda number: (number, None), GAVE_UP) == 0


def test_what_decides_may_ask_to_go_again_and_that_is_a_try_without_a_pause() -> None:
    pauses: list[int] = []
    assert swap_until(lambda n: (n, swapped) if n == 3 else None, GAVE_UP, tries=4, pause=pauses.append) == 3
    with pytest.raises(RefMoved, match="others were faster"):
        swap_until(lambda _: None, GAVE_UP, tries=4, pause=pauses.append)
    assert pauses == []


def test_it_gives_up_after_so_many_tries() -> None:
    tried: list[int] = []

    def decide(number: int) -> tuple[None, Callable[[], None]]:
        tried.append(number)
        return None, lost

    with pytest.raises(RefMoved, match="others were faster"):
        swap_until(decide, GAVE_UP, tries=3)
    assert tried == [0, 1, 2]


def test_what_decides_may_end_the_tries() -> None:
    def decide(_: int) -> tuple[None, None]:
        raise RefMoved("it makes no sense any more")

    with pytest.raises(RefMoved, match="no sense"):
        swap_until(decide, GAVE_UP)
