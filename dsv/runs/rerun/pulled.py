"""Which datasets have a version that came from elsewhere, rather than their user having committed it here.

What tells is the oplog of this workspace, which no clone or pull takes over from others; see `dsv.capture.git_brought` for
what git brings.
"""

from collections.abc import Collection

from dsv.ids import ObjectId
from dsv.model import tree as trees
from dsv.model.ancestry import walk
from dsv.store.repository import Repository
from dsv.workspace import Workspace

_COMMITTING = frozenset({"commit", "run", "rerun"})
"""The commands that make a commit of what is in the workspace."""


def pulled(workspace: Workspace, paths: Collection[str]) -> frozenset[str]:
    """Return those of the datasets `paths` whose committed version is of a commit that was not made here.

    What is not committed is the user's own, but an edit over a version that came from elsewhere does not hide that.
    """
    head = workspace.repo.refs().head
    if not paths or head is None:
        return frozenset()
    mine = _made_here(workspace)
    return frozenset(path for path in paths if _last(workspace.repo, head, path) not in mine)


def _made_here(workspace: Workspace) -> frozenset[str | None]:
    """Return the commits that were made here; None, for no commit at all, is among them."""
    entries, _ = workspace.oplog.readable(workspace.repo.refs().mine.oplog)
    made = [entry for entry in entries if entry.what.partition(" ")[0] in _COMMITTING]
    after = {new for one in made for name, (_, new) in one.changes.items() if name.startswith("branches/")}
    return frozenset(after | {None})


def _last(repo: Repository, head: ObjectId, path: str) -> ObjectId | None:
    """Return the commit that gave a dataset the version that `head` has; None if it is not in `head`."""
    wanted = _content(repo, head, path)
    if wanted is None:
        return None
    for oid, commit in walk([head], repo.commit):
        if _content(repo, oid, path) == wanted and all(
            _content(repo, parent, path) != wanted for parent in commit.parents
        ):
            return oid
    return None


def _content(repo: Repository, commit: ObjectId, path: str) -> ObjectId | None:
    snapshot = repo.snapshot_of(commit)
    entry = None if snapshot is None else trees.find(snapshot, path, repo.node)
    return None if entry is None else repo.checkpoint(ObjectId(entry.target)).content
