"""What other workspaces need of a folder of packs that they share with this one."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dsv.errors import Corrupt, DsvError, StorageError
from dsv.store.blobs import owners
from dsv.store.blobs.local import LocalBlobs
from dsv.store.refs import Refs
from dsv.store.upkeep.collect import GRACE, open_all


class Away(NamedTuple):
    """A workspace that keeps packs in the folder, and could not be asked what it needs.

    Attributes:
        id: Of its mark; None if it has none that can be read.
        place: Where it was last.
        why: What came of asking it.
    """

    id: str | None
    place: str
    why: str

    @property
    def told(self) -> str:
        """What can be done if it never comes back."""
        if self.id is None:
            return "see what is wrong there"
        return f"if it is gone for good, dsv gc --forget {self.id[:8]}"


@dataclass(frozen=True, slots=True)
class Others:
    """What the other workspaces need.

    Attributes:
        needed: Packs that their refs name.
        away: Those that could not be asked: nothing may be deleted until they can be.
        since: When the first mark was made, in seconds since 1970: of packs that are older nobody knows
            whose they are. 0 where the folder has one owner by its place.
        several: Whether there are others at all.
        unknown: Whether nobody was asked.
    """

    needed: frozenset[str] = frozenset()
    away: tuple[Away, ...] = ()
    since: int = 0
    several: bool = False
    unknown: bool = False


def others(dot: Path, home: Path, now: float) -> Others:
    """Ask all other workspaces that keep packs in `home` for the packs that they need.

    Args:
        dot: The store of the workspace that asks.
        home: The folder.
        now: Seconds since 1970.

    Raises:
        StorageError: The marks cannot be read; or this workspace has none there and needs one.
    """
    mine = owners.owner(dot)
    if not owners.is_private(dot, home):
        owners.settle(dot, home)
        mine = owners.owner(dot)
        if mine is None:
            raise StorageError(f"{home} does not say that this workspace keeps its packs there")
    needed: set[str] = set()
    away: list[Away] = []
    count, since = 0, []
    try:
        marks = list(owners.marks(home))
    except Corrupt as error:
        marks, away = [], [Away(None, str(home), error.message)]
    for mark in marks:
        since.append(mark.since)
        if mine is not None and mark.id == mine.id:
            continue
        count += 1
        there = owners.where(mark)
        if there is None:
            away.append(Away(mark.id, str(Path(mark.places[0]).parent), "it is not there"))
        elif not there.samefile(dot):
            _ask(there, mark.id, now, needed, away)
    for place in _by_place(dot, home):
        count += 1
        _ask(place, None, now, needed, away)
    begun = min(since, default=0) if not owners.is_private(dot, home) else 0
    return Others(frozenset(needed), tuple(away), begun, bool(count or away))


def _by_place(dot: Path, home: Path) -> Iterator[Path]:
    """Yield the store of a workspace, or the remote, in whose own folder the packs are."""
    place = Path(os.path.realpath(home / "packs")).parent
    if (place / "refs").exists() and not place.samefile(dot):
        yield place


def _ask(there: Path, name: str | None, now: float, needed: set[str], away: list[Away]) -> None:
    blobs = LocalBlobs(there)
    try:
        raw = blobs.load()
        if raw is None:
            raise Corrupt("its refs are gone")
        refs = Refs.decode(raw)
        needed.update(pack for index in open_all(blobs, refs).values() for pack in index.packs)
    except DsvError as error:
        away.append(Away(name, str(there.parent), error.message))
        return
    # What it has condemned it deletes itself; its readers may need it until then.
    needed.update(pack for pack, at in refs.condemned.items() if at + GRACE > now)
