"""What is installed where a command runs, and what of that it used, as the record of a run has it."""

import json
import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

from dsv.capture.interpreter import Interpreter
from dsv.capture.secrets.masking import has_secret, mask_url
from dsv.errors import BadConfig
from dsv.hashing import file_id
from dsv.model.environment import PLATFORM, Environment, InstalledProgram, Package, PackageLock
from dsv.plain import read_plain

_LOCK_LIMIT = 64 << 20
"""Bytes of the largest list of packages that is kept."""

_LOCKS = (
    "uv.lock",
    "pylock.toml",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "requirements*.txt",
    "environment.yml",
)
"""Lock files by what they pin, the most first; of several the first in the list is recorded."""


class LockFile(NamedTuple):
    """A lock file as it is in the workspace.

    Attributes:
        name: Its name.
        text: Its bytes.
    """

    name: str
    text: bytes


def environment_of(
    interpreter: Interpreter | None,
    *,
    lock: PackageLock | None = None,
    programs: Iterable[InstalledProgram] = (),
) -> Environment:
    """Return the record of where a command ran.

    Args:
        interpreter: The Python that ran it; None if there was none.
        lock: The lock file of the workspace (`recorded_lock`).
        programs: The program that was run, if it was not Python (`dsv.capture.programs`).
    """
    if interpreter is None:
        return Environment({}, (), lock, tuple(programs))
    python = {name: str(interpreter.facts[name]) for name in PLATFORM}
    packages = {
        _normal(name): Package(
            _normal(name),
            str(version or ""),
            _origin(direct),
        )
        for name, (version, direct, _) in interpreter.facts["distributions"].items()
    }
    return Environment(python, tuple(packages[name] for name in sorted(packages)), lock, tuple(programs))


def imported_packages(interpreter: Interpreter, modules: AbstractSet[str]) -> tuple[str, ...]:
    """Return the names of the distributions that the top names `modules` belong to, sorted.

    A distribution that lists no modules, such as one installed for editing, is never among them.
    """
    found = interpreter.facts["distributions"].items()
    return tuple(sorted(_normal(name) for name, (_, _, own) in found if not modules.isdisjoint(own)))


def find_lock(root: Path) -> LockFile | None:
    """Return the lock file in the workspace `root`; None if there is none that can be read."""
    for pattern in _LOCKS:
        for path in sorted(root.glob(pattern)):
            try:
                return LockFile(path.name, read_plain(path, _LOCK_LIMIT))
            except (OSError, BadConfig):
                continue
    return None


def recorded_lock(found: LockFile | None) -> PackageLock | None:
    """Return what is recorded of a lock file: nothing if it seems to hold a secret."""
    if found is None or has_secret(found.text.decode("utf-8", "replace")):
        return None
    return PackageLock(found.name, file_id(found.text))


def _origin(direct: str | None) -> str | None:
    """Return what is known about where a distribution came from, given its `direct_url.json` (PEP 610)."""
    if direct is None:
        return None
    try:
        told = json.loads(direct)
        url = str(told["url"])
        commit = told.get("vcs_info", {}).get("commit_id")
    except (AttributeError, KeyError, TypeError, ValueError):
        return "unknown"
    if "://" not in url or url.lower().startswith("file:"):
        return "local"
    return f"{mask_url(url)}@{commit}" if commit else mask_url(url)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()  # PEP 503
