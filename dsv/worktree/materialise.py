"""Writing a dataset into the working tree, and taking it out again.

A dataset that is not there is written in a scratch folder and moved into place in one step.
One that is there is changed entry by entry. Either may be killed at any moment and done
again.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dsv.atomic import TEMP_PREFIX, storage_error, temp_name
from dsv.errors import StorageError
from dsv.ids import ObjectId
from dsv.model.checkpoint import Checkpoint
from dsv.model.node import DIR, Entry, Node, decode
from dsv.model.tree import check_depth, compare
from dsv.progress import SILENT, Progress
from dsv.worktree.beneath import (
    drop_empty_above,
    is_folder,
    make_below,
    mode_of,
    open_below,
    open_child,
    opened,
)
from dsv.worktree.build import Builder, ContentReader
from dsv.worktree.ignore import NOTHING, Ignore
from dsv.worktree.observe import Observation, observe
from dsv.worktree.paths import check_tree, probe
from dsv.worktree.scan import under
from dsv.worktree.sink import HashSink
from dsv.worktree.stat_cache import StatCache
from dsv.worktree.unless_written import Written
from dsv.worktree.update import Updater, check_free, clear, is_same
from dsv.worktree.written_files import WrittenPages

SPARE = 16 << 20
"""Bytes that a checkout leaves free for the store's own records."""


class Destination(NamedTuple):
    """The working tree that datasets are written into.

    Attributes:
        root: The workspace.
        scratch: `.dsv/tmp`; made if missing.
        cache: Learns what is written; the caller commits it.
        reader: Gives the content and the nodes, of what is there as well.
        epoch: `Refs.epoch` of what `reader` reads.
        ignore: What is in no dataset.
        since: When what is there was looked at, in ns since 1970: what changed since is compared before it goes;
            0 compares everything.
    """

    root: Path
    scratch: Path
    cache: StatCache
    reader: ContentReader
    epoch: int | None = None
    ignore: Ignore = NOTHING
    since: int = 0


def materialise(
    place: Destination,
    dataset: str,
    wanted: Checkpoint,
    present: Observation | None,
    *,
    progress: Progress = SILENT,
) -> None:
    """Make the working tree hold `wanted` at `dataset`.

    Args:
        place: The working tree.
        dataset: The dataset's path.
        wanted: What shall be there.
        present: What is there, as it was just observed; None for nothing.
        progress: Counts the entries.

    Raises:
        InTheWay: Something that was not observed would be overwritten.
        StorageError: The disk is full or fails; each file is the old or the new one.
        Missing, Corrupt: The store cannot give all of it; likewise.
    """
    if present is not None and wanted.same_data(present):
        return
    above, _, name = dataset.rpartition("/")
    try:
        with (
            opened(make_below(os.fspath(place.root), above)) as parent,
            _scratch(place, parent, name) as scratch,
        ):
            check_space(scratch, wanted.size - (present.size if present and present.kind == DIR else 0))
            spot = _Spot(dataset, name, parent, scratch)
            if (
                wanted.kind == DIR
                and (present is None or present.kind != DIR)
                and not is_folder(name, parent)
            ):
                _write_new(place, spot, wanted, present, progress)
            else:
                _change(place, spot, wanted, present, progress)
    except OSError as error:
        raise storage_error("write", dataset, error) from error


def conflicts(
    place: Destination, dataset: str, present: Observation | None, wanted: Checkpoint
) -> Iterator[str]:
    """Yield the paths that would have to be overwritten although `present` does not name them.

    Those are files that rules leave out of the dataset, and files made since it was observed.
    A file that has the bytes that are wanted is none.

    Raises:
        Missing, Corrupt: A node cannot be read.
    """
    if wanted.kind != DIR:
        return
    before = present.content if present is not None and present.kind == DIR else None
    yield from _extra(place, dataset, before, wanted.content)


def check_fit(place: Destination, wanted: dict[str, Checkpoint]) -> None:
    """Check, before anything is written, that the file system can hold the names of all of `wanted`.

    Raises:
        Refused: Two names are one there, or a name is reserved; the message says which.
        StorageError: The workspace cannot be written.
    """
    try:
        place.scratch.mkdir(parents=True, exist_ok=True)
        system = probe(place.scratch)
    except OSError as error:
        raise storage_error("write", place.scratch, error) from error
    for dataset, checkpoint in wanted.items():
        if checkpoint.is_dir:
            check_tree(dataset, checkpoint.content, place.reader.node, system)


def check_space(folder: Path | str | int, size: int) -> None:
    """Check that the disk of `folder` has room for `size` more bytes.

    Raises:
        StorageError: It has not.
    """
    if not hasattr(os, "statvfs"):
        return
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    if size + SPARE > free and size > 0:
        raise StorageError(
            f"no space is left: {size} bytes are to be written and {free} are free",
            hint="free some space, then run the command again",
        )


