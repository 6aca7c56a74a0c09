"""Changing the one mutable object of a store by compare-and-swap: decided again whenever somebody was faster."""

from collections.abc import Callable
from typing import TypeVar

from dsv.errors import RefMoved

Result = TypeVar("Result")

TRIES = 64
"""How often others may be faster, one after the other, before somebody is told."""


def swap_until(
    decide: Callable[[int], tuple[Result, Callable[[], object] | None]],
    gave_up: RefMoved,
    *,
    tries: int = TRIES,
) -> Result:
    """Return what `decide` gave, once the swap that it gave with it has succeeded.

    Args:
        decide: Called with the number of the try, from 0. It reads what there is now and returns a result, and
            what swaps it in; None: there is nothing to swap. What it raises itself ends the tries.
        gave_up: Raised when others were faster every time.
        tries: How often it is called at most.

    Raises:
        RefMoved: Others were faster every time.
    """
    for number in range(tries):
        result, swap = decide(number)
        if swap is None:
            return result
        try:
            swap()
        except RefMoved:
            continue
        return result
    raise gave_up
