"""What the working tree holds beside the versions that datasets should be: asked dataset by dataset, in one way."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from dsv.model.checkpoint import Checkpoint
from dsv.progress import SILENT, Progress
from dsv.store.repository import Datasets, Tracked
from dsv.workspace import Workspace
from dsv.worktree.observe import Observation
from dsv.worktree.sink import HashSink

Look = Callable[[str], Observation]
"""Looks at the dataset of a path that is there; raises what `Worktree.look` raises."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is there of a dataset.

    Attributes:
        path: The dataset.
        wanted: The version that it should be.
        seen: What is there; None: nothing.
        absent: Whether it is not there by choice.
    """

    path: str
    wanted: Tracked
    seen: Observation | None
    absent: bool = False

    @property
    def deleted(self) -> bool:
        """Whether it was checked out and is gone."""
        return self.seen is None and not self.absent

    @property
    def changed(self) -> bool:
        """Whether other data is there."""
        return self.seen is not None and not self.wanted.checkpoint.same_data(self.seen)

    @property
    def now(self) -> Checkpoint | None:
        """What the dataset is: what is there, or the version where it is absent by choice; None if it was deleted."""
        if self.seen is None:
            return self.wanted.checkpoint if self.absent else None
        content, kind, size, files, _ = self.seen
        return replace(self.wanted.checkpoint, content=content, kind=kind, size=size, files=files)


def survey(
    workspace: Workspace,
    wanted: Datasets,
    present: Mapping[str, object],
    look: Look | None = None,
    *,
    rehash: bool = False,
    progress: Progress = SILENT,
) -> Iterator[Held]:
    """Yield what the working tree holds of each dataset, in their order. The caller commits the stat cache.

    Args:
        workspace: The workspace.
        wanted: The versions that the datasets should be, such as what is staged.
        present: What is checked out: a dataset that is neither in it nor there is absent by choice.
        look: Looks at one. By default it is read as far as its stat is not known, and stored nowhere; the nodes
            of what has changed can be read from then on.
        rehash: Trust no stat: read every file.
        progress: Counts the bytes, also those that need not be read.

    Raises:
        UserError: Something cannot be read.
        Changing: A file kept changing while it was read.
    """
    for path, version in wanted.items():
        if not workspace.worktree.holds(path):
            yield Held(path, version, None, absent=path not in present)
        elif look is not None:
            yield Held(path, version, look(path))
        else:
            yield _read(workspace, path, version, rehash=rehash, progress=progress)


def _read(workspace: Workspace, path: str, version: Tracked, *, rehash: bool, progress: Progress) -> Held:
    sink = HashSink(workspace.worktree.cache, progress)
    seen = workspace.worktree.look(path, sink, rehash=rehash)
    sink.skipped(seen.size)
    held = Held(path, version, seen)
    if held.changed:
        workspace.worktree.remember_nodes(sink)
    return held


def size_of(datasets: Datasets, present: Mapping[str, object]) -> int:
    """Return the bytes of those datasets that are checked out: what a survey has to look at."""
    return sum(one.checkpoint.size for path, one in datasets.items() if path in present)
