"""Working ahead of the one who takes results: on threads, in order, with a bound on what is under way."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], *, threads: int, under_way: int, name: str = "dsv"
) -> Iterator[Result]:
    """Yield the results of `work` in the order of `items`, while the next ones are worked on.

    Args:
        work: Called on other threads, with one item each. What it raises is raised here, in its turn.
        items: Read on the thread of the caller.
        threads: How many work at once.
        under_way: How many items are begun and not handed out yet, at most; it bounds the memory.
        name: What the threads are called.
    """
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix=name) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) >= under_way:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for pending in waiting:
                pending.cancel()


def one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield `items`; the next one is made on another thread while the caller works on the one before."""
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="dsv-ahead") as pool:
        try:
            pending = pool.submit(next, items, end)
            while (item := pending.result()) is not end:
                pending = pool.submit(next, items, end)
                yield item  # type: ignore[misc]
        finally:
            pool.shutdown(cancel_futures=True)
