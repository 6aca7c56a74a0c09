"""Writing versions into the working tree."""

from collections.abc import Mapping

from dsv.atomic import storing, sync_disk
from dsv.progress import SILENT, Progress
from dsv.store.repository import Tracked
from dsv.versions.switch.on_disk import is_as
from dsv.workspace import Workspace
from dsv.worktree.materialise import materialise, remove
from dsv.worktree.observe import Observation


def write(
    workspace: Workspace,
    todo: Mapping[str, tuple[Observation | None, Tracked | None]],
    since: int,
    progress: Progress,
) -> tuple[list[str], list[str]]:
    """Make the working tree hold what is wanted, durably, and return which paths were written and which removed.

    Args:
        workspace: The workspace.
        todo: By path what is there, and what shall be; None: nothing.
        since: When the looks at what is there began, in ns since 1970.
        progress: Counts the bytes.
    """
    written, removed = [], []
    place = workspace.place(progress)._replace(since=since)
    removing = _begin(todo, progress)
    # What goes away goes first: a file may make room for a folder of the same name.
    for path, (look, new) in sorted(todo.items(), key=lambda item: (item[1][1] is not None, item[0])):
        if new is None:
            if look is not None:
                remove(place, path, look, removing)
                removed.append(path)
        elif not is_as(look, new):
            materialise(place, path, new.checkpoint, look)
            written.append(path)
    if written or removed:
        # All at once: to sync each of thousands of files would take minutes.
        with storing("sync", workspace.root):
            sync_disk(workspace.root)
    return written, removed


def _begin(todo: Mapping[str, tuple[Observation | None, Tracked | None]], progress: Progress) -> Progress:
    """Begin the count: of bytes that are written, or of files where all are removed; return what counts those."""
    if any(new is not None for _, new in todo.values()):
        progress.begin(
            "writing", sum(new.checkpoint.size for _, new in todo.values() if new is not None), "B"
        )
        return SILENT
    progress.begin("removing", sum(look.files for look, _ in todo.values() if look is not None), "files")
    return progress
