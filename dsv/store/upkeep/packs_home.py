"""The folder of a workspace's packs: chosen, and moved."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from dsv.errors import Corrupt, Refused
from dsv.hashing import file_id
from dsv.ids import ObjectId
from dsv.lock import FileLock
from dsv.progress import SILENT, Progress
from dsv.store.blobs import owners
from dsv.store.blobs.local import LocalBlobs
from dsv.store.packs import pack as packs
from dsv.store.refs import Refs
from dsv.store.upkeep.collect import open_all

_OWN = {"packs", "tmp"}


def check_new(root: Path, dot: Path, place: Path) -> None:
    """Refuse a folder that cannot hold the packs of the workspace `root`.

    Raises:
        Refused: It is the store of another workspace, or a remote, or holds the workspace, or is no folder.
    """
    real = Path(os.path.realpath(place))
    if real == Path(os.path.realpath(dot)):
        return
    if os.path.lexists(place) and not place.is_dir():
        raise Refused(f"{place} is not a folder")
    if Path(os.path.realpath(root)).is_relative_to(real):
        raise Refused(f"{place} holds the workspace itself")
    if any((real / name).exists() for name in ("refs", "index")):
        raise Refused(
            f"{place} is a remote, or the store of another workspace: gc there would not know of this one",
            hint="use a folder of its own; several workspaces may share one",
        )


def is_pack_folder(place: Path) -> bool:
    """Whether a folder holds packs and nothing that dsv does not put there."""
    return (place / "packs").is_dir() and {path.name for path in place.iterdir()} <= _OWN


def move_packs(
    dot: Path, before: Path, after: Path, switch: Callable[[], None], progress: Progress = SILENT
) -> None:
    """Move the packs of a workspace to another folder; no other command may run beside it.

    Each pack is proved on its way. Nothing is deleted before all are there and the settings say so, nor
    anything that another workspace might need.

    Args:
        dot: The store of the workspace.
        before: Where they are.
        after: Where they shall be.
        switch: Makes the settings say so.
        progress: Counts the packs.

    Raises:
        Corrupt: One is damaged or missing; nothing was changed.
        StorageError: One cannot be written, or the settings cannot.
    """
    source, target = LocalBlobs(dot, packs=before), LocalBlobs(dot, packs=after)
    moved = _copy(source, target, _live(source), set(), progress)
    with FileLock(dot / "refs.lock"):
        moved |= _copy(source, target, _live(source), moved, progress)
        switch()
        alone = owners.is_alone(dot, before)
        owners.forsake(dot, before)
        if not owners.is_private(dot, after):
            owners.settle(dot, after)
    if alone:
        for pack in sorted(moved):
            source.delete(packs.name(ObjectId(pack)))


def _live(blobs: LocalBlobs) -> set[str]:
    raw = blobs.load()
    refs = Refs() if raw is None else Refs.decode(raw)
    return {pack for index in open_all(blobs, refs).values() for pack in index.packs}


def _copy(
    source: LocalBlobs, target: LocalBlobs, live: Iterable[str], done: set[str], progress: Progress
) -> set[str]:
    wanted = sorted(set(live) - done)
    progress.begin("moving packs", len(wanted), "files")
    for pack in wanted:
        name = packs.name(ObjectId(pack))
        if not _is_whole(target, name, pack):
            if not _is_whole(source, name, pack):
                raise Corrupt(
                    f"pack {pack} is damaged or missing, so nothing was moved", hint="dsv fsck --repair"
                )
            target.delete(name)  # what is damaged there would keep its name
            target.put(name, source.read(name))
        progress.advance(1)
    return set(wanted)


def _is_whole(blobs: LocalBlobs, name: str, pack: str) -> bool:
    try:
        return file_id(blobs.view(name)) == pack
    except FileNotFoundError:
        return False
