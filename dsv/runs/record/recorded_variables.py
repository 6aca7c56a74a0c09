"""The variables that are recorded of every run: those that change what common programs do.

`TZ` is the time zone in force, also where only the system says which; `PYTHONPATH` has the folders of the
workspace alone, relative to it. What else matters is named by `run.record_env`.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from dsv.capture.secrets.masking import is_secret_name, mask_url

SETTING = "run.record_env"

PLAIN = ("LANG", "PYTHONHASHSEED")

_LOCALE = "LC_"
_UTC = frozenset(
    {"UTC", "UCT", "Zulu", "Universal", "GMT0", "Etc/UTC", "Etc/UCT", "Etc/Zulu", "Etc/Universal"}
)
_LOCALTIME = Path("/etc/localtime")
_ZONES = "zoneinfo/"


def surroundings(env: Mapping[str, str], root: Path, cwd: Path, named: Iterable[str] = ()) -> dict[str, str]:
    """Return the variables of a command that are recorded without being asked for; one that is not set is not there.

    Args:
        env: All variables of the command.
        root: The workspace.
        cwd: The folder that the command runs in.
        named: Further names, from the settings; one that says that its value is secret is left out.
    """
    names = [*PLAIN, *(name for name in env if name.startswith(_LOCALE)), *named]
    found = {name: env[name] for name in names if env.get(name) and is_plain(name, env[name])}
    found["TZ"] = zone(env.get("TZ"))
    folders = python_path(env.get("PYTHONPATH", ""), root, cwd)
    if folders:
        found["PYTHONPATH"] = ":".join(folders)
    return found


def is_plain(name: str, value: str) -> bool:
    """Whether the value of a variable may be recorded: its name speaks of no secret, and it holds no URL with one."""
    readable = value.isprintable() or not any("\ud800" <= letter <= "\udfff" for letter in value)
    return not is_secret_name(name) and mask_url(value) == value and readable


def zone(given: str | None, localtime: Path = _LOCALTIME) -> str:
    """Return the name of the time zone in force.

    Args:
        given: The variable `TZ`, None if it is not set.
        localtime: The system's link to its zone.
    """
    if given is not None:
        name = given.removeprefix(":")
    else:
        try:
            name = os.path.realpath(localtime).partition(_ZONES)[2]
        except OSError:
            name = ""
    # What is no zone by its name, such as a copied file, cannot be told from UTC.
    return "UTC" if not name or name in _UTC else name.partition(_ZONES)[2] or name


def python_path(given: str, root: Path, cwd: Path) -> list[str]:
    """Return the folders of a `PYTHONPATH` that are in the workspace, relative to it (`.` is the workspace itself).

    An empty entry is the folder that the command runs in, as for Python.
    """
    if not given:
        return []
    found = []
    for entry in given.split(os.pathsep):
        place = Path(os.path.normpath(cwd / entry))
        for base in (root, root.resolve()):
            if place.is_relative_to(base):
                found.append(place.relative_to(base).as_posix())
                break
    return list(dict.fromkeys(found))
