"""Capture: which files of a workspace a command read and wrote, found out without its help.

On Linux every folder of the workspace is watched by inotify while the command runs, whatever
programs and children it starts. Afterwards a sweep finds by their times the files that
were made in a folder before it could be watched. What could not be seen is named: it makes the
capture incomplete.

What is told apart and how is in `docs/design`; the rules for single events are in `dsv.lineage.uses`.
"""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from dsv.lineage.mounts import mounts_of
from dsv.lineage.sweep import Swept, mark, sweep
from dsv.lineage.territory import Territory
from dsv.lineage.watch import Watch
from dsv.workspace.ignore import NOTHING, Ignore

_NAMED = 3
"""So many files are named in a reason; of the rest only the number."""


@dataclass(frozen=True, slots=True)
class Captured:
    """What a command did to the files of a workspace. Paths are relative to it, with `/`.

    Attributes:
        read: The files that were there before and whose bytes were read.
        written: The files that are there now and were made, changed or replaced; one in both was
            updated in place.
        removed: The files that were there before and are gone.
        overwritten: Of `written`, those that were there and were opened for writing but not read: made
            anew or appended to, which gives the same events. Their old bytes are an input if they
            still stand at the front of the new ones.
        stamped: Of `written`, those that may only have other times now; who knows their old bytes can tell.
        complete: Whether nothing can have been missed inside the workspace.
        blind_spots: What could have been missed and why, a clause each.
    """

    read: frozenset[str]
    written: frozenset[str]
    removed: frozenset[str]
    overwritten: frozenset[str]
    stamped: frozenset[str]
    complete: bool
    blind_spots: tuple[str, ...]


class Capture:
    """Watches a workspace from `__enter__` to `__exit__`; then `captured` is there.

    Whoever captures opens no file of the workspace meanwhile: it would count as read. So
    would what an editor opens, as events do not say who caused them.

    Args:
        root: The workspace, an absolute path.
        ignore: The workspace's rules for what is not looked at.
    """

    captured: Captured

    def __init__(self, root: Path, ignore: Ignore = NOTHING) -> None:
        self._root = root.resolve()
        self._territory = Territory(self._root, ignore)
        self._watch = Watch(self._territory)
        self._since = 0

    def __enter__(self) -> Self:
        self._since = mark()
        self._watch.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watch.__exit__(kind, error, trace)
        self.captured = self._conclude(sweep(self._territory, self._since))

    def _conclude(self, swept: Swept) -> Captured:
        uses = self._watch.uses
        changed = {
            path for path in uses.changed if self._is_there(path) and not self._territory.is_installed(path)
        }
        # Changed for the sweep but not for the events: through a mapping, or before we watched the folder.
        written = changed | swept.written | (swept.altered - uses.touched)
        mapped = uses.mapped & swept.written
        blind = (*self._watch.blind, *self._mounts(), *_unseen(swept))
        return Captured(
            read=uses.read | mapped,
            written=frozenset(written),
            removed=frozenset(uses.there & (uses.changed - changed)),
            overwritten=uses.overwritten & written,
            stamped=uses.stamped & written,
            complete=not blind,
            blind_spots=blind,
        )

    def _is_there(self, path: str) -> bool:
        place = self._root / path
        return place.is_symlink() or place.is_file()

    def _mounts(self) -> list[str]:
        inside = f"{self._root}/"
        return [
            f"{mount.point.removeprefix(inside) if mount.point.startswith(inside) else 'the workspace'}"
            f" is on a file system ({mount.kind}) that does not tell all that happens to it"
            for mount in mounts_of(self._root)
            if mount.is_blind
        ]


def _unseen(swept: Swept) -> list[str]:
    reasons = []
    if swept.hard_links:
        reasons.append(f"files with a second name (hard links): {_few(swept.hard_links)}")
    if swept.links_out:
        reasons.append(f"links that lead out of the workspace: {_few(swept.links_out)}")
    return reasons


def _few(paths: list[str]) -> str:
    paths = sorted(paths)
    rest = len(paths) - _NAMED
    return ", ".join(paths[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
