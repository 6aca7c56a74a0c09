"""Making the branch that HEAD is on another commit, with the working tree behind it."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dsv.errors import InTheWay, RefMoved
from dsv.ids import ObjectId
from dsv.progress import SILENT, Progress
from dsv.store.refs import Refs
from dsv.store.repository import Datasets, Tracked
from dsv.store.writer import Writer
from dsv.versions import stage
from dsv.versions.switch.move import Moved, move
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Toward:
    """Where a branch goes, in the words of the user; for hints.

    Attributes:
        name: What the commit is called.
        merge: The command that merges it.
        again: The command to run again once nothing is in the way.
    """

    name: str
    merge: str
    again: str

    @property
    def state(self) -> str:
        """Say how datasets stand that have uncommitted changes."""
        return f"has uncommitted changes, and {self.name} has another version"

    def tracked(self, paths: Sequence[str]) -> str:
        """Return the ways out where uncommitted changes of datasets are in the way."""
        mine = f"dsv restore {shlex.join(paths)}, then {self.again}"
        return f"dsv commit -am MESSAGE, then {self.merge}; or throw yours away: {mine}"

    def untracked(self, paths: Sequence[str]) -> str:
        """Return the ways out where files that are not tracked are in the way."""
        named = shlex.join(paths)
        add = f"dsv add {named}, dsv commit -m MESSAGE, then {self.merge}"
        return f"move {named} away, then {self.again}; or {add}"

    def staged(self, paths: Sequence[str]) -> str:
        """Return the ways out where changes that are staged are in the way."""
        named = shlex.join(paths)
        mine = f"dsv restore --staged {named}, then {self.again}"
        return f"dsv commit -m MESSAGE, then {self.merge}; or take yours back: {mine}"


def advance(
    workspace: Workspace,
    what: str,
    seen: Refs,
    after: Datasets,
    commit: ObjectId,
    toward: Toward,
    *,
    progress: Progress = SILENT,
) -> Moved:
    """Make the branch that HEAD is on be `commit`, and the working tree follow it.

    A change that is not committed, staged or not, is carried over where the dataset stays as it was.

    Args:
        workspace: The workspace.
        what: The command, for the oplog.
        seen: The refs that this was decided on.
        after: The datasets of `commit`.
        commit: What the branch shall be.
        toward: What it is called, for hints.
        progress: Counts the files that are written.

    Raises:
        RefMoved: Another process committed or staged something since.
        InTheWay: Uncommitted or untracked data would be overwritten; nothing was changed.
    """
    before = workspace.repo.datasets(workspace.repo.snapshot_of(seen.head))
    present = workspace.repo.datasets(workspace.repo.refs().mine.present)
    carry, lost = carried(before, after, workspace.repo.datasets(seen.mine.staged))
    if lost:
        raise InTheWay(
            f"{', '.join(lost)} staged and not committed, and {toward.name} has another version",
            hint=toward.staged(lost),
        )
    wanted: dict[str, Tracked | None] = {
        path: after.get(path)
        for path in stage.changed(before, after)
        if path in present or path not in before  # what is absent by choice stays so
    }

    def change(found: Refs, session: Writer) -> Refs:
        local = found.mine
        if (found.head, local.staged) != (seen.head, seen.mine.staged) or local.branch is None:
            raise RefMoved("another process committed or staged meanwhile", hint="run the command again")
        target = replace(local, staged=workspace.repo.commit(commit).snapshot)
        moved = replace(found, branches={**found.branches, local.branch: commit}, local=target)
        return stage.restage(workspace.repo, moved, carry, session)

    return move(workspace, what, wanted, change, ways=toward, progress=progress)


def carried(old: Datasets, new: Datasets, staged: Datasets) -> tuple[dict[str, Tracked | None], list[str]]:
    """Return the staged changes that can be carried over from `old` to `new`, and those that would be lost."""
    carry: dict[str, Tracked | None] = {}
    lost = []
    for path in sorted({*old, *staged}):
        mine = staged.get(path)
        if mine == old.get(path) or mine == new.get(path):
            continue
        if old.get(path) == new.get(path):
            carry[path] = mine
        else:
            lost.append(path)
    return carry, lost
