"""A working tree: what is on disk, with what is remembered of it and what is left out."""

import os
from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from dsv.ids import ObjectId
from dsv.worktree import git
from dsv.worktree.ignore import Ignore
from dsv.worktree.ignore import load as load_ignore
from dsv.worktree.observe import Observation, observe
from dsv.worktree.paths import check_no_link, holds_place_only
from dsv.worktree.sink import HashSink, Sink
from dsv.worktree.stat_cache import StatCache
from dsv.worktree.untracked import untracked


class Worktree:
    """A folder in which datasets are.

    It also is the memory of a repository (`dsv.store.repository.Memory`): the stat cache keeps snapshots, and what
    was just seen here has nodes that no store has yet.

    Args:
        root: The folder, absolute.
        cache: The file of its stat cache, which is opened when it is first needed; None: nothing is remembered.
        ignored: What is in no dataset; None: what its `.dsvignore` names.

    Attributes:
        root: As given.
    """

    def __init__(self, root: Path, cache: Path | None, ignored: Ignore | None = None) -> None:
        self.root = root
        self._cache = cache
        self._ignored = ignored
        self._seen: list[HashSink] = []

    @cached_property
    def cache(self) -> StatCache:
        """What is known of the files in it."""
        return StatCache(self._cache)

    @cached_property
    def ignored(self) -> Ignore:
        """What is in no dataset."""
        return load_ignore(self.root) if self._ignored is None else self._ignored

    def look(self, path: str, sink: Sink, *, rehash: bool = False, careful: bool = False) -> Observation:
        """Return what is at the dataset `path`; `sink` takes what is read.

        With `careful`, what was young when it was last seen is read again: it is about to be overwritten.

        Raises:
            UserError: There is nothing, or something that dsv does not track or cannot read.
            Refused: The way there goes through a link.
            Changing: A file kept changing while it was read.
        """
        check_no_link(self.root, path)
        return observe(self.root, path, self.cache, sink, rehash=rehash, careful=careful, ignore=self.ignored)

    def untracked(self, tracked: Collection[str], code: Collection[str] = ()) -> tuple[list[str], list[str]]:
        """Return what is neither in `tracked`, nor in git, nor ignored, and apart from it what of that is `code`.

        Of the first a folder ends with `/`.
        """
        in_git: frozenset[str] = frozenset()
        own: list[str] = []
        if git.find(self.root) is not None:
            in_git = git.tracked(self.root)
            own = git.own_ignores(self.root)
        kept = sorted(
            path for path in code if path not in in_git and path not in tracked and self.holds(path)
        )
        rules = load_ignore(self.root, extra=own)
        return untracked(self.root, [*tracked, *kept], in_git, rules), kept

    def holds(self, path: str) -> bool:
        """Whether there is something at `path`, besides files with which git keeps a folder."""
        return os.path.lexists(self.root / path) and not holds_place_only(self.root / path)

    def remember_nodes(self, sink: HashSink) -> None:
        """Have `node` also know what was just seen here."""
        self._seen.append(sink)

    def node(self, oid: ObjectId, /) -> bytes | None:
        """Return the encoding of a node that was seen here; None: it was not."""
        return next((data for sink in self._seen if (data := sink.node(oid)) is not None), None)

    def snapshot(self, oid: ObjectId, /) -> list[list[Any]] | None:
        """Return the rows that the cache has for a snapshot, or for a commit."""
        return self.cache.snapshot(oid)

    def remember_snapshot(self, oid: ObjectId, rows: Sequence[Sequence[Any]], /) -> None:
        """Have the cache keep rows for it."""
        self.cache.remember_snapshot(oid, rows)
