"""Whether what is wanted can be written at all: checked before anything changes."""

from collections.abc import Collection, Iterable

from dsv.errors import Corrupt, InTheWay, StorageError
from dsv.ids import ObjectId
from dsv.model import tree as trees
from dsv.model.checkpoint import Checkpoint
from dsv.store.repository import Repository
from dsv.versions.switch.planned import Planned
from dsv.workspace import Workspace
from dsv.worktree.materialise import check_fit, check_space, conflicts


def check_parents(workspace: Workspace, paths: Iterable[str]) -> None:
    """Check that what is above `paths` are folders, or nothing.

    Raises:
        InTheWay: One is something else.
    """
    for path in paths:
        parts = path.split("/")
        for end in range(1, len(parts)):
            above = workspace.root.joinpath(*parts[:end])
            if above.is_symlink() or (above.exists() and not above.is_dir()):
                raise InTheWay(f"{'/'.join(parts[:end])} is in the way of {path}", hint="move it away")


def check_writable(workspace: Workspace, plan: Collection[Planned]) -> None:
    """Check that the working tree and the disk can take what is planned.

    Raises:
        InTheWay: Something untracked, or ignored, would be overwritten.
        Refused: The file system cannot hold two of the names at once.
        Corrupt: A version has another size than it says.
        StorageError: The disk is too small.
    """
    place = workspace.place()
    wanted = {one.path: one.wanted.checkpoint for one in plan if one.wanted is not None}
    check_fit(place, wanted)
    _check_room(workspace, plan)
    for one in plan:
        if one.wanted is None:
            continue
        hidden = next(conflicts(place, one.path, one.seen, one.wanted.checkpoint), None)
        if hidden is not None:
            raise InTheWay(f"{hidden} would be overwritten", hint="move it away")


def _check_room(workspace: Workspace, plan: Collection[Planned]) -> None:
    """Check that all that is wanted is what it says it is in size, and that the disk has room for it.

    The size of a folder is counted only where it seems too large: a store that lies must not
    make a workspace refuse for ever.
    """
    total = largest = 0
    coming = {one.path: one.wanted.checkpoint for one in plan if one.wanted is not None and not one.done}
    for path, new in coming.items():
        if not new.is_dir and workspace.repo.contents.size(new.content) != new.size:
            raise Corrupt(f"the checkpoint of {path} says {new.size} bytes, and the file has others")
        total += new.size
        largest = max(largest, new.size)
    total -= sum(one.seen.size for one in plan if one.path in coming and one.seen is not None)
    try:
        check_space(workspace.root, max(total, 0) + largest)
    except StorageError:
        for one in plan:
            if one.wanted is not None:
                _count(workspace.repo, one.path, one.wanted.checkpoint)
        raise


def _count(repo: Repository, path: str, checkpoint: Checkpoint) -> None:
    if not checkpoint.is_dir:
        return
    size = sum(
        repo.contents.size(ObjectId(entry.target)) for _, entry in trees.files(checkpoint.content, repo.node)
    )
    if size != checkpoint.size:
        raise Corrupt(f"the checkpoint of {path} says {checkpoint.size} bytes, and its files have {size}")
