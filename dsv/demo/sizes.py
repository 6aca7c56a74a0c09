"""How much space versions take: as copies, as whole files each kept once, and in the store."""

from dataclasses import dataclass

from dsv.ids import ObjectId
from dsv.model import ancestry
from dsv.model import tree as trees
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of all versions in a history.

    Attributes:
        versions: How many versions of datasets there are.
        copies: Bytes of a copy of each of them.
        files: Bytes of their files, equal ones counted once: what a store of whole files keeps.
        store: Bytes of the packs and indexes that hold them.
    """

    versions: int
    copies: int
    files: int
    store: int


def measure(workspace: Workspace) -> Sizes:
    """Return the sizes of all versions that HEAD follows.

    Raises:
        Missing: The store does not hold all of them.
        Corrupt: A record is damaged.
    """
    head = workspace.repo.refs().head
    found = {}
    for _, commit in ancestry.walk([head] if head else [], workspace.repo.commit):
        for path, tracked in workspace.repo.datasets(commit.snapshot).items():
            found[path, tracked.checkpoint.content] = tracked.checkpoint
    whole = set()
    for checkpoint in found.values():
        if checkpoint.is_dir:
            whole |= {
                ObjectId(entry.target) for _, entry in trees.files(checkpoint.content, workspace.repo.node)
            }
        else:
            whole.add(checkpoint.content)
    return Sizes(
        versions=len(found),
        copies=sum(checkpoint.size for checkpoint in found.values()),
        files=sum(map(workspace.repo.contents.size, whole)),
        store=sum(blob.size for prefix in ("packs/", "index/") for blob in workspace.blobs.list(prefix)),
    )
