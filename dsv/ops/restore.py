"""Put back stored bytes of a dataset, or unstage it."""

from collections.abc import Sequence
from dataclasses import replace

from dsv.progress import SILENT, Progress
from dsv.records import dataset_names
from dsv.store.refs import Refs
from dsv.store.repository import Tracked
from dsv.store.writer import Writer
from dsv.versions import preconditions, stage
from dsv.versions.switch.move import Moved, move
from dsv.wording import arguments
from dsv.workspace import Workspace


def restore(workspace: Workspace, paths: Sequence[str], *, progress: Progress = SILENT) -> Moved:
    """Make the working tree hold `paths` as they are staged, else as in HEAD.

    What is overwritten is stored first, so that `dsv undo` brings it back.

    Raises:
        NotFound: A path is no dataset.
    """
    refs = workspace.repo.refs()
    staged = workspace.repo.datasets(refs.mine.staged)
    head = workspace.repo.datasets(workspace.repo.snapshot_of(refs.head))
    both = {**head, **staged}
    wanted = {path: both[path] for path in dataset_names.select(both, paths, "HEAD")}
    return move(
        workspace,
        f"restore {arguments(paths)}",
        wanted,
        lambda found, _: found,
        force=True,
        progress=progress,
    )


def unstage(workspace: Workspace, paths: Sequence[str]) -> tuple[str, ...]:
    """Stage `paths` as they are in HEAD, leaving the working tree alone; return what changed.

    Raises:
        NotFound: A path is no dataset.
    """
    refs = preconditions.settled(workspace)
    staged = workspace.repo.datasets(refs.mine.staged)
    head = workspace.repo.datasets(workspace.repo.snapshot_of(refs.head))
    named = dataset_names.select({**head, **staged}, paths, "HEAD")
    updates: dict[str, Tracked | None] = {
        path: head.get(path) for path in named if head.get(path) != staged.get(path)
    }

    def change(found: Refs, session: Writer) -> Refs:
        back = stage.restage(workspace.repo, found, updates, session)
        # What HEAD does not know is untracked again. What is not in the working tree stays absent:
        # else `commit -a` would take something that was dropped for something that was deleted.
        local = back.mine
        present = workspace.repo.datasets(local.present)
        seen = {
            path: new
            for path, new in updates.items()
            if new is None or path in present or workspace.worktree.holds(path)
        }
        return replace(
            back, local=replace(local, present=stage.edit(workspace.repo, local.present, seen, session))
        )

    workspace.publish(f"restore --staged {arguments(paths)}", change)
    stage.ignore_in_git(workspace)
    return tuple(updates)
