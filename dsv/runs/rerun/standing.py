"""Datasets that are updated in place, put back to what they were before the first step that is repeated.

What they are now is staged again, with their files, unless all steps that led there have been repeated.
"""

from collections.abc import Iterable

from dsv.ids import ObjectId
from dsv.model.checkpoint import Checkpoint
from dsv.model.run import Input
from dsv.progress import SILENT, Progress
from dsv.runs.stale.step import Step
from dsv.store.refs import Refs
from dsv.store.repository import Tracked
from dsv.store.writer import Writer
from dsv.versions import stage
from dsv.versions.switch.move import move
from dsv.workspace import Workspace


class PutBack:
    """What datasets were before steps of theirs were repeated.

    Args:
        workspace: The workspace.
        progress: Counts the files that are written.
    """

    def __init__(self, workspace: Workspace, progress: Progress = SILENT) -> None:
        self._workspace = workspace
        self._progress = progress
        self._before: dict[str, Tracked | None] = {}

    def keep(self, step: Step) -> None:
        """Remember what the datasets are that `step` updates, or that later steps have updated since."""
        staged = self._workspace.repo.datasets(self._workspace.repo.refs().mine.staged)
        for path in (*step.in_place, *(path for path in step.outputs if path in step.updated)):
            self._before.setdefault(path, staged.get(path))

    def put(self, step: Step, inputs: Iterable[Input]) -> None:
        """Make datasets what a step read: files, and what is staged.

        What is overwritten is stored first.

        Raises:
            Missing, Corrupt: The store cannot give it.
            StorageError: The disk is full or fails.
        """
        self._move(
            f"rerun {step.command}: what it updates, as it was before",
            {one.path: one.checkpoint for one in inputs},
        )

    def back(self, done: Iterable[str]) -> tuple[str, ...]:
        """Make all datasets what they were, except those whose last step is `done`; return which."""
        finished = set(done)
        wanted = {path: was for path, was in self._before.items() if path not in finished}
        staged = self._workspace.repo.datasets(self._workspace.repo.refs().mine.staged)
        changed = {path: was for path, was in wanted.items() if staged.get(path) != was}
        if changed:
            self._move(
                "rerun: what could not be made again, as it was",
                {path: None if was is None else was.checkpoint for path, was in changed.items()},
            )
        self._before.clear()
        return tuple(changed)

    def _move(self, what: str, wanted: dict[str, Checkpoint | None] | dict[str, Checkpoint]) -> None:
        workspace = self._workspace
        with workspace.repo.writer() as writer:
            tracked: dict[str, Tracked | None] = {
                path: None if one is None else stage.put(writer, one) for path, one in wanted.items()
            }
            workspace.repo.publish(lambda found, _: found, writer=writer)

        def change(refs: Refs, session: Writer) -> Refs:
            return stage.restage(workspace.repo, refs, tracked, session)

        move(workspace, what, tracked, change, force=True, progress=self._progress)


def is_held(workspace: Workspace, checkpoint: Checkpoint) -> bool:
    """Whether a version can be put back: it is here, or there is a remote that may have it."""
    if workspace.config.default_remote is not None:
        return True
    content: ObjectId = checkpoint.content
    return workspace.repo.objects.has(content) if checkpoint.is_dir else workspace.repo.contents.has(content)
