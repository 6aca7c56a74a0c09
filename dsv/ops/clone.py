"""Make a workspace like another one."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from dsv.atomic import replace_file
from dsv.config import SHARED
from dsv.errors import Corrupt, NotFound, Refused
from dsv.hashing import file_id
from dsv.ids import ObjectId
from dsv.progress import SILENT, Progress
from dsv.repo import SETTINGS, STORE, Repo
from dsv.store import merge, packs
from dsv.store.collect import open_all
from dsv.store.refs import Local, Refs


@dataclass(frozen=True, slots=True)
class CloneResult:
    """What `clone` did.

    Attributes:
        root: The new workspace.
        branch: The branch that HEAD is on.
        commit: The commit that is checked out; None if there is none.
        size: Bytes that were copied.
    """

    root: Path
    branch: str | None
    commit: ObjectId | None
    size: int


def clone(source: Path, root: Path, *, progress: Progress = SILENT) -> CloneResult:
    """Make `root` a workspace with the store of the workspace `source`; nothing is checked out.

    Every pack and index is verified while it is copied. What is staged there, and its oplog,
    stay there.

    Raises:
        NotFound: `source` is no workspace.
        Refused: `root` is one already, or is not an empty folder.
        Corrupt: The store of `source` is damaged.
        StorageError: It cannot be copied.
    """
    if not (source / SETTINGS).is_file() or not (source / STORE).is_dir():
        raise NotFound(f"{source} is no dsv workspace")
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise Refused(f"{root} is not an empty folder")
    theirs = Repo(source)
    refs = theirs.refs()
    local = theirs.local(refs)
    root.mkdir(parents=True, exist_ok=True)
    mine = Repo(root)
    mine.dot.mkdir(exist_ok=True)
    try:
        size = _copy_blobs(theirs, mine, refs, progress)
    except BaseException:
        shutil.rmtree(mine.dot, ignore_errors=True)  # so that cloning again finds an empty folder
        raise
    branch = local.branch or refs.default
    first = Refs(
        branches=refs.branches,
        tags=refs.tags,
        indexes=refs.indexes,
        default=refs.default,
        local=Local(branch=branch, dropped=local.dropped),
    )
    mine.blobs.swap(None, first.encode())
    replace_file(root / SHARED, (source / SHARED).read_bytes())
    return CloneResult(root, branch, refs.branches.get(branch), size)


def _copy_blobs(theirs: Repo, mine: Repo, refs: Refs, progress: Progress) -> int:
    names: dict[str, ObjectId] = {}
    total = 0
    for ref in refs.indexes:
        names[merge.name(ref.id)] = ref.id
    for index in open_all(theirs.blobs, refs).values():
        names.update((packs.name(pack), ObjectId(pack)) for pack in index.packs)
    progress.begin("copying", len(names), "files")
    # Packs first: an index never names what is not there.
    for name, oid in sorted(names.items(), reverse=True):
        try:
            data = theirs.blobs.read(name)
        except FileNotFoundError:
            raise Corrupt(f"{name} is missing", hint="dsv fsck in the workspace that is cloned") from None
        if file_id(data) != oid:
            raise Corrupt(
                f"{name} is not what its name says", hint="dsv fsck in the workspace that is cloned"
            )
        mine.blobs.put(name, data)
        total += len(data)
        progress.advance(1)
    return total
