"""Whether what is wanted can be written at all: checked before anything changes."""

from collections.abc import Iterable, Mapping

from dsv.errors import Corrupt, InTheWay, StorageError
from dsv.ids import ObjectId
from dsv.model import tree as trees
from dsv.model.checkpoint import Checkpoint
from dsv.store.repository import Repository, Tracked
from dsv.workspace import Workspace
from dsv.worktree.materialise import check_fit, check_space, conflicts
from dsv.worktree.observe import Observation


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


def check_writable(
    workspace: Workspace, goal: Mapping[str, Tracked | None], looks: Mapping[str, Observation | None]
) -> None:
    """Check that the working tree and the disk can take `goal`.

    Args:
        workspace: The workspace.
        goal: By path what shall be there; None: nothing.
        looks: By path what is there.

    Raises:
        InTheWay: Something untracked, or ignored, would be overwritten.
        Refused: The file system cannot hold two of the names at once.
        Corrupt: A version has another size than it says.
        StorageError: The disk is too small.
    """
    place = workspace.place()
    wanted = {path: new.checkpoint for path, new in goal.items() if new is not None}
    check_fit(place, wanted)
    _check_room(workspace, wanted, looks)
    for path, checkpoint in wanted.items():
        hidden = next(conflicts(place, path, looks[path], checkpoint), None)
        if hidden is not None:
            raise InTheWay(f"{hidden} would be overwritten", hint="move it away")


def _check_room(
    workspace: Workspace, wanted: Mapping[str, Checkpoint], looks: Mapping[str, Observation | None]
) -> None:
    """Check that all of `wanted` is what it says it is in size, and that the disk has room for it.

    The size of a folder is counted only where it seems too large: a store that lies must not
    make a workspace refuse for ever.
    """
    total = largest = 0
    for path, one in wanted.items():
        look = looks[path]
        if look is not None and one.same_data(look):
            continue
        if not one.is_dir and workspace.repo.contents.size(one.content) != one.size:
            raise Corrupt(f"the checkpoint of {path} says {one.size} bytes, and the file has others")
        total += one.size - (0 if look is None else look.size)
        largest = max(largest, one.size)
    try:
        check_space(workspace.root, max(total, 0) + largest)
    except StorageError:
        for path, one in wanted.items():
            _count(workspace.repo, path, one)
        raise


def _count(repo: Repository, path: str, checkpoint: Checkpoint) -> None:
    if not checkpoint.is_dir:
        return
    size = sum(
        repo.contents.size(ObjectId(entry.target)) for _, entry in trees.files(checkpoint.content, repo.node)
    )
    if size != checkpoint.size:
        raise Corrupt(f"the checkpoint of {path} says {checkpoint.size} bytes, and its files have {size}")
