"""Mend a store: what is damaged here comes again from the default remote, as far as that has it."""

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import partial

from dsv.errors import Corrupt, Missing, RefMoved
from dsv.ids import ObjectId
from dsv.progress import SILENT, Progress
from dsv.store.objects import Supplier
from dsv.store.swapping import swap_until
from dsv.store.upkeep import mend
from dsv.store.upkeep.check import FORMAT, GARBAGE, Finding
from dsv.store.upkeep.mend import Hurt
from dsv.store.upkeep.sharing import others
from dsv.workspace import Workspace

_TRIES = 16


@dataclass(frozen=True, slots=True)
class Healed:
    """A pack that nothing needs any more, or the indexes.

    Attributes:
        name: Id of the pack; None for the indexes, which were rebuilt from the packs.
        brought: Objects of it that came from the remote.
        kept: Objects of it that were sound, or are held elsewhere.
    """

    name: ObjectId | None
    brought: int = 0
    kept: int = 0


def repair(
    workspace: Workspace, findings: Iterable[Finding], *, progress: Progress = SILENT
) -> tuple[Healed, ...]:
    """Mend what `fsck` found damaged, as far as that can be done without loss.

    A damaged pack goes out of use once each of its objects is sound in another one: those that can be
    read are copied, the others come from the default remote. It is condemned, and gc deletes it
    later. If only one object is nowhere to be had, the pack stays as it is.

    Args:
        workspace: The workspace.
        findings: What was found.
        progress: Counts the bytes that come.

    Returns:
        What was mended.

    Raises:
        RefMoved: Other processes kept changing the refs.
        StorageError: The remote cannot be read, or the store not written.
    """
    found = list(findings)
    damaged = [one for one in found if one.damage != GARBAGE]
    hidden = damaged and any(one.what == "pack" and one.damage == GARBAGE for one in found)
    healed = []
    if (hidden or any(one.what == "index" for one in damaged)) and _mend_indexes(workspace, damaged):
        healed.append(Healed(None))
    packs = list(
        dict.fromkeys(ObjectId(one.pack) for one in damaged if one.pack is not None and one.what != "index")
    )
    try:
        return (*healed, *_mend_packs(workspace, packs, progress))
    except Corrupt:  # an index that could not be mended
        return tuple(healed)


def _mend_indexes(workspace: Workspace, damaged: Iterable[Finding]) -> bool:
    suspects = {one.name for one in damaged if one.what == "index" and one.damage == FORMAT}

    def decide(_: int) -> tuple[bool, Callable[[], None] | None]:
        refs = workspace.repo.refs()
        foreign = others(workspace.dot, workspace.blobs.packs_home, time.time()).needed
        indexes = mend.mended_indexes(workspace.blobs, refs, suspects, foreign)
        if indexes is None:
            return False, None
        wanted = replace(refs, indexes=indexes, epoch=refs.epoch + 1)
        return True, partial(workspace.repo.swap, refs, wanted)

    return swap_until(decide, _kept_moving(), tries=_TRIES)


def _mend_packs(workspace: Workspace, packs: Collection[ObjectId], progress: Progress) -> list[Healed]:
    lost = {one.pack: len(one.lost) for one in _bring_lost(workspace, packs, progress)}

    def decide(_: int) -> tuple[list[Healed], Callable[[], None] | None]:
        refs = workspace.repo.refs()
        found = [one for one in mend.hurt(workspace.blobs, refs, packs) if one.pack in lost]
        wanted = mend.without(workspace.repo.objects, refs, found, int(time.time()))
        healed = [
            Healed(one.pack, lost[one.pack], len(one.sound) + one.elsewhere - lost[one.pack])
            for one in found
            if not one.lost
        ]
        return healed, None if wanted == refs else partial(workspace.repo.swap, refs, wanted)

    return swap_until(decide, _kept_moving(), tries=_TRIES)


def _kept_moving() -> RefMoved:
    return RefMoved("other processes kept changing the refs", hint="run dsv fsck --repair again")


def _bring_lost(workspace: Workspace, packs: Collection[ObjectId], progress: Progress) -> list[Hurt]:
    """Have what cannot be read in `packs` come from the remote; return what was found before."""
    found = list(mend.hurt(workspace.blobs, workspace.repo.refs(), packs))
    supply = workspace.repo.objects.supply
    lost = list(dict.fromkeys(oid for one in found for oid in one.lost))
    if supply is None or not lost:
        return found
    try:
        supply.bring(lost, again=True, progress=progress)
    except (Corrupt, Missing):
        for oid in lost:
            _bring_one(supply, oid)
    return found


def _bring_one(supply: Supplier, oid: ObjectId) -> None:
    try:
        supply.bring([oid], again=True)
    except (Corrupt, Missing):
        return  # it stays lost, and others may be had
