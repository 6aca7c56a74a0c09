"""What is staged after a run was repeated: names that people gave since, and outputs that are not made any more."""

from pathlib import Path

from dsv.atomic import storing
from dsv.runs.stale.step import Step
from dsv.store.refs import Refs
from dsv.store.repository import Tracked
from dsv.store.writer import Writer
from dsv.versions import stage
from dsv.workspace import TreeChange, Workspace


def clear_up(workspace: Workspace, step: Step, gone: tuple[str, ...]) -> tuple[str, ...]:
    """Give what a run made again the names that its outputs have by now, and let go of what it made no more.

    Args:
        workspace: The workspace; the run has just been staged.
        step: The run as it was before.
        gone: Its outputs that are not there any more.

    Returns:
        The datasets that are no datasets any more.

    Raises:
        StorageError: A file cannot be moved.
    """
    staged = workspace.repo.datasets(workspace.repo.refs().mine.staged)
    renamed = {
        old: new for old, new in step.renamed.items() if old in staged and workspace.worktree.holds(old)
    }
    # The new name of what is not made any more goes with it.
    lost = [step.renamed.get(path, path) for path in gone]
    lost += [new for old, new in step.renamed.items() if old not in renamed and new not in lost]
    removed = tuple(path for path in lost if path in staged)
    if not renamed and not removed:
        return tuple(dict.fromkeys(lost))
    for old, new in renamed.items():
        _rename(workspace.root, old, new)

    def change(refs: Refs, session: Writer) -> Refs:
        found = workspace.repo.datasets(refs.mine.staged)
        updates: dict[str, Tracked | None] = {path: None for path in removed if path in found}
        for old, new in renamed.items():
            updates |= {old: None, new: found[old]}
        return stage.apply(workspace.repo, refs, updates, session)

    workspace.publish(f"rerun {step.command}: its names", change, tree=TreeChange())
    stage.ignore_in_git(workspace)
    return tuple(dict.fromkeys(lost))


def _rename(root: Path, old: str, new: str) -> None:
    with storing("move", old):
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        (root / old).rename(root / new)