def remove(
    place: Destination, dataset: str, present: Observation | None = None, progress: Progress = SILENT
) -> None:
    """Remove the working copy of a dataset, and folders above it that are then empty.

    The caller knows that its content is stored. What rules leave out of the dataset, and what was made since
    it was looked at, stays.

    Args:
        place: The working tree.
        dataset: The dataset's path.
        present: What is there, as it was just observed; None: whatever is there now.
        progress: Counts each file.

    Raises:
        InTheWay: A file of it was changed since.
        StorageError: Something cannot be removed.
    """
    root = os.fspath(place.root)
    above, _, name = dataset.rpartition("/")
    try:
        with opened(open_below(root, above)) as parent:
            if present is None and not mode_of(name, parent):
                return
            if present is None:
                sink = HashSink(place.cache)
                present = observe(place.root, dataset, place.cache, sink, ignore=place.ignore)
                place = place._replace(reader=_Seen(place.reader, sink))
            _updater(place, -1, Written(), progress).remove(
                parent, Entry(name, present.kind, present.content), dataset
            )
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise storage_error("remove", dataset, error) from error
    place.cache.forget(dataset)
    drop_empty_above(root, above)


def sweep(place: Destination) -> None:
    """Remove what killed checkouts left in the scratch folder; nobody else may be writing there."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(place.scratch):
            if entry.name.startswith(_SCRATCH):
                clear(entry.path)


_SCRATCH = f"{TEMP_PREFIX}tree-"


class _Seen:
    """A reader that also knows the nodes of what was just seen."""

    def __init__(self, reader: ContentReader, sink: HashSink) -> None:
        self.stream = reader.stream
        self._reader = reader
        self._sink = sink

    def node(self, oid: ObjectId) -> Node:
        """Return a node."""
        data = self._sink.node(oid)
        return self._reader.node(oid) if data is None else decode(data, oid)


class _Spot(NamedTuple):
    """Where a dataset is written: its name in the open folder above it, and an open scratch folder."""

    dataset: str
    name: str
    parent: int
    scratch: int


def _write_new(
    place: Destination, spot: _Spot, wanted: Checkpoint, present: Observation | None, progress: Progress
) -> None:
    dataset, name, parent, scratch = spot
    place.cache.forget(dataset)
    ledger = WrittenPages(dataset, place.cache, place.epoch)
    temp = temp_name()
    Builder(place.reader, progress, ledger).folder(temp, wanted.content, dataset, above=scratch)
    ledger.close()
    if present is not None:
        old = Entry(name, present.kind, present.content)
        _updater(place, scratch, Written(), progress).remove(parent, old, dataset)
    check_free(parent, name, dataset)
    os.rename(temp, name, src_dir_fd=scratch, dst_dir_fd=parent)


def _change(
    place: Destination, spot: _Spot, wanted: Checkpoint, present: Observation | None, progress: Progress
) -> None:
    dataset, name, parent, scratch = spot
    written = Written()
    updater = _updater(place, scratch, written, progress)
    old = None if present is None else Entry(name, present.kind, present.content)
    updater.entry(parent, old, Entry(name, wanted.kind, wanted.content), dataset)
    observe(place.root, dataset, place.cache, written, ignore=place.ignore, wrote=written.wrote)


def _updater(place: Destination, scratch: int, written: Written, progress: Progress) -> Updater:
    return Updater(
        os.fspath(place.root),
        place.reader,
        scratch,
        written,
        since=place.since,
        watch=place.cache.watch,
        progress=progress,
    )


@contextlib.contextmanager
def _scratch(place: Destination, parent: int, name: str) -> Iterator[int]:
    """Give an open folder of our own on the file system of `name` in `parent`: in the store, else beside it."""
    place.scratch.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        own = stack.enter_context(opened(open_below(os.fspath(place.scratch), "")))
        # A dataset may itself be a mount point.
        inside = stack.enter_context(opened(open_child(parent, name))) if is_folder(name, parent) else parent
        device = os.fstat(inside).st_dev
        folder = next(one for one in (own, parent, inside) if os.fstat(one).st_dev == device)
        mine = f"{_SCRATCH}{temp_name().removeprefix(TEMP_PREFIX)}"
        os.mkdir(mine, dir_fd=folder)
        try:
            with opened(open_child(folder, mine)) as scratch:
                yield scratch
        finally:
            clear(mine, folder)


def _extra(place: Destination, shown: str, before: ObjectId | None, after: ObjectId) -> Iterator[str]:
    check_depth(f"{shown}/")
    for old, new in compare(before, after, place.reader.node):
        if new is None:
            continue
        path = under(shown, new.name)
        here = f"{os.fspath(place.root)}/{path}"
        if new.kind == DIR and is_folder(here, None):
            inner = ObjectId(old.target) if old is not None and old.kind == DIR else None
            yield from _extra(place, path, inner, ObjectId(new.target))
        elif old is None and os.path.lexists(here) and not is_same(here, new):
            yield path
