"""Where a script runs: in a workspace, inside of a run, in a replay, or nowhere that dsv knows.

What a terminal tells a command, the environment and the current folder tell the library, here.
"""

import os
from pathlib import Path

from dsv.capture import marker, reads
from dsv.errors import Refused
from dsv.remotes.lazy_supply import default_supply
from dsv.workspace import Caller, Workspace


def here() -> Path:
    """Return the current folder."""
    return Path.cwd()


def replayed() -> Path | None:
    """Return the clean folder in which this program is being replayed; None if it is not."""
    return marker.find(here())


def reports() -> Path | None:
    """Return the folder into which this program reports what it reads; None if no run is being recorded."""
    found = os.environ.get(reads.VARIABLE)
    return Path(found) if found else None


def set_reports(folder: Path | None) -> None:
    """Have this program, and those that it starts, report what they read into `folder`; None: no longer."""
    if folder is None:
        os.environ.pop(reads.VARIABLE, None)
    else:
        os.environ[reads.VARIABLE] = os.fspath(folder)


def variables() -> dict[str, str]:
    """Return the environment variables."""
    return dict(os.environ)


def workspace() -> Workspace:
    """Return the workspace that the current folder is in.

    Raises:
        NotFound: There is none.
        BadConfig: Its settings cannot be read.
    """
    home = os.environ.get("HOME")
    caller = Caller(default_supply, None, _knows_endpoint, Path(home) if home else None)
    return Workspace.discover(here(), caller)


def trusted_file() -> Path:
    """Return where this user's trust is kept."""
    from platformdirs import user_config_path

    return user_config_path("dsv") / "trusted"


def _knows_endpoint(url: str) -> bool:
    from dsv.runs.rebuild.setting_trust import knows_endpoint

    return knows_endpoint(trusted_file(), url, os.environ)


def relative(path: str | os.PathLike[str], root: Path) -> str:
    """Return `path` relative to `root`, with `/`; links are not followed.

    Raises:
        Refused: It leads out of it.
    """
    full = Path(os.path.normpath(here() / path))
    for base in (root, root.resolve()):
        if full.is_relative_to(base) and full != base:
            return full.relative_to(base).as_posix()
    raise Refused(f"{os.fspath(path)} is outside the workspace {root}")
