"""A folder elsewhere, looked at as a working tree of the workspace: same store, same rules, no memory."""

from pathlib import Path

from dsv.workspace import Workspace
from dsv.worktree.stat_cache import StatCache


def view(repo: Workspace, folder: Path) -> Workspace:
    """Return the workspace `repo` with `folder` for its working tree.

    It remembers nothing of files, so that it can be used in any one thread, and knows nodes that it has seen.
    It is for looking only.
    """
    found = Workspace(folder)
    found.dot = repo.dot
    found.config = repo.config
    found.blobs = repo.blobs
    found.objects = repo.objects
    found.contents = repo.contents
    found.ignored = repo.ignored
    found.cache = StatCache(None)
    return found
