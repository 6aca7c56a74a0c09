"""Ending a move of the working tree that was interrupted."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from dsv.errors import DsvError
from dsv.ids import ObjectId
from dsv.lock import FileLock
from dsv.progress import SILENT, Progress
from dsv.store.refs import Refs
from dsv.store.repository import Tracked
from dsv.versions import stage
from dsv.versions.switch.on_disk import is_known, look
from dsv.versions.switch.planned import planned
from dsv.versions.switch.torn_files import is_torn
from dsv.versions.switch.write_versions import write
from dsv.workspace import Workspace
from dsv.worktree import lockfile


@dataclass(frozen=True, slots=True)
class Ended:
    """How an interrupted move was ended.

    Attributes:
        left: Datasets that were changed since, and left as they are.
        failed: By path why a dataset could not be written; its move has not ended.
        known: By path of those the versions of which files may be there.
    """

    left: tuple[str, ...] = ()
    failed: Mapping[str, DsvError] = field(default_factory=dict)
    known: Mapping[str, list[Tracked | None]] = field(default_factory=dict)


def settle(workspace: Workspace) -> None:
    """End a move that was interrupted, for a command that takes the working tree as it is.

    Raises:
        Busy: Another process is moving the working tree.
        DsvError: A dataset cannot be written; the message names it.
    """
    with FileLock(workspace.dot / "tree.lock"):
        for error in finish(workspace).failed.values():
            raise error


def finish(workspace: Workspace, *, progress: Progress = SILENT) -> Ended:
    """End a move that was interrupted, as far as that is possible.

    A file that is neither the version left, nor the one wanted, nor one that was kept, nor what a power cut
    left of one of them, was changed since: its dataset is not touched.
    """
    moving = workspace.repo.refs().mine.moving
    if moving is None:
        return Ended()
    before, after, kept = (workspace.repo.datasets(snapshot) for snapshot in moving)
    left = []
    failed: dict[str, DsvError] = {}
    known: dict[str, list[Tracked | None]] = {}
    # What goes away goes first, as in `write`.
    for path in sorted({*before, *after, *kept}, key=lambda path: (after.get(path) is not None, path)):
        new, old = after.get(path), [before.get(path), kept.get(path)]
        if before.get(path) == new and path not in kept:
            continue
        try:
            since = time.time_ns()
            seen = look(workspace, path)
            torn = partial(_is_torn, workspace, path)
            if is_known(workspace.repo, seen, new, old, gone=True, torn=torn):
                write(workspace, [planned(path, seen, new)], since, progress)
            else:
                left.append(path)
        except DsvError as error:
            failed[path] = _unfinished(path, error)
            known[path] = [new, *old]
    if not failed:
        end(workspace)
    return Ended(tuple(left), failed, known)


def _is_torn(workspace: Workspace, dataset: str, path: str, version: ObjectId) -> bool:
    return is_torn(workspace, f"{dataset}/{path}" if path else dataset, version)


def _unfinished(path: str, error: DsvError) -> DsvError:
    message = f"a checkout of {path} was begun and cannot be ended: {error.message}"
    return type(error)(message, hint=error.hint or "dsv undo, or dsv checkout another version")


def end(workspace: Workspace) -> Refs:
    """Say in the refs, to git, and where HEAD moved in `dsv.lock` that a move has ended; return the refs."""
    workspace.worktree.cache.commit()
    refs = workspace.repo.publish(lambda found, _: replace(found, local=replace(found.mine, moving=None)))
    if refs.mine.lock_due or not (workspace.root / lockfile.NAME).exists():
        workspace.write_lock()
    stage.ignore_in_git(workspace)
    return refs
