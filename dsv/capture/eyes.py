"""By what a command is watched: all its calls where the system allows that, or else inotify.

with Eye(root, ignore) as eye:
    executor.run(eye.watching(command))
eye.captured
"""

import os
import platform
import sys
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from dsv.capture.changed_on_disk import mark, sweep
from dsv.capture.child import Child, ChildProcess
from dsv.capture.detect import Capture, Captured, Contact, ExecutedProgram
from dsv.capture.execute import Command
from dsv.capture.python_imports import marking, says_marks
from dsv.capture.territory import Territory
from dsv.capture.witness import blind
from dsv.capture.witness.calls import MACHINES
from dsv.capture.witness.launch import CannotWatch
from dsv.capture.witness.path_facts import Report
from dsv.capture.witness.read_report import ReportReader
from dsv.capture.witness.watch_order import WatchOrder
from dsv.capture.witness.watched import Watched
from dsv.model.attempt import CALLS, EVENTS
from dsv.worktree.ignore import NOTHING, Ignore

FILES = "files"
"""The eye that sees all calls but those that only look whether something is there."""

EYES = (CALLS, FILES, EVENTS)

_OURS = Path(__file__).parents[1]
_NOTHING: frozenset[str] = frozenset()


class Eye:
    """Watches a workspace, and one command in it, from `__enter__` to `__exit__`; then `captured` is there.

    Args:
        root: The workspace, an absolute path.
        ignore: The workspace's rules for what is not looked at.
        wanted: `calls`, `files` or `events`; where calls cannot be watched it is `events`, and says why.
        apart: Folders outside of the workspace that are dsv's own, such as a store.
    """

    captured: Captured

    def __init__(
        self, root: Path, ignore: Ignore = NOTHING, wanted: str = CALLS, apart: tuple[Path, ...] = ()
    ) -> None:
        self._root = root.resolve()
        self._ignore = ignore
        self._wanted = wanted
        self._apart = apart
        self._events: Capture | None = None
        self._watched: Watched | None = None
        self._reason = ""
        self._home = ""
        self._since = 0
        self._blind = ""

    def __enter__(self) -> Self:
        self._since = mark()
        if self._wanted == EVENTS or sys.platform != "linux":
            self._events = Capture(self._root, self._ignore).__enter__()
        elif platform.machine() not in MACHINES:
            self._fall_back(blind.unknown(platform.machine()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._events is not None:
            self._events.__exit__(kind, error, trace)
            spots = (self._reason, blind.EVENTS_ONLY) if self._reason else ()
            seen = self._events.captured
            self.captured = replace(seen, blind_spots=(*spots, *seen.blind_spots))
        elif self._watched is not None:
            facts = self._watched.facts()
            self.captured = self._unseen(blind.KILLED) if facts is None else self._read(facts)
        elif self._blind:
            self.captured = self._unseen(self._blind)
        else:
            self.captured = replace(_captured(), eye=self._wanted)

    def watching(self, command: Command) -> Command:
        """Return `command` such that it is watched when it is executed."""
        if self._events is not None:
            return command
        return replace(command, env=marking(command.env, self._root), starter=self)

    def unwatched(self, command: Command) -> Command:
        """Return `command`, which is executed where nobody can watch it: all that is seen is what changed on the disk."""
        if self._events is None:
            self._blind = blind.ELSEWHERE
        return command

    def start(self, command: Command, stdout: int, stderr: int) -> ChildProcess:
        """Start `command` with its calls watched; or, where that is refused, with inotify watching from now on.

        Raises:
            OSError: It cannot be executed, or there is no such folder.
        """
        self._home = command.env.get("HOME", "")
        try:
            self._watched = Watched(self._order(command), command.stdin, stdout, stderr)
        except CannotWatch as error:
            self._fall_back(blind.refusal(error.step, error.number))
            return Child(command.argv, command.cwd, command.env, command.stdin, stdout, stderr)
        return self._watched

    def _fall_back(self, reason: str) -> None:
        self._reason = reason
        self._events = Capture(self._root, self._ignore).__enter__()

    def _order(self, command: Command) -> WatchOrder:
        inside = (self._root / ".dsv", self._root / ".git")
        return WatchOrder(
            argv=[os.fsencode(word) for word in command.argv],
            env={os.fsencode(name): os.fsencode(value) for name, value in command.env.items()},
            cwd=os.fsencode(command.cwd),
            root=os.fsencode(self._root),
            machine=platform.machine(),
            eye=self._wanted,
            boring=[os.fsencode(one.resolve()) + b"/" for one in (_OURS, *inside, *self._apart)],
            marks=says_marks(command.env),
        )

    def _read(self, facts: Report) -> Captured:
        return captured_of(facts, Territory(self._root, self._ignore), self._since, self._home, self._wanted)

    def _unseen(self, why: str) -> Captured:
        """Return what can be known about a command that nobody watched to its end: what changed on the disk."""
        written = frozenset(sweep(Territory(self._root, self._ignore), self._since).written)
        return replace(_captured(), written=written, blind_spots=(why,), complete=False)


def captured_of(facts: Report, territory: Territory, since: int, home: str, eye: str = CALLS) -> Captured:
    """Return what a command did to the workspace of `territory`, as a supervisor reported it.

    Args:
        facts: The report.
        territory: The part of the workspace that counts.
        since: A mark of time from before the command.
        home: Its home folder; empty if there is none.
        eye: How it was watched.
    """
    found = ReportReader(territory, facts, since, home).run()
    spots, complete = blind.spots(facts.blind)
    if eye == FILES:
        spots = (*spots, blind.LOOKS_UNSEEN)
    return Captured(
        read=frozenset(found.read),
        written=frozenset(found.written),
        removed=frozenset(found.removed),
        overwritten=_NOTHING,
        stamped=frozenset(found.stamped),
        complete=complete,
        blind_spots=spots,
        appended=frozenset(found.appended),
        listed=frozenset(found.listed),
        absent=frozenset(found.absent),
        found=frozenset(found.found),
        links=frozenset(found.links),
        made_folders=frozenset(found.made_folders),
        outside=frozenset(found.outside),
        contacts=tuple(Contact(*map(os.fsdecode, one)) for one in facts.contacts),
        programs=tuple(
            ExecutedProgram(os.fsdecode(path), os.fsdecode(resolved), tuple(map(os.fsdecode, argv)))
            for path, resolved, argv in facts.programs
        ),
        eye=eye,
        advice=blind.advice(facts.blind),
    )


def _captured() -> Captured:
    return Captured(_NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING, complete=True, blind_spots=())
