"""Take back the last operation."""

from dataclasses import dataclass

from dsv.errors import AnswerNo, RefMoved
from dsv.progress import SILENT, Progress
from dsv.store.operation_log import OpEntry
from dsv.store.ref_changes import deletions_of, id_or_none, taken_back
from dsv.store.refs import Refs
from dsv.store.repository import Tracked
from dsv.store.writer import Writer
from dsv.versions import preconditions
from dsv.versions.switch.move import Moved, move
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What `undo` did.

    Attributes:
        entry: The operation that was taken back.
        moved: What happened to the working tree.
    """

    entry: OpEntry
    moved: Moved


def undo(workspace: Workspace, *, progress: Progress = SILENT) -> UndoResult:
    """Take back the last operation with its staging and its files; again, and it is done again.

    What the working tree holds by now is stored before it is overwritten.

    Raises:
        AnswerNo: Nothing was done yet, or gc let go of what the last operation needs.
        Corrupt: The last operation cannot be read.
        RefMoved: Another process did something meanwhile.
    """
    end = workspace.repo.refs().mine.oplog
    entry = next(workspace.oplog.entries(end), None)
    if entry is None:
        raise AnswerNo("nothing to undo")
    if entry.seconds < workspace.repo.refs().mine.horizon:
        raise AnswerNo("the last operation cannot be undone any more: gc let go of what it needs")
    checked_out = workspace.repo.datasets(workspace.repo.refs().mine.present)
    deleted = deletions_of(entry.changes)
    wanted: dict[str, Tracked | None] = {
        path: checked_out.get(path) for path in [*workspace.repo.datasets(entry.wrote), *deleted]
    }
    if entry.tree and "present" in entry.changes:
        before, after = (
            workspace.repo.datasets(id_or_none(snapshot)) for snapshot in entry.changes["present"]
        )
        wanted |= {
            path: before.get(path)
            for path in sorted({*before, *after})
            if before.get(path) != after.get(path)
        }

    def change(found: Refs, _: Writer) -> Refs:
        if found.mine.oplog != end:
            raise RefMoved("another operation came in between", hint="run the command again")
        return taken_back(found, entry.changes)

    moved = move(
        workspace,
        f"undo {entry.what}",
        wanted,
        change,
        dirty={
            **workspace.repo.datasets(entry.kept),
            **{path: None for path, (before, _) in deleted.items() if before},
        },
        force=True,
        lock=preconditions.lock_follows(workspace, workspace.repo.refs()),
        progress=progress,
    )
    return UndoResult(entry, moved)
