"""How a run happened, made from what was seen of it."""

import os
import stat as modes
from collections.abc import Iterable
from pathlib import Path

from dsv.capture.contacts import others
from dsv.ids import ObjectId
from dsv.model.attempt import CAPTURED, CLAIMED, DECLARED, PARTLY, Attempt
from dsv.model.node import DIR, FILE
from dsv.runs.record.before import Before
from dsv.runs.record.classify import Classified
from dsv.runs.record.link_report import kind_of_link
from dsv.runs.record.request import Request
from dsv.runs.record.surroundings import Surroundings
from dsv.runs.record.watching import SeenRun
from dsv.runs.record.without_secrets import Screen
from dsv.workspace import Workspace, now
from dsv.worktree.litter import Litter


def attempt_of(
    workspace: Workspace,
    request: Request,
    before: Before,
    seen: SeenRun | None,
    used: Classified,
    around: Surroundings,
) -> Attempt:
    """Return how a run happened, except for the run's id, which is not known yet.

    Args:
        workspace: The workspace.
        request: What was run.
        before: The workspace before.
        seen: What was seen of it; None for a claim.
        used: What it used and made.
        around: Where it ran.
    """
    execution = None if seen is None else seen.execution
    captured = None if seen is None else seen.captured
    spots = () if seen is None else seen.blind_spots
    return Attempt(
        run=ObjectId(""),
        capture=_capture(request, seen),
        started=execution.started if execution else now()[0],
        milliseconds=round(execution.seconds * 1000) if execution else 0,
        exit_code=0,
        git=before.git,
        blind_spots=tuple(dict.fromkeys((*spots, *used.unsure, *around.unsure))),
        withheld=tuple(sorted(used.withheld)),
        imported=None if seen is None else around.imported,
        witness=None if captured is None else captured.eye,
        interpreter=_place_of(workspace.root, request, around.interpreter),
        found=_found(workspace.root, used),
        contacts=() if captured is None else tuple(others(captured.contacts)),
        state=_state(workspace, used),
        order=_order(workspace.root, {*used.code, *used.reads()} - used.made),
    )


def _capture(request: Request, seen: SeenRun | None) -> str:
    if seen is None:
        return CLAIMED
    if request.declares_all:
        return DECLARED
    return PARTLY if request.inputs is not None or request.outputs is not None else CAPTURED


def _place_of(root: Path, request: Request, python: str | None) -> str | None:
    """Return where an interpreter is, relative to the workspace if it is in it, and without the home folder."""
    if python is None:
        return None
    for base in (root, root.resolve()):
        if Path(python).is_relative_to(base):
            return Path(python).relative_to(base).as_posix()
    return Screen(root, request.env).without_home(python)


def _found(root: Path, used: Classified) -> tuple[tuple[str, str], ...]:
    """Return what was looked at, with its kind; links that led to what was read are among it."""
    read = used.reads() | used.code
    paths = {
        path for path in used.found if path and path not in read and path not in used.made
    } | used.links.keys()
    kinds = {path: kind for path in paths if (kind := _kind(root, path)) is not None}
    return tuple((path, kinds[path]) for path in sorted(kinds, key=str.encode))


def _kind(root: Path, path: str) -> str | None:
    try:
        found = (root / path).lstat()
        if modes.S_ISLNK(found.st_mode):
            return kind_of_link(root, path)
    except OSError:
        return None
    if modes.S_ISREG(found.st_mode):
        return f"{FILE}:{found.st_size}"
    return DIR if modes.S_ISDIR(found.st_mode) else None


def _state(workspace: Workspace, used: Classified) -> tuple[str, ...]:
    """Return what was read and is the memory of tools; of a folder that is, only that."""
    litter = Litter(workspace.config.leave_out)
    found = set()
    for path in used.state:
        parts = path.split("/")
        tops = ("/".join(parts[:end]) for end in range(1, len(parts)))
        found.add(next((top for top in tops if litter.is_state(f"{top}/")), path))
    return tuple(sorted(found, key=str.encode))


def _order(root: Path, paths: Iterable[str]) -> tuple[str, ...]:
    """Return those of `paths` that are files, by the time of their last change, then by name."""
    times = {}
    for path in paths:
        try:
            found = os.lstat(root / path)
        except OSError:
            continue
        if modes.S_ISREG(found.st_mode):
            times[path] = found.st_mtime_ns
    return tuple(sorted(times, key=lambda path: (times[path], path.encode())))
