"""What the datasets are in the working tree, staged or not."""

from collections.abc import Collection
from dataclasses import dataclass

from dsv.model.checkpoint import Checkpoint
from dsv.progress import SILENT, Progress
from dsv.store.repository import Datasets
from dsv.versions.survey import survey
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Workplace:
    """The tracked datasets as commands will find them.

    Attributes:
        now: By path what a dataset is; what is absent is as it was staged, what was deleted is left out.
        unstaged: Those whose bytes are not what is staged.
        absent: Those that are not in the working tree by choice.
    """

    now: dict[str, Checkpoint]
    unstaged: frozenset[str]
    absent: frozenset[str]


def look(
    workspace: Workspace,
    staged: Datasets,
    present: Datasets,
    *,
    only: Collection[str] | None = None,
    progress: Progress = SILENT,
) -> Workplace:
    """Look at the tracked datasets. The caller commits the stat cache.

    Args:
        workspace: The workspace.
        staged: What is staged.
        present: What is checked out.
        only: The datasets to look at; of all others is told what is staged. By default all.
        progress: Counts the bytes.

    Raises:
        UserError: Something cannot be read.
        Changing: A file kept changing while it was read.
    """
    chosen = {path: one for path, one in staged.items() if only is None or path in only}
    progress.begin("reading", sum(one.checkpoint.size for one in chosen.values()), "B")
    now = {path: one.checkpoint for path, one in staged.items()}
    unstaged: set[str] = set()
    absent: set[str] = set()
    for held in survey(workspace, chosen, present, progress=progress):
        if held.now is None:
            del now[held.path]
        else:
            now[held.path] = held.now
        if held.changed:
            unstaged.add(held.path)
        elif held.absent:
            absent.add(held.path)
    return Workplace(now, frozenset(unstaged), frozenset(absent))
