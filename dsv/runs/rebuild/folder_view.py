"""A folder elsewhere, looked at as a working tree of the workspace: same store, same rules, no memory."""

from pathlib import Path

from dsv.workspace import Repo
from dsv.worktree.stat_cache import StatCache


def view(repo: Repo, folder: Path) -> Repo:
    """Return the workspace `repo` with `folder` for its working tree.

    It remembers nothing of files, so that it can be used in any one thread, and knows nodes that it has seen.
    It is for looking only.
    """
    found = Repo(folder)
    found.dot = repo.dot
    found.config = repo.config
    found.blobs = repo.blobs
    found.objects = repo.objects
    found.contents = repo.contents
    found.ignored = repo.ignored
    found.cache = StatCache(None)
    return found
