"""Stop tracking datasets."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dsv.errors import InTheWay
from dsv.records import dataset_names
from dsv.store.refs import Refs
from dsv.store.writer import Writer
from dsv.versions import preconditions, stage
from dsv.versions.switch.move import move
from dsv.workspace import Tracked, Workspace


@dataclass(frozen=True, slots=True)
class RmResult:
    """What `rm` did.

    Attributes:
        paths: Datasets that are not tracked any more.
        removed: Those whose working copy was deleted.
    """

    paths: tuple[str, ...]
    removed: tuple[str, ...]


def rm(repo: Workspace, paths: Sequence[str], *, keep: bool = False) -> RmResult:
    """Stop tracking the datasets `paths`; the commits that have them stay as they are.

    Args:
        repo: The workspace.
        paths: Datasets, or folders of datasets.
        keep: Leave the working copies.

    Raises:
        NotFound: A path is no dataset.
        InTheWay: A working copy that is to be deleted has bytes that the store does not hold.
    """
    refs = preconditions.ready(repo)
    named = dataset_names.select(repo.datasets(repo.local(refs).staged), paths, "HEAD")
    gone: dict[str, Tracked | None] = dict.fromkeys(named)
    what = f"rm {' '.join(paths)}"

    def untrack(found: Refs, session: Writer) -> Refs:
        return stage.restage(repo, found, gone, session)

    if keep:

        def forget(found: Refs, session: Writer) -> Refs:
            less = untrack(found, session)
            local = repo.local(less)
            return replace(less, local=replace(local, present=stage.edit(repo, local.present, gone, session)))

        repo.publish(what, forget)
        stage.ignore_in_git(repo)
        return RmResult(tuple(named), ())
    try:
        moved = move(repo, what, gone, untrack)
    except InTheWay as error:
        raise InTheWay(error.message, hint=f"dsv rm --keep {shlex.join(named)}") from error
    return RmResult(tuple(named), moved.removed)
