"""Going through a workspace after a run: what changed on disk, and what could not be seen."""

import os
import stat
import time
from dataclasses import dataclass, field

from dsv.capture.territory import PYCACHE, Territory, is_environment

_REALTIME_COARSE = 5
"""Linux's clock for the times of files (`clock_gettime(2)`); it ticks every 1 to 10 ms."""

_TICKS_WITHIN = 0.05


@dataclass(frozen=True, slots=True)
class ChangedOnDisk:
    """What a sweep found.

    Attributes:
        written: The files whose bytes changed since the mark, or could have, by their mtime.
        altered: The files that changed in whatever way since the mark, by their ctime.
        hard_links: The files that have a second name somewhere.
        links_out: The links that lead out of the workspace.
    """

    written: set[str] = field(default_factory=set)
    altered: set[str] = field(default_factory=set)
    hard_links: list[str] = field(default_factory=list)
    links_out: list[str] = field(default_factory=list)


def mark() -> int:
    """Return a time in ns such that files changed before now are older, and all changed later are not."""
    before = time.time_ns()
    give_up = time.monotonic() + _TICKS_WITHIN
    # Times of files come from a coarse clock, which lags, or since Linux 6.13 from the exact one. None
    # is past the exact clock now; none will be before the coarse clock, once it has come as far.
    while (now := _now()) <= before and time.monotonic() < give_up:
        time.sleep(0.0005)
    return now


def sweep(territory: Territory, since: int) -> ChangedOnDisk:
    """Look at every file of `territory`; `since` is a mark made before the run."""
    found = ChangedOnDisk()
    for folder in territory.walk():
        if folder.path.rpartition("/")[2] == PYCACHE:
            continue
        for entry in folder.files:
            try:
                seen = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            path = f"{folder.path}/{entry.name}" if folder.path else entry.name
            if seen.st_ctime_ns < since and seen.st_nlink == 1 and not stat.S_ISLNK(seen.st_mode):
                continue
            if not territory.holds(path):
                continue
            _judge(territory, path, seen, since, found)
    return found


def _judge(territory: Territory, path: str, seen: os.stat_result, since: int, found: ChangedOnDisk) -> None:
    if seen.st_ctime_ns >= since:
        found.altered.add(path)
    if seen.st_mtime_ns >= since:
        found.written.add(path)
    if stat.S_ISREG(seen.st_mode) and seen.st_nlink > 1:
        found.hard_links.append(path)
    elif stat.S_ISLNK(seen.st_mode) and _leads_out(territory, path):
        found.links_out.append(path)


def _leads_out(territory: Territory, path: str) -> bool:
    target = os.path.realpath(territory.under(path))
    root = os.path.realpath(territory.root)
    return target != root and not target.startswith(root + os.sep) and not is_environment(target)


def _now() -> int:
    try:
        return time.clock_gettime_ns(_REALTIME_COARSE)
    except (AttributeError, OSError):
        return time.time_ns()
