"""Bring the history of a remote here, without the bytes of files."""

from dataclasses import dataclass

from dsv.progress import SILENT, Progress
from dsv.remotes import start
from dsv.remotes.incoming import FetchedHistory, check_there, fetch_history
from dsv.remotes.remote import connect
from dsv.store.blobs.metered import Traffic
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What a fetch did.

    Attributes:
        remote: Where from.
        fetched: What it brought.
        traffic: What the remote was asked.
        setback: Whether its refs are older than those that were seen here before.
    """

    remote: str
    fetched: FetchedHistory
    traffic: Traffic
    setback: bool = False


def fetch(workspace: Workspace, name: str | None = None, *, progress: Progress = SILENT) -> FetchResult:
    """Bring commits, snapshots and lineage of all branches and tags of a remote.

    Branches are `REMOTE/BRANCH` here; a tag that is another commit here stays. A workspace
    without a store gets one.

    Raises:
        NotFound: No such remote.
        Corrupt: The remote is damaged.
        StorageError: It is empty, or cannot be read.
    """
    start.ensure(workspace, name, progress=progress)
    remote = connect(workspace, name)
    fetched = fetch_history(workspace, remote, progress=progress)
    check_there(remote)
    return FetchResult(remote.name, fetched, remote.traffic, remote.setback)
