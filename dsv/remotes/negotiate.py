"""What two sides of a history have in common: commits first, then what these hold.

That the other side has a node proves nothing of what is below it; that its refs reach the
node does. So a walk stops at what the common commits hold, and nowhere else.
"""

import heapq
from collections.abc import Iterable
from typing import NamedTuple

from dsv.errors import Missing
from dsv.ids import ObjectId
from dsv.model.node import CHECKPOINT, DIR, LINK, Entry, Leaf
from dsv.store.repository import Repository

Entries = dict[str, list[Entry]]


class Boundary(NamedTuple):
    """How two sides of history part.

    Attributes:
        new: Commits that only one side has; each before those that it follows, but where clocks err.
        common: Commits of both sides at which the walk has stopped.
    """

    new: tuple[ObjectId, ...]
    common: frozenset[ObjectId]


class _Painter:
    """Commits in the order of their times, each new or common as far as is known."""

    def __init__(self, repo: Repository) -> None:
        self.common: dict[ObjectId, bool] = {}
        self.order: list[ObjectId] = []
        self._repo = repo
        self._heap: list[tuple[int, ObjectId]] = []
        self._queued: set[ObjectId] = set()
        self._fresh = 0

    def see(self, oid: ObjectId, *, common: bool) -> None:
        """Take a commit in; what is common once stays so."""
        before = self.common.get(oid)
        if before is not None and (before or not common):
            return
        if oid in self._queued:
            self._fresh -= 1
        else:
            self._queued.add(oid)
            self._fresh += not common
            heapq.heappush(self._heap, (-self._repo.commit(oid).seconds, oid))
        self.common[oid] = common

    def run(self) -> None:
        """Go on until nothing waits that is new."""
        while self._fresh:
            _, oid = heapq.heappop(self._heap)
            self._queued.discard(oid)
            common = self.common[oid]
            self._fresh -= not common
            if not common:
                self.order.append(oid)
            for parent in self._repo.commit(oid).parents:
                if not common or self._repo.objects.has(parent):
                    self.see(parent, common=common)


def boundary(repo: Repository, tips: Iterable[ObjectId], have: Iterable[ObjectId]) -> Boundary:
    """Return which ancestors of `tips` are no ancestors of `have`.

    Newer commits are looked at first, and the walk ends when all that waits is common. Where
    clocks went backwards a common commit may be taken for new, which costs time and nothing else.
    Commits of `have` that the store does not hold are passed over.

    Raises:
        Missing: The store lacks an ancestor of `tips`.
    """
    painter = _Painter(repo)
    for oid in have:
        if repo.objects.has(oid):
            painter.see(oid, common=True)
    for oid in tips:
        painter.see(oid, common=False)
    painter.run()
    return Boundary(
        tuple(oid for oid in painter.order if not painter.common[oid]),
        frozenset(oid for oid, common in painter.common.items() if common),
    )


def held_by(repo: Repository, found: Boundary) -> set[ObjectId]:
    """Return objects that the common commits reach, as far as the new ones come across them.

    Only what differs between a new commit and the common ones that it follows is descended
    into, so a small change of a large folder costs little.
    """
    held = set(found.common)
    for oid in found.new:
        commit = repo.commit(oid)
        befores = [repo.commit(parent) for parent in commit.parents if parent in found.common]
        _compare(repo, [one.snapshot for one in befores], commit.snapshot, held)
        if commit.attempts is not None:
            attempts = [one.attempts for one in befores if one.attempts is not None]
            _compare(repo, attempts, commit.attempts, held)
    return held


def _compare(repo: Repository, before: Iterable[ObjectId], after: ObjectId, held: set[ObjectId]) -> None:
    """Note what is below the nodes `before`, as far down as `after` has something else."""
    old, new = set(before), {after}
    olds: Entries = {}
    news: Entries = {}
    while new and old:
        held |= old
        new -= held
        old, new = _expand(repo, old - new, olds), _expand(repo, new, news)
    # A link's target is a text of the user's, which may look like an id.
    held.update(ObjectId(one.target) for found in olds.values() for one in found if one.kind != LINK)
    for name, entries in news.items():
        if name in olds and entries[0].target not in held:
            _descend(repo, olds[name], entries[0], held)


def _expand(repo: Repository, level: set[ObjectId], entries: Entries) -> set[ObjectId]:
    """Add the entries of nodes by name to `entries`, and return the pages of those that have pages."""
    pages: set[ObjectId] = set()
    for oid in level:
        try:
            node = repo.node(oid)
        except Missing:
            continue  # nothing is taken for granted of what is not here
        if isinstance(node, Leaf):
            for entry in node.entries:
                entries.setdefault(entry.name, []).append(entry)
        else:
            pages.update(page.id for page in node.pages)
    return pages


def _descend(repo: Repository, befores: list[Entry], entry: Entry, held: set[ObjectId]) -> None:
    target = ObjectId(entry.target)
    if entry.kind == CHECKPOINT:
        now = repo.checkpoint(target)
        olds = [repo.checkpoint(ObjectId(old.target)) for old in befores if old.kind == CHECKPOINT]
        for old in olds:
            held.update((old.content, old.origin))
            held.update(() if old.schema is None else (old.schema,))
        if now.is_dir:
            _compare(repo, [old.content for old in olds if old.is_dir], now.content, held)
    elif entry.kind == DIR:
        _compare(repo, [ObjectId(old.target) for old in befores if old.kind == DIR], target, held)
