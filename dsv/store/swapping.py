"""Changing the one mutable object of a store by compare-and-swap: decided again whenever somebody was faster."""

from collections.abc import Callable
from typing import TypeVar

from dsv.errors import RefMoved

Result = TypeVar("Result")

TRIES = 64
"""How often others may be faster, one after the other, before somebody is told."""


def swap_until(
    decide: Callable[[int], tuple[Result, Callable[[], object] | None] | None],
    gave_up: RefMoved,
    *,
    tries: int = TRIES,
    pause: Callable[[int], object] = lambda _: None,
) -> Result:
    """Return what `decide` gave, once the swap that it gave with it has succeeded.

    Args:
        decide: Called with the number of the try, from 0. It reads what there is now and returns a result, and
            what swaps it in; None instead of the swap: there is nothing to swap. None instead of both: what it
            read is no more, and it wants to be called again. What it raises itself ends the tries.
        gave_up: Raised when others were faster every time.
        tries: How often it is called at most.
        pause: Called with the number of a try when somebody was faster.

    Raises:
        RefMoved: Others were faster every time.
    """
    for number in range(tries):
        decided = decide(number)
        if decided is None:
            continue
        result, swap = decided
        if swap is None:
            return result
        try:
            swap()
        except RefMoved:
            pause(number)
            continue
        return result
    raise gave_up
