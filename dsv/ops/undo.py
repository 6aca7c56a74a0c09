"""Take back the last operation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dsv import switch
from dsv.errors import AnswerNo, RefMoved
from dsv.ids import ObjectId
from dsv.progress import SILENT, Progress
from dsv.repo import Repo, Tracked
from dsv.store.oplog import OpEntry
from dsv.store.refs import Local, Refs
from dsv.store.writer import Writer
from dsv.switch import Moved


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What `undo` did.

    Attributes:
        entry: The operation that was taken back.
        moved: What happened to the working tree.
    """

    entry: OpEntry
    moved: Moved


def undo(repo: Repo, *, progress: Progress = SILENT) -> UndoResult:
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
    wanted: dict[str, Tracked | None] = {path: checked_out.get(path) for path in repo.datasets(entry.wrote)}
    if entry.tree and "present" in entry.changes:
        before, after = (repo.datasets(_id(snapshot)) for snapshot in entry.changes["present"])
        wanted |= {
            path: before.get(path)
            for path in sorted({*before, *after})
            if before.get(path) != after.get(path)
        }

    def change(found: Refs, _: Writer) -> Refs:
        if repo.local(found).oplog != end:
            raise RefMoved("another operation came in between", hint="run the command again")
        return _revert(found, entry.changes)

    moved = switch.move(
        repo,
        f"undo {entry.what}",
        wanted,
        change,
        dirty=repo.datasets(entry.kept),
        force=True,
        progress=progress,
    )
    return UndoResult(entry, moved)


def _revert(refs: Refs, changes: Mapping[str, tuple[str | None, str | None]]) -> Refs:
    branches, tags = dict(refs.branches), dict(refs.tags)
    local = refs.local or Local()
    for name, (before, _) in changes.items():
        family, _, rest = name.partition("/")
        if family in {"branches", "tags"}:
            table = branches if family == "branches" else tags
            table.pop(rest, None)
            if before is not None:
                table[rest] = ObjectId(before)
        elif name == "head":
            word, _, value = (before or "").partition(" ")
            local = replace(
                local,
                branch=value if word == "branch" else None,
                detached=ObjectId(value) if word == "commit" and value != "None" else None,
            )
        elif name == "staged":
            local = replace(local, staged=_id(before))
        elif name == "present":
            local = replace(local, present=_id(before))
    return replace(refs, branches=branches, tags=tags, local=local)


def _id(text: str | None) -> ObjectId | None:
    return None if text is None else ObjectId(text)
