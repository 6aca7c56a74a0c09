"""What the datasets are in the working tree, staged or not."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from dsv.model.checkpoint import Checkpoint
from dsv.progress import SILENT, Progress
from dsv.store.repository import Datasets
from dsv.workspace import Workspace
from dsv.worktree.sink import HashSink


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
    total = sum(one.checkpoint.size for path, one in staged.items() if only is None or path in only)
    progress.begin("reading", total, "B")
    now: dict[str, Checkpoint] = {}
    unstaged: set[str] = set()
    absent: set[str] = set()
    for path, one in staged.items():
        if only is not None and path not in only:
            now[path] = one.checkpoint
        elif workspace.worktree.holds(path):
            sink = HashSink(workspace.worktree.cache, progress)
            seen = workspace.worktree.look(path, sink)
            sink.skipped(seen.size)
            now[path] = replace(one.checkpoint, content=seen.content, kind=seen.kind)
            if (seen.content, seen.kind) != (one.checkpoint.content, one.checkpoint.kind):
                unstaged.add(path)
        elif path not in present:
            now[path] = one.checkpoint
            absent.add(path)
    return Workplace(now, frozenset(unstaged), frozenset(absent))
