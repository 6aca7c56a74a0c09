"""Writing versions into the working tree."""

from collections.abc import Collection

from dsv.atomic import storing, sync_disk
from dsv.progress import SILENT, Progress
from dsv.versions.switch.planned import Planned
from dsv.workspace import Workspace
from dsv.worktree.materialise import materialise, remove


def write(
    workspace: Workspace,
    todo: Collection[Planned],
    since: int,
    progress: Progress,
) -> tuple[list[str], list[str]]:
    """Make the working tree hold what is wanted, durably, and return which paths were written and which removed.

    Args:
        workspace: The workspace.
        todo: The datasets, each with what is there and what shall be.
        since: When the looks at what is there began, in ns since 1970.
        progress: Counts the bytes.
    """
    written, removed = [], []
    place = workspace.place(progress)._replace(since=since)
    removing = _begin(todo, progress)
    # What goes away goes first: a file may make room for a folder of the same name.
    for one in sorted(todo, key=lambda one: (one.wanted is not None, one.path)):
        if one.wanted is None:
            if one.seen is not None:
                remove(place, one.path, one.seen, removing)
                removed.append(one.path)
        elif not one.done:
            materialise(place, one.path, one.wanted.checkpoint, one.seen)
            written.append(one.path)
    if written or removed:
        # All at once: to sync each of thousands of files would take minutes.
        with storing("sync", workspace.root):
            sync_disk(workspace.root)
    return written, removed


def _begin(todo: Collection[Planned], progress: Progress) -> Progress:
    """Begin the count: of bytes that are written, or of files where all are removed; return what counts those."""
    wanted = [one.wanted.checkpoint.size for one in todo if one.wanted is not None]
    if wanted:
        progress.begin("writing", sum(wanted), "B")
        return SILENT
    progress.begin("removing", sum(one.seen.files for one in todo if one.seen is not None), "files")
    return progress
