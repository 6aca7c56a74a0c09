"""Tell what was done to this workspace."""

from dsv.errors import DsvError
from dsv.repo import Repo
from dsv.store.oplog import OpEntry


def oplog(repo: Repo, *, limit: int | None = None) -> tuple[tuple[OpEntry, ...], DsvError | None]:
    """Return the operations that can be undone, newest first, and the damage that ends them, if any."""
    entries, damage = repo.oplog.readable(repo.local(repo.refs()).oplog)
    return tuple(entries[:limit]), damage
