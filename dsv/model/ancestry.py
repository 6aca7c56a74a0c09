"""The graph of commits: ancestors, merge bases, and the order in which history is told."""

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator

from dsv.ids import ObjectId
from dsv.model.commit import Commit

Read = Callable[[ObjectId], Commit]


def walk(starts: Iterable[ObjectId], read: Read) -> Iterator[tuple[ObjectId, Commit]]:
    """Yield `starts` and their ancestors once each, children before parents, newer first."""
    commits = _collect(starts, read)
    waiting = dict.fromkeys(commits, 0)
    for commit in commits.values():
        for parent in commit.parents:
            waiting[parent] += 1
    ready = [(-commits[oid].seconds, oid) for oid, children in waiting.items() if not children]
    heapq.heapify(ready)
    while ready:
        _, oid = heapq.heappop(ready)
        commit = commits[oid]
        yield oid, commit
        for parent in commit.parents:
            waiting[parent] -= 1
            if not waiting[parent]:
                heapq.heappush(ready, (-commits[parent].seconds, parent))


def ancestors(start: ObjectId, read: Read) -> set[ObjectId]:
    """Return `start` and all commits that it follows."""
    return set(_collect([start], read))


def is_ancestor(old: ObjectId, new: ObjectId, read: Read) -> bool:
    """Whether `new` is `old` or follows it; if so, little more is read than what lies between."""
    return old == new or any(old in commit.parents for commit in _newest_first(new, read))


def merge_base(one: ObjectId, other: ObjectId, read: Read) -> ObjectId | None:
    """Return the newest commit that both follow and that no other such commit follows."""
    mine = _collect([one], read)
    common = {oid: commit for oid, commit in _collect([other], read).items() if oid in mine}
    followed = {parent for commit in common.values() for parent in commit.parents}
    best = [oid for oid in common if oid not in followed]
    return max(best, key=lambda oid: (common[oid].seconds, oid), default=None)


def ahead_behind(mine: ObjectId | None, theirs: ObjectId | None, read: Read) -> tuple[int, int]:
    """Return how many commits only `mine` has, and how many only `theirs` has.

    Where one follows the other without anything beside, only what lies between is read.
    """
    if mine and theirs:
        for ahead, behind in zip(_between(theirs, mine, read), _between(mine, theirs, read), strict=False):
            if ahead is not None:
                return ahead, 0
            if behind is not None:
                return 0, behind
    left = ancestors(mine, read) if mine else set()
    right = ancestors(theirs, read) if theirs else set()
    return len(left - right), len(right - left)


def count_new(mine: ObjectId, known: Collection[ObjectId], read: Read) -> int:
    """Return how many commits `mine` has that none of `known` is or follows."""
    if mine in known:
        return 0
    return len(ancestors(mine, read) - _collect(known, read).keys())


def _between(old: ObjectId, new: ObjectId, read: Read) -> Iterator[int | None]:
    """Yield None for each commit that is read, and in the end how many `new` has that `old` has not.

    That is known if all ways lead from `new` to `old`: then none of those between can be before `old`
    too. The iterator ends without a number at the first commit that starts a history.
    """
    if old == new:
        yield 0
        return
    count = 0
    for commit in _newest_first(new, read, end=old):
        if not commit.parents:
            return
        count += 1
        yield None
    yield count


def _newest_first(start: ObjectId, read: Read, end: ObjectId | None = None) -> Iterator[Commit]:
    """Yield `start` and its ancestors once each, by their clocks; not beyond `end`, nor that itself."""
    seen = {start} if end is None else {start, end}
    first = read(start)
    ready = [(-first.seconds, start, first)]
    while ready:
        _, _, commit = heapq.heappop(ready)
        yield commit
        for parent in commit.parents:
            if parent not in seen:
                seen.add(parent)
                one = read(parent)
                heapq.heappush(ready, (-one.seconds, parent, one))


def _collect(starts: Iterable[ObjectId], read: Read) -> dict[ObjectId, Commit]:
    found: dict[ObjectId, Commit] = {}
    todo = list(starts)
    while todo:
        oid = todo.pop()
        if oid not in found:
            found[oid] = read(oid)
            todo.extend(found[oid].parents)
    return found
