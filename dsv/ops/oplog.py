"""Tell what was done to this workspace."""

from dsv.errors import DsvError
from dsv.store.operation_log import OpEntry
from dsv.workspace import Workspace


def oplog(workspace: Workspace, *, limit: int | None = None) -> tuple[tuple[OpEntry, ...], DsvError | None]:
    """Return the operations that can be undone, newest first, and the damage that ends them, if any."""
    entries, damage = workspace.oplog.readable(workspace.repo.refs().mine.oplog)
    return tuple(entries[:limit]), damage
