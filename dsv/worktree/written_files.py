"""Telling the stat cache of files that were just written, so that they need not be read again.

The caller that writes them commits the cache only when they are on the disk.
"""

import time
from collections import deque
from typing import NamedTuple

from dsv.worktree import stat_pages
from dsv.worktree.read_pages import Stretch, Total, signature
from dsv.worktree.stat_cache import StatCache
from dsv.worktree.stat_pages import FIELDS, Body, Head


class _Waiting(NamedTuple):
    settled: int
    folder: str
    head: Head
    body: Body


class WrittenPages:
    """Keeps pages of a new directory until their times are old enough to be believed.

    Nobody else knows the directory while it is made, so a page whose times lie back far enough
    at some later moment before it is moved into place was unchanged up to that moment.
    """

    def __init__(self, dataset: str, cache: StatCache, epoch: int | None) -> None:
        self._dataset = dataset
        self._cache = cache
        self._epoch = epoch
        self._waiting: deque[_Waiting] = deque()

    def add(self, stretch: Stretch, body: Body, total: Total) -> None:
        """Note a page that was written; its entries are in the store."""
        if not self._cache.writable:
            return
        numbers = stretch.numbers
        head = Head(
            sig=signature(stretch, body.stats),
            names=stretch.digest,
            node=bytes.fromhex(total.node),
            entries=len(body.names),
            files=total.files,
            size=total.size,
            seen=0,
            epoch=-1 if self._epoch is None else self._epoch,
            complete=self._epoch is not None,
            racy=False,
            boot=stat_pages.LASTING,
        )
        settled = max(map(stat_pages.settles, numbers[1::FIELDS], numbers[2::FIELDS]), default=0)
        self._waiting.append(_Waiting(settled, stretch.folder, head, body))
        now = time.time_ns()
        while self._waiting and self._waiting[0].settled < now:
            self._put(self._waiting.popleft(), now)

    def close(self) -> None:
        """Tell the cache all that is left; called before others can see the directory."""
        now = time.time_ns()
        while self._waiting:
            self._put(self._waiting.popleft(), now)

    def _put(self, page: _Waiting, now: int) -> None:
        racy = page.settled >= now
        # Nobody could have mapped these files before now, so even what is overwritten may be judged by their times.
        head = page.head._replace(
            seen=now if racy else max(now, page.settled + stat_pages.FRESH_NS), racy=racy
        )
        last = page.body.names[-1] if page.body.names else ""
        self._cache.put(self._dataset, page.folder, last, head, page.body)
