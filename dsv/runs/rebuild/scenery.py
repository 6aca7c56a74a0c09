"""What makes a clean folder look like the place of the run: names that it saw, folders, links, the order of times."""

import os
import posixpath
from collections.abc import Collection, Iterator
from pathlib import Path

from dsv.model.attempt import Attempt
from dsv.model.dataset_paths import NEVER_DATA
from dsv.model.node import DIR, LINK
from dsv.model.run import Run
from dsv.store.repository import Repository

_GIT = ".git"
_NOWHERE = "not-recorded"
_SECOND = 1_000_000_000

_LARGEST = 1 << 50
"""Bytes of the largest file that is made as large as a record says; file systems hold no larger ones."""


def furnish(repo: Repository, run: Run, attempt: Attempt | None, folder: Path) -> None:
    """Put into `folder`, which has the inputs and the code of a run, what else the run found there.

    A name that it saw and whose content it did not read is a file of zeros, as large as it was if the run looked,
    or an empty folder. A link leads where it led, or
    nowhere if that is out of the workspace. `.git` is an empty folder: programs that look for the root of a project
    stop there. What the run made is left out.

    Args:
        repo: The repository.
        run: The run.
        attempt: How it happened; None if that is not known.
        folder: The clean folder.

    Raises:
        Missing, Corrupt: The store cannot give what was listed.
        OSError: It cannot be written.
    """
    outputs = {output.path for output in run.outputs}
    oldest = None if attempt is None else (attempt.started - len(attempt.order) - 1) * _SECOND
    for path, kind in _seen(repo, run, attempt):
        if _may_be(path, kind) and not _is_in(path, outputs):
            _put(folder, path, kind, oldest)
    if attempt is not None:
        _order(folder, attempt)


def _seen(repo: Repository, run: Run, attempt: Attempt | None) -> Iterator[tuple[str, str]]:
    """Yield what the run saw, folders before what is in them; of what it looked at more is known than of a name."""
    looked = {} if attempt is None else dict(attempt.found)
    for listed in sorted(run.listings):
        if listed.path:
            yield listed.path, DIR
        above = f"{listed.path}/" if listed.path else ""
        for entry in repo.listing(listed.listing).names:
            path = above + entry.name
            yield path, looked.get(path, entry.kind)
    yield from looked.items()


def _may_be(path: str, kind: str) -> bool:
    """Whether a path of a record may be made: none that leads out, or into the store or git."""
    parts = path.split("/")
    if {"", ".", ".."} & set(parts) or "\0" in path:
        return False
    hidden = [part for part in parts if part.casefold() in NEVER_DATA]
    return not hidden or (hidden == [_GIT] and parts[-1] == _GIT and kind == DIR)


def _is_in(path: str, outputs: Collection[str]) -> bool:
    return path in outputs or any(path.startswith(f"{output}/") for output in outputs)


def _put(folder: Path, path: str, kind: str, moment: int | None) -> None:
    """Make `path` in `folder`, if nothing is there. A file is older than all that was read: nothing was made of it."""
    place = folder
    for part in path.split("/")[:-1]:
        place /= part
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            return  # behind a link, which might lead out, or in a file
        place.mkdir(exist_ok=True)
    place /= path.rpartition("/")[2]
    if os.path.lexists(place):
        return
    if kind == DIR:
        place.mkdir()
    elif kind.startswith(LINK):
        place.symlink_to(_target(path, kind) or _NOWHERE)
    else:
        size = kind.partition(":")[2]
        with place.open("xb") as file:
            file.truncate(min(int(size), _LARGEST) if size.isdecimal() else 0)
        if moment is not None:
            os.utime(place, ns=(moment, moment))


def _target(path: str, kind: str) -> str | None:
    """Return where the link at `path` leads, of which `kind` says `link:TARGET`; None if that is unknown or is out."""
    target = kind.partition(":")[2]
    place = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return target if target and not target.startswith("/") and _may_be(place, kind) else None


def _order(folder: Path, attempt: Attempt) -> None:
    """Have files be as old as they were beside each other, so that make sees what it saw."""
    for age, path in enumerate(reversed(attempt.order), 1):
        place = folder / path
        if _may_be(path, "") and place.is_file() and not _is_behind_link(folder, path):
            moment = (attempt.started - age) * _SECOND
            os.utime(place, ns=(moment, moment), follow_symlinks=False)


def _is_behind_link(folder: Path, path: str) -> bool:
    parts = path.split("/")
    return any(folder.joinpath(*parts[:end]).is_symlink() for end in range(1, len(parts) + 1))
