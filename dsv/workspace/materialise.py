"""Writing a dataset into the working tree, and taking it out again.

A dataset that is not there is written in a scratch folder and moved into place in one step.
One that is there is changed entry by entry. Either may be killed at any moment and done
again.
"""

import contextlib
import os
import stat as modes
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dsv.atomic import TEMP_PREFIX, storage_error, temp_name
from dsv.errors import InTheWay, StorageError
from dsv.ids import ObjectId
from dsv.model.checkpoint import Checkpoint
from dsv.model.node import DIR, Entry
from dsv.model.tree import check_depth, compare
from dsv.progress import SILENT, Progress
from dsv.workspace.build import Builder, Reader
from dsv.workspace.ignore import NOTHING, Ignore
from dsv.workspace.ledger import Ledger
from dsv.workspace.observe import Observation, observe
from dsv.workspace.paths import check_tree, probe
from dsv.workspace.scan import list_names, under
from dsv.workspace.stat import StatCache
from dsv.workspace.update import Updater, check_free, clear, drop_empty, is_same
from dsv.workspace.written import Written

SPARE = 16 << 20
"""Bytes that a checkout leaves free for the store's own records."""


class Place(NamedTuple):
    """The working tree that datasets are written into.

    Attributes:
        root: The workspace.
        scratch: `.dsv/tmp`; made if missing.
        cache: Learns what is written; the caller commits it.
        reader: Gives the content and the nodes, of what is there as well.
        epoch: `Refs.epoch` of what `reader` reads.
        ignore: What is in no dataset.
    """

    root: Path
    scratch: Path
    cache: StatCache
    reader: Reader
    epoch: int | None = None
    ignore: Ignore = NOTHING


def materialise(
    place: Place,
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
        progress: Told of the entries.

    Raises:
        InTheWay: Something that was not observed would be overwritten.
        StorageError: The disk is full or fails; each file is the old or the new one.
        Missing, Corrupt: The store cannot give all of it; likewise.
    """
    path = f"{os.fspath(place.root)}/{dataset}"
    if present is not None and (present.content, present.kind) == (wanted.content, wanted.kind):
        return
    try:
        _make_parents(place, dataset)
        with _scratch(place, path) as scratch:
            check_space(scratch, wanted.size - (present.size if present and present.kind == DIR else 0))
            if wanted.kind == DIR and (present is None or present.kind != DIR) and not _is_folder(path):
                _write_new(place, dataset, wanted, present, scratch, progress)
            else:
                _change(place, dataset, wanted, present, scratch, progress)
    except OSError as error:
        raise storage_error("write", dataset, error) from error


def conflicts(place: Place, dataset: str, present: Observation | None, wanted: Checkpoint) -> Iterator[str]:
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


def check_fit(place: Place, wanted: dict[str, Checkpoint]) -> None:
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


def check_space(folder: Path | str, size: int) -> None:
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


def remove(place: Place, dataset: str) -> None:
    """Remove the working copy of a dataset, and folders above it that are then empty.

    The caller knows that its content is stored. What rules leave out of the dataset stays.

    Raises:
        UserError: It holds what dsv does not record.
        StorageError: Something cannot be removed.
    """
    path = f"{os.fspath(place.root)}/{dataset}"
    try:
        _remove(path, dataset, place.ignore)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise storage_error("remove", dataset, error) from error
    place.cache.forget(dataset)
    above = dataset.rpartition("/")[0]
    while above:
        drop_empty(f"{os.fspath(place.root)}/{above}")
        above = above.rpartition("/")[0]


def sweep(place: Place) -> None:
    """Remove what killed checkouts left in the scratch folder; nobody else may be writing there."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(place.scratch):
            if entry.name.startswith(_SCRATCH):
                clear(entry.path)


_SCRATCH = f"{TEMP_PREFIX}tree-"


def _write_new(
    place: Place,
    dataset: str,
    wanted: Checkpoint,
    present: Observation | None,
    scratch: str,
    progress: Progress,
) -> None:
    path = f"{os.fspath(place.root)}/{dataset}"
    place.cache.forget(dataset)
    ledger = Ledger(dataset, place.cache, place.epoch)
    temp = f"{scratch}/{temp_name()}"
    Builder(place.reader, progress, ledger).folder(temp, wanted.content, dataset)
    ledger.close()
    if present is not None:
        os.unlink(path)  # noqa: PTH108
    check_free(path, dataset)
    os.rename(temp, path)  # noqa: PTH104


def _change(
    place: Place,
    dataset: str,
    wanted: Checkpoint,
    present: Observation | None,
    scratch: str,
    progress: Progress,
) -> None:
    path = f"{os.fspath(place.root)}/{dataset}"
    written = Written()
    updater = Updater(place.reader, scratch, written, progress)
    name = dataset.rpartition("/")[2]
    old = None if present is None else Entry(name, present.kind, present.content)
    updater.entry(path, old, Entry(name, wanted.kind, wanted.content), dataset)
    observe(place.root, dataset, place.cache, written, ignore=place.ignore)


def _make_parents(place: Place, dataset: str) -> None:
    here = os.fspath(place.root)
    for part in dataset.split("/")[:-1]:
        here = f"{here}/{part}"
        with contextlib.suppress(FileExistsError):
            os.mkdir(here)  # noqa: PTH102
        if not _is_folder(here):
            raise InTheWay(f"{here} is in the way of {dataset}", hint="move it away")


@contextlib.contextmanager
def _scratch(place: Place, path: str) -> Iterator[str]:
    """Give a folder of our own on the file system of `path`: in the store, else beside it."""
    place.scratch.mkdir(parents=True, exist_ok=True)
    above = path.rpartition("/")[0]
    # A dataset may itself be a mount point.
    device = os.lstat(path).st_dev if _is_folder(path) else os.stat(above).st_dev  # noqa: PTH116
    folder = os.fspath(place.scratch)
    if os.stat(folder).st_dev != device:  # noqa: PTH116
        folder = above if os.stat(above).st_dev == device else path  # noqa: PTH116
    mine = f"{folder}/{_SCRATCH}{temp_name().removeprefix(TEMP_PREFIX)}"
    os.mkdir(mine)  # noqa: PTH102
    try:
        yield mine
    finally:
        clear(mine)


def _extra(place: Place, shown: str, before: ObjectId | None, after: ObjectId) -> Iterator[str]:
    check_depth(f"{shown}/")
    for old, new in compare(before, after, place.reader.node):
        if new is None:
            continue
        path = under(shown, new.name)
        here = f"{os.fspath(place.root)}/{path}"
        if new.kind == DIR and _is_folder(here):
            inner = ObjectId(old.target) if old is not None and old.kind == DIR else None
            yield from _extra(place, path, inner, ObjectId(new.target))
        elif old is None and os.path.lexists(here) and not is_same(here, new):
            yield path


def _remove(path: str, shown: str, ignore: Ignore) -> None:
    if not _is_folder(path):
        os.unlink(path)  # noqa: PTH108
        return
    for name in list_names(path, shown, ignore):
        _remove(f"{path}/{name}", f"{shown}/{name}", ignore)
    drop_empty(path)


def _is_folder(path: str) -> bool:
    try:
        return modes.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
