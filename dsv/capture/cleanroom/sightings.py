"""What a command in a room was seen to do, in terms of the clean folder."""

import os
from collections.abc import Sequence
from pathlib import Path

from dsv.capture.detect import Captured
from dsv.capture.eyes import captured_of
from dsv.capture.territory import Territory
from dsv.capture.witness.path_facts import Report, decode
from dsv.worktree.ignore import Ignore


def captured(
    report: bytes, clean: Path, place: str, other: Sequence[str], *, ignore: Ignore, since: int, home: str
) -> Captured | None:
    """Return what a command did, from what process 1 of its room reported; None if that is nothing.

    Args:
        report: The report.
        clean: The clean folder.
        place: Where it was in the room, without links.
        other: What else was at or below `place`, such as a virtual environment.
        ignore: The workspace's rules for what is not looked at.
        since: A mark of time from before the command.
        home: Its home folder in the room.
    """
    if not report:
        return None
    try:
        facts = decode(report)
    except ValueError:
        return None
    clean = clean.resolve()
    _move(facts, os.fsencode(place), os.fsencode(clean), tuple(os.fsencode(f"{one}/") for one in other))
    return captured_of(facts, Territory(clean, ignore), since, home)


def _move(facts: Report, place: bytes, clean: bytes, other: tuple[bytes, ...]) -> None:
    """Have the paths in the clean folder say where it is on this machine; what it hides here is left out."""
    moved = {}
    for path, fact in facts.paths.items():
        if path == place or path.startswith(place + b"/"):
            inside = (path + b"/").startswith(other) if other else False
            moved[path if inside else clean + path[len(place) :]] = fact
        else:
            moved[path] = fact
    facts.paths = moved
