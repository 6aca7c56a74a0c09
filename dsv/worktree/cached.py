"""What the cache knows of one directory, as it is asked while that directory is looked at."""

from bisect import bisect_left
from typing import NamedTuple

from dsv.worktree import boot
from dsv.worktree.stat_cache import PageRow, StatCache
from dsv.worktree.stat_pages import FRESH_NS, ID_BYTES, LASTING, SAFE_NS, STAT_BYTES, Head, settles


class Past(NamedTuple):
    """What was known of an entry.

    Attributes:
        stat: Its stat, packed.
        id: Its file id or node id.
        link: The text of a link.
        stored: Epoch at which the store held it, -1 if it is not known to.
        racy: Whether it may have changed without a trace in its stat.
        young: Whether it had changed shortly before it was looked at.
        unsure: Whether its bytes may have been lost since, in a power cut.
    """

    stat: bytes
    id: bytes
    link: str | None
    stored: int
    racy: bool
    young: bool = False
    unsure: bool = False


class CachedPages:
    """The pages of a directory as the cache has them."""

    def __init__(self, cache: StatCache, dataset: str, folder: str) -> None:
        self._cache = cache
        self._dataset = dataset
        self._folder = folder
        self.rows: list[PageRow] = cache.rows(dataset, folder)
        self._heads: dict[str, Head] = dict(self.rows)

    def head(self, last: str) -> Head | None:
        """Return the head of the page that ended with `last`."""
        return self._heads.get(last)

    def lasts(self) -> set[str]:
        """Return the last names of all pages."""
        return set(self._heads)

    def around(self, first: str, last: str) -> list[PageRow]:
        """Return the pages that may have held names from `first` to `last`."""
        start = bisect_left(self.rows, first, key=_last)
        end = bisect_left(self.rows, last, key=_last)
        return self.rows[start : end + 1]

    def entries(self, rows: list[PageRow]) -> dict[str, Past]:
        """Return by name what was known of the entries of `rows`."""
        found: dict[str, Past] = {}
        for last, head in rows:
            body = self._cache.body(self._dataset, self._folder, last)
            if body is None or len(body.names) != head.entries:
                continue
            fresh = body.fresh or bytes(head.entries)
            restarted = is_of_before(head)
            for position, name in enumerate(body.names):
                times = body.stat(position)[1:3]
                found[name] = Past(
                    body.stats[position * STAT_BYTES : (position + 1) * STAT_BYTES],
                    body.ids[position * ID_BYTES : (position + 1) * ID_BYTES],
                    body.links.get(name),
                    -1 if fresh[position] else head.epoch,
                    head.racy and settles(*times) >= head.seen,
                    max(times) + SAFE_NS >= head.seen,
                    restarted and max(times) + FRESH_NS >= head.seen,
                )
        return found


def is_of_before(head: Head) -> bool:
    """Whether a page was seen before the machine was started, and not all of it was on the disk for sure."""
    return head.boot not in (LASTING, boot.session())


def _last(row: PageRow) -> str:
    return row.last
