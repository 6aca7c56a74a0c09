"""Work that depends on other work, done by several threads: what is ready is begun at once."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from typing import TypeVar

from dsv.progress import SILENT, Progress

_T = TypeVar("_T")
_K = TypeVar("_K")


def carry_out(
    order: Mapping[_K, Collection[_K]],
    work: Callable[[_K], _T],
    *,
    jobs: int,
    stop: Callable[[], None],
    progress: Progress = SILENT,
) -> dict[_K, _T]:
    """Do `work` for each key of `order`, each after those that it names, and return what came of it.

    When one raises, or this thread is interrupted, nothing more is begun, `stop` ends what is being
    done, and the error is raised once all have ended.

    Args:
        order: By key the keys that come before it.
        work: Called in threads.
        jobs: How many at once.
        stop: Ends what `work` waits for.
        progress: Advanced by one for each.
    """
    sorter = TopologicalSorter(order)
    sorter.prepare()
    done: dict[_K, _T] = {}
    begun: dict[Future[_T], _K] = {}
    with ThreadPoolExecutor(max(jobs, 1), thread_name_prefix="dsv-replay") as pool:
        try:
            while sorter.is_active():
                for key in sorter.get_ready():
                    begun[pool.submit(work, key)] = key
                ended, _ = wait(begun, return_when=FIRST_COMPLETED)
                for future in ended:
                    key = begun.pop(future)
                    done[key] = future.result()
                    progress.advance(1)
                    sorter.done(key)
        except BaseException:
            for future in begun:
                future.cancel()
            stop()
            raise
    return done
