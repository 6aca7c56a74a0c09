"""Make a workspace."""

from dataclasses import dataclass
from pathlib import Path

from dsv.atomic import replace_file
from dsv.config.edit import HEADING
from dsv.config.keys import SHARED
from dsv.errors import Refused
from dsv.remotes.start import check_lost, make_store
from dsv.store.upkeep.packs_home import check_new, is_pack_folder
from dsv.workspace import STORE, Workspace
from dsv.worktree import git


@dataclass(frozen=True, slots=True)
class InitResult:
    """What `init` did.

    Attributes:
        root: The workspace folder.
        branch: The branch that HEAD is on, None if detached.
        head: Its commit, None before the first.
        created: Whether there was no store before.
        git: Whether the workspace is in a git repository.
    """

    root: Path
    branch: str | None
    head: str | None
    created: bool
    git: bool


def init(root: Path, *, store: Path | None = None) -> InitResult:
    """Make `root` a workspace; where it is one already, change nothing.

    Args:
        root: An existing folder.
        store: Where to keep packs instead of in `.dsv`, for instance on another disk.

    Raises:
        Refused: `root` is inside the store of a workspace; or `store` is neither an empty folder, nor one
            that holds packs and nothing else: then it is shared.
        StorageError: It cannot be written.
        Corrupt: There is a store that has lost its refs.
    """
    if STORE in root.parts:
        raise Refused(f"{root} is inside the store of a workspace")
    workspace = Workspace(root)
    top = git.find(root)
    created = not (workspace.dot / "refs").exists()
    if created:
        check_lost(workspace)
        _create(workspace, store)
    if not (root / SHARED).exists():
        replace_file(root / SHARED, HEADING.encode())
    refs = workspace.repo.refs()
    return InitResult(root, refs.mine.branch, refs.head, created, top is not None)


def _create(workspace: Workspace, store: Path | None) -> None:
    workspace.dot.mkdir(exist_ok=True)
    if store is not None:
        _check_store(workspace, store)
        place = store.resolve()
        text = str(place).replace("\\", "\\\\").replace('"', '\\"')
        replace_file(workspace.dot / "config", f'store = "{text}"\n'.encode())
    make_store(workspace)


def _check_store(workspace: Workspace, store: Path) -> None:
    check_new(workspace.root, workspace.dot, store)
    if store.is_dir() and any(store.iterdir()) and not is_pack_folder(store):
        raise Refused(f"{store} is not an empty folder", hint="dsv init --store NEW_FOLDER")
    store.mkdir(parents=True, exist_ok=True)
