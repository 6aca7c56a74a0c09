"""What the working tree holds, beside the versions that the store has."""

from collections.abc import Callable

from dsv.ids import ObjectId
from dsv.model import file_diff
from dsv.model import node as nodes
from dsv.model.file_diff import FileChange
from dsv.model.node import DIR, EXEC, FILE, Entry
from dsv.progress import SILENT, Progress
from dsv.store.repository import Repository, Tracked
from dsv.workspace import Workspace
from dsv.worktree.observe import Observation
from dsv.worktree.sink import HashSink


def look(workspace: Workspace, path: str, progress: Progress = SILENT) -> Observation | None:
    """Return what the working tree holds at `path`, None for nothing; its nodes can be read from then on.

    No stat is believed that could hide a change: what is there may be overwritten.

    Raises:
        UserError: There is something that dsv does not track or cannot read.
    """
    if not workspace.worktree.holds(path):
        return None
    sink = HashSink(workspace.worktree.cache, progress)
    seen = workspace.worktree.look(path, sink, careful=True)
    sink.skipped(seen.size)
    workspace.worktree.remember_nodes(sink)
    return seen


def _never(path: str, version: ObjectId) -> bool:  # noqa: ARG001
    return False


def is_known(
    repo: Repository,
    seen: Observation | None,
    new: Tracked | None,
    known: list[Tracked | None],
    *,
    gone: bool,
    torn: Callable[[str, ObjectId], bool] = _never,
) -> bool:
    """Whether all that is there is in the store: each file is as wanted, or as one of `known` has it.

    A file that is in one of them and not there is a change like any other, unless `gone`. One of which `torn`
    says that it is a part of such a version is none; its path is relative to the dataset, empty for that itself.
    """
    if seen is None:
        return True
    dropped = repo.refs().mine.dropped
    held = [one for one in known if one is not None and one.checkpoint.content not in dropped]
    states = [one.checkpoint for one in (new, *held) if one is not None]
    if any(state.same_data(seen) for state in states):
        return True
    folders = [state.content for state in states if state.kind == DIR]
    if seen.kind != DIR:
        return any(torn("", state.content) for state in states if state.kind != DIR)
    if not folders:
        return False
    reference, *others = folders
    allowed = [
        {change.path: change.after for change in file_diff.changes(reference, other, repo.node)}
        for other in others
    ]
    return all(
        (gone and (change.after is None or _is_emptied(change, allowed)))
        or any(change.path in other and other[change.path] == change.after for other in allowed)
        or _is_part(change, allowed, torn)
        for change in file_diff.changes(reference, seen.content, repo.node)
    )


def _is_part(
    change: FileChange, allowed: list[dict[str, Entry | None]], torn: Callable[[str, ObjectId], bool]
) -> bool:
    """Whether it is a file that `torn` takes for a part of one of the versions."""
    whole = [change.before, *(other.get(change.path) for other in allowed)]
    if change.after is None or change.after.kind not in {FILE, EXEC}:
        return False
    return any(
        torn(change.path, ObjectId(one.target))
        for one in whole
        if one is not None and one.kind in {FILE, EXEC}
    )


def _is_emptied(change: FileChange, allowed: list[dict[str, Entry | None]]) -> bool:
    """Whether it is a folder that is empty now and has files in one of the versions."""
    if change.after is None or change.after.target != nodes.EMPTY:
        return False
    return any(path.startswith(f"{change.path}/") for other in allowed for path in other)
