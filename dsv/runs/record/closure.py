"""What determined a run besides its data and its code: names, absences, files outside, variables, standard input."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dsv.capture.detect import Captured
from dsv.ids import ObjectId
from dsv.model.listing import Listing
from dsv.model.run import Led, Outside
from dsv.progress import SILENT, Progress
from dsv.runs.record.classify import Classified
from dsv.runs.record.lookups import absences, listings
from dsv.runs.record.outside_files import outside
from dsv.runs.record.recorded_variables import is_plain, surroundings
from dsv.runs.record.request import Request
from dsv.runs.record.without_secrets import Screen
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Closure:
    """What closes the record of a run.

    Attributes:
        listings: What it saw in the folders that it listed, by folder.
        absent: The paths in the workspace that it looked for in vain, sorted.
        outside: The files outside of the workspace that it read, sorted by path.
        links: The links that led to what it used, sorted by path.
        surroundings: The variables that are recorded of every run.
        stdin: File id of what its standard input gave; None if that was empty.
    """

    listings: Mapping[str, Listing] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    outside: tuple[Outside, ...] = ()
    links: tuple[Led, ...] = ()
    surroundings: Mapping[str, str] = field(default_factory=dict)
    stdin: ObjectId | None = None


def close(
    workspace: Workspace,
    request: Request,
    uses: Classified,
    captured: Captured | None,
    progress: Progress = SILENT,
) -> Closure:
    """Return what closes the record of a run that has ended.

    Args:
        workspace: The workspace.
        request: What was run.
        uses: What it used and made; notes are added.
        captured: What was seen of it; None if nothing was, or for a claim.
        progress: Counts the bytes that are read.
    """
    named = workspace.config.record_env
    secret = [name for name in named if request.env.get(name) and not is_plain(name, request.env[name])]
    uses.notes += [f"{name} may hold a secret: its value is not recorded" for name in secret]
    if captured is None:
        found = surroundings(request.env, workspace.root, workspace.root / request.cwd, named)
        return Closure(surroundings=found, stdin=request.stdin)
    screen = Screen(workspace.root, request.env)
    return Closure(
        listings=listings(workspace, uses, captured.removed),
        absent=absences(workspace, uses),
        outside=outside(sorted(uses.outside), screen, uses, progress),
        links=tuple(
            Led(path, screen.without_home(uses.links[path])) for path in sorted(uses.links, key=str.encode)
        ),
        surroundings=around(workspace, request.env, request.cwd),
        stdin=request.stdin,
    )


def around(workspace: Workspace, env: Mapping[str, str], cwd: str) -> dict[str, str]:
    """Return the variables that are recorded of a run without being asked for, as its record has them.

    Args:
        workspace: The workspace.
        env: All variables of the command.
        cwd: The folder that it runs in, relative to the workspace.
    """
    found = surroundings(env, workspace.root, workspace.root / cwd, workspace.config.record_env)
    screen = Screen(workspace.root, env)
    return {name: screen.without_home(value) for name, value in found.items()}
