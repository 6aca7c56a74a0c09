"""A folder elsewhere, looked at as a working tree of the workspace: same store, same rules, no memory."""

from functools import cached_property
from pathlib import Path

from dsv.config.load import Config
from dsv.store.blobs.local import LocalBlobs
from dsv.store.repository import Repository
from dsv.workspace import Workspace
from dsv.worktree.working_tree import Worktree


class FolderView(Workspace):
    """A workspace with another folder for its working tree; it is for looking only.

    It remembers nothing of files, so that it can be used in any one thread, and knows nodes that it has seen.

    Args:
        workspace: The workspace, whose store, settings and rules count.
        folder: The folder, absolute.
    """

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        super().__init__(folder, workspace.caller)
        self.dot = workspace.dot
        self._workspace = workspace

    @cached_property
    def config(self) -> Config:
        """The settings of the workspace."""
        return self._workspace.config

    @cached_property
    def blobs(self) -> LocalBlobs:
        """Where packs, indexes and refs of the workspace are kept."""
        return self._workspace.blobs

    @cached_property
    def repo(self) -> Repository:
        """The store of the workspace, with the nodes that were seen in the folder."""
        store = self._workspace.repo
        return Repository(store.blobs, objects=store.objects, contents=store.contents, memory=self.worktree)

    @cached_property
    def worktree(self) -> Worktree:
        """The folder."""
        return Worktree(self.root, None, self._workspace.worktree.ignored)
