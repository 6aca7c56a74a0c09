"""Stop tracking datasets."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dsv.errors import InTheWay
from dsv.records import dataset_names
from dsv.store.refs import Refs
from dsv.store.repository import Tracked
from dsv.store.writer import Writer
from dsv.versions import preconditions, stage
from dsv.versions.switch.move import move
from dsv.wording import arguments
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RmResult:
    """What `rm` did.

    Attributes:
        paths: Datasets that are not tracked any more.
        removed: Those whose working copy was deleted.
    """

    paths: tuple[str, ...]
    removed: tuple[str, ...]


def rm(workspace: Workspace, paths: Sequence[str], *, keep: bool = False) -> RmResult:
    """Stop tracking the datasets `paths`; the commits that have them stay as they are.

    Args:
        workspace: The workspace.
        paths: Datasets, or folders of datasets.
        keep: Leave the working copies.

    Raises:
        NotFound: A path is no dataset.
        InTheWay: A working copy that is to be deleted has bytes that the store does not hold.
    """
    refs = preconditions.ready(workspace)
    named = dataset_names.select(workspace.repo.datasets(refs.mine.staged), paths, "HEAD")
    gone: dict[str, Tracked | None] = dict.fromkeys(named)
    what = f"rm {arguments(paths)}"

    def untrack(found: Refs, session: Writer) -> Refs:
        return stage.restage(workspace.repo, found, gone, session)

    if keep:

        def forget(found: Refs, session: Writer) -> Refs:
            less = untrack(found, session)
            local = less.mine
            return replace(
                less, local=replace(local, present=stage.edit(workspace.repo, local.present, gone, session))
            )

        workspace.publish(what, forget)
        stage.ignore_in_git(workspace)
        return RmResult(tuple(named), ())
    try:
        moved = move(workspace, what, gone, untrack)
    except InTheWay as error:
        raise InTheWay(error.message, hint=f"dsv rm --keep {shlex.join(named)}") from error
    return RmResult(tuple(named), moved.removed)
