"""Free the bytes of a dataset and keep its record."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dsv.errors import Refused
from dsv.ids import ObjectId
from dsv.progress import SILENT, Progress
from dsv.records import dataset_names, needs
from dsv.records.dataset_names import DatasetName
from dsv.store.refs import Refs
from dsv.store.repository import Repository, Tracked
from dsv.store.writer import Writer
from dsv.versions.switch.move import move
from dsv.wording import arguments
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class DropResult:
    """What `drop` did.

    Attributes:
        paths: The datasets.
        size: Bytes of the working copies that were removed, or of the version that was given up.
        stored: Whether it was stored bytes that were given up.
    """

    paths: tuple[str, ...]
    size: int
    stored: bool


def drop_working(workspace: Workspace, paths: Sequence[str], *, progress: Progress = SILENT) -> DropResult:
    """Remove the working copies of datasets that the store holds; they are absent then.

    Args:
        workspace: The workspace.
        paths: The datasets.
        progress: Counts the bytes that are looked at, and removed.

    Raises:
        NotFound: A path is no dataset.
        InTheWay: A working copy has bytes that the store does not hold.
    """
    staged = workspace.repo.datasets(workspace.repo.refs().mine.staged)
    named = dataset_names.select(staged, paths, "HEAD")
    gone: dict[str, Tracked | None] = dict.fromkeys(named)
    moved = move(workspace, f"drop {arguments(paths)}", gone, lambda found, _: found, progress=progress)
    size = sum(staged[path].checkpoint.size for path in moved.removed)
    return DropResult(moved.removed, size, stored=False)


def drop_stored(workspace: Workspace, place: DatasetName, *, force: bool = False) -> DropResult:
    """Give up the stored bytes of a version; gc frees them. The record of it stays.

    Bytes that other versions share stay too.

    Raises:
        NotFound: No such revision, or no such dataset in it.
        Refused: Without `force`, nobody else is known to hold the bytes.
        StorageError: The default remote, which is asked, cannot be read.
    """
    found = dataset_names.dataset_at(workspace.repo, place)
    content = found.checkpoint.content
    if not force and not _is_elsewhere(workspace.repo, found):
        raise Refused(
            f"no remote is known to hold {place.path}@{place.revision}",
            hint=f"dsv drop --force {shlex.quote(f'{place.path}@{place.revision}')}",
        )

    def change(refs: Refs, _: Writer) -> Refs:
        local = refs.mine
        dropped: tuple[ObjectId, ...] = tuple(sorted({*local.dropped, content}))
        return replace(refs, epoch=refs.epoch + 1, local=replace(local, dropped=dropped))

    workspace.publish(f"drop {place.path}@{place.revision}", change)
    return DropResult((place.path,), found.checkpoint.size, stored=True)


def _is_elsewhere(repo: Repository, found: Tracked) -> bool:
    """Whether the default remote holds all bytes of a version."""
    supply = repo.objects.supply
    return supply is not None and supply.has(needs.files_of(repo, found.checkpoint), surely=True)
