"""Capture: which files of a workspace a command read and wrote, detected without its help.

On Linux every folder of the workspace is watched by inotify while the command runs, whatever
programs and children it starts. Afterwards a sweep finds by their times the files that
were made in a folder before it could be watched. What could not be seen is named: it makes the
capture incomplete.

What is told apart and how is in `docs/design`; the rules for single events are in `dsv.capture.file_events`.
"""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from dsv.capture.changed_on_disk import ChangedOnDisk, mark, sweep
from dsv.capture.file_systems import mounts_of
from dsv.capture.territory import Territory
from dsv.model.attempt import EVENTS
from dsv.worktree.ignore import NOTHING, Ignore

_NAMED = 3
"""So many files are named in a reason; of the rest only the number."""


_NONE: frozenset[str] = frozenset()


class Contact(NamedTuple):
    """Somebody that the command spoke to, or waited for.

    Attributes:
        call: `connect`, `bind` or `sendto`.
        address: `IP:PORT`, `[IP]:PORT` or `unix:PATH`; a `bind` to port 0 takes any that is free.
        program: Which program did it, its absolute path.
    """

    call: str
    address: str
    program: str


class ExecutedProgram(NamedTuple):
    """A program that was executed.

    Attributes:
        path: Its absolute path, as it was executed: of a script the script's.
        resolved: What then ran, without links: of a script its interpreter.
        argv: Its words.
    """

    path: str
    resolved: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Captured:
    """What a command did. Paths are relative to the workspace, with `/`; the workspace itself is "".

    Only the eye `calls` fills all of it; what another eye cannot tell is empty.

    Attributes:
        read: The files that were there before and whose bytes were read, appended ones among them.
        written: The files that are there now and were made, changed or replaced; one in both was
            updated in place.
        removed: The files that were there before and are gone.
        overwritten: Of `written`, those that were there and were opened for writing but not read: made
            again or appended to, which gives the same events. Their old bytes are an input if they
            still stand at the front of the new ones. Only the eye `events` cannot tell.
        stamped: Of `written`, those that may only have other times now; who knows their old bytes can tell.
        complete: Whether nothing can have been missed inside the workspace.
        blind_spots: What could have been missed and why, a clause each.
        appended: Of `read` and `written`, those that were only opened to write, and kept what they had.
        listed: The folders, there before, whose names the program asked for.
        absent: The paths that it looked for, that were not there, and that it did not make.
        found: The paths that it looked at, that were there, and that it neither read, listed nor wrote.
        links: The links, there before, through which it came to what it used.
        made_folders: The folders that it made and that are there now.
        outside: The files outside of the workspace that were read, as absolute paths: neither the system's, nor
            an interpreter's or a package's, nor settings in the home folder, nor what the run itself made.
        contacts: Whom it spoke to.
        programs: What it executed, in order, each once.
        eye: By what it was seen: `calls`, `files` (calls without those that only look), or `events`.
        advice: What to tell the user besides, a sentence each.
    """

    read: frozenset[str]
    written: frozenset[str]
    removed: frozenset[str]
    overwritten: frozenset[str]
    stamped: frozenset[str]
    complete: bool
    blind_spots: tuple[str, ...]
    appended: frozenset[str] = _NONE
    listed: frozenset[str] = _NONE
    absent: frozenset[str] = _NONE
    found: frozenset[str] = _NONE
    links: frozenset[str] = _NONE
    made_folders: frozenset[str] = _NONE
    outside: frozenset[str] = _NONE
    contacts: tuple[Contact, ...] = ()
    programs: tuple[ExecutedProgram, ...] = ()
    eye: str = EVENTS
    advice: tuple[str, ...] = ()


class Capture:
    """Watches a workspace from `__enter__` to `__exit__`; then `captured` is there.

    The capturing process opens no file of the workspace meanwhile: it would count as read. So
    would what an editor opens, as events do not say who caused them.

    Args:
        root: The workspace, an absolute path.
        ignore: The workspace's rules for what is not looked at.
    """

    captured: Captured

    def __init__(self, root: Path, ignore: Ignore = NOTHING) -> None:
        self._root = root.resolve()
        self._territory = Territory(self._root, ignore)
        from dsv.capture.watch import FolderWatch  # for this eye alone

        self._watch = FolderWatch(self._territory)
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

    def _conclude(self, swept: ChangedOnDisk) -> Captured:
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


def _unseen(swept: ChangedOnDisk) -> list[str]:
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
