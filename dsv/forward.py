"""Making the branch that HEAD is on another commit, with the working tree behind it."""

from dataclasses import replace

from dsv.errors import RefMoved
from dsv.ids import ObjectId
from dsv.progress import SILENT, Progress
from dsv.repo import Datasets, Repo, Tracked
from dsv.store.refs import Refs
from dsv.store.writer import Writer
from dsv.switch.move import Moved, move


def advance(
    repo: Repo, what: str, seen: Refs, after: Datasets, commit: ObjectId, *, progress: Progress = SILENT
) -> Moved:
    """Make the branch that HEAD is on be `commit`, and the working tree follow it.

    Args:
        repo: The workspace.
        what: The command, for the oplog.
        seen: The refs that this was decided on; nothing is staged in them.
        after: The datasets of `commit`.
        commit: What the branch shall be.
        progress: Told of the files that are written.

    Raises:
        RefMoved: Another process committed or staged something since.
        InTheWay: Uncommitted or untracked data would be overwritten; nothing was changed.
    """
    before = repo.datasets(repo.snapshot_of(seen.head))
    present = repo.datasets(repo.local(repo.refs()).present)
    wanted: dict[str, Tracked | None] = {
        path: after.get(path)
        for path in changed(before, after)
        if path in present or path not in before  # what is absent by choice stays so
    }

    def change(found: Refs, _: Writer) -> Refs:
        local = repo.local(found)
        if (found.head, local.staged) != (seen.head, repo.local(seen).staged) or local.branch is None:
            raise RefMoved("another process committed or staged meanwhile", hint="run the command again")
        staged = repo.commit(commit).snapshot
        return replace(
            found, branches={**found.branches, local.branch: commit}, local=replace(local, staged=staged)
        )

    return move(repo, what, wanted, change, progress=progress)


def changed(before: Datasets, after: Datasets) -> tuple[str, ...]:
    """Return the paths of the datasets that differ, in order."""
    return tuple(path for path in sorted({*before, *after}) if before.get(path) != after.get(path))
