"""What brings objects that a store lacks, loaded only where a workspace has a remote."""

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsv.remotes.supply import RemoteSupply
    from dsv.workspace import Workspace


def default_supply(workspace: "Workspace") -> "RemoteSupply | None":
    """Return what brings objects from the default remote; None without one."""
    if workspace.config.default_remote is None:
        return None
    from dsv.remotes.remote import connect
    from dsv.remotes.supply import RemoteSupply

    return RemoteSupply(workspace.repo, partial(connect, workspace, None))
