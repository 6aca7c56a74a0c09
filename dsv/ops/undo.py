"""Take back the last operation."""

from dataclasses import dataclass

from dsv.errors import AnswerNo, RefMoved
from dsv.progress import SILENT, Progress
from dsv.store.operation_log import OpEntry
from dsv.store.ref_changes import deletions_of, id_or_none, taken_back
from dsv.store.refs import Refs
from dsv.store.writer import Writer
from dsv.versions import preconditions
from dsv.versions.switch.move import Moved, move
from dsv.workspace import Tracked, Workspace


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What `undo` did.

    Attributes:
        entry: The operation that was taken back.
        moved: What happened to the working tree.
    """

    entry: OpEntry
    moved: Moved


def undo(repo: Workspace, *, progress: Progress = SILENT) -> UndoResult:
    """Take back the last operation with its staging and its files; again, and it is done again.

    What the working tree holds by now is stored before it is overwritten.

    Raises:
        AnswerNo: Nothing was done yet, or gc let go of what the last operation needs.
        Corrupt: The last operation cannot be read.
        RefMoved: Another process did something meanwhile.
    """
    end = repo.local(repo.refs()).oplog
    entry = next(repo.oplog.entries(end), None)
    if entry is None:
        raise AnswerNo("nothing to undo")
    if entry.seconds < repo.local(repo.refs()).horizon:
        raise AnswerNo("the last operation cannot be undone any more: gc let go of what it needs")
    checked_out = repo.datasets(repo.local(repo.refs()).present)
    deleted = deletions_of(entry.changes)
    wanted: dict[str, Tracked | None] = {
        path: checked_out.get(path) for path in [*repo.datasets(entry.wrote), *deleted]
    }
    if entry.tree and "present" in entry.changes:
        before, after = (repo.datasets(id_or_none(snapshot)) for snapshot in entry.changes["present"])
        wanted |= {
            path: before.get(path)
            for path in sorted({*before, *after})
            if before.get(path) != after.get(path)
        }

    def change(found: Refs, _: Writer) -> Refs:
        if repo.local(found).oplog != end:
            raise RefMoved("another operation came in between", hint="run the command again")
        return taken_back(found, entry.changes)

    moved = move(
        repo,
        f"undo {entry.what}",
        wanted,
        change,
        dirty={
            **repo.datasets(entry.kept),
            **{path: None for path, (before, _) in deleted.items() if before},
        },
        force=True,
        lock=preconditions.lock_follows(repo, repo.refs()),
        progress=progress,
    )
    return UndoResult(entry, moved)
