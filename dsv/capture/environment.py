"""The environment of a run: what was installed where it ran, and what of that it used.

A record names no path, no user and no machine. It is one object, named by its hash, and part of a run's
identity; differences between two of them are listed and never make a run stale.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from dsv.capture.interpreter import Interpreter
from dsv.capture.secrets.masking import has_secret, mask_url
from dsv.errors import BadConfig, Corrupt
from dsv.hashing import file_id
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical
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

_PLATFORM = ("implementation", "libc", "machine", "system", "version")


@dataclass(frozen=True, slots=True)
class Package:
    """An installed distribution.

    Attributes:
        name: Its name in normal form (lower case, `-`).
        version: Its version.
        url: Where it came from, if not from an index: a URL without secrets, with the commit; or `local`.
    """

    name: str
    version: str
    url: str | None


@dataclass(frozen=True, slots=True)
class InstalledProgram:
    """A program other than Python.

    Attributes:
        name: Its name without a path.
        version: What it says of its version; None if it does not say.
    """

    name: str
    version: str | None


@dataclass(frozen=True, slots=True)
class PackageLock:
    """A lock file in the workspace.

    Attributes:
        name: Its name.
        file: Its file id.
    """

    name: str
    file: ObjectId


class LockFile(NamedTuple):
    """A lock file as it is in the workspace.

    Attributes:
        name: Its name.
        text: Its bytes.
    """

    name: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a command ran.

    Attributes:
        python: Of the interpreter: `implementation`, `version`; of its platform `system`, `machine`,
            `libc`. Empty if the run had no Python.
        packages: What was installed, by name.
        lock: The lock file, if there was one.
        programs: The program that was run, if it was not Python.
    """

    python: dict[str, str]
    packages: tuple[Package, ...] = ()
    lock: PackageLock | None = None
    programs: tuple[InstalledProgram, ...] = ()

    def encode(self) -> bytes:
        """Return the canonical encoding."""
        return canonical.encode(
            {
                "v": 1,
                "lock": None if self.lock is None else {"file": self.lock.file, "name": self.lock.name},
                "packages": [
                    {"name": item.name, "url": item.url, "version": item.version} for item in self.packages
                ],
                "programs": [{"name": item.name, "version": item.version} for item in self.programs],
                "python": self.python,
            }
        )

    @classmethod
    def decode(cls, data: bytes | memoryview, what: str) -> "Environment":
        """Return the environment that `data` encodes.

        Raises:
            Corrupt: It is not a valid environment; `what` names it.
        """
        record = canonical.decode(data, what=what)
        try:
            lock = record["lock"]
            return cls(
                python={name: _text(value) for name, value in record["python"].items()},
                packages=tuple(_package(item) for item in record["packages"]),
                lock=None if lock is None else PackageLock(_text(lock["name"]), parse_id(lock["file"])),
                programs=tuple(
                    InstalledProgram(_text(item["name"]), _text_or_none(item["version"]))
                    for item in record["programs"]
                ),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Corrupt(f"{what} is not a valid environment: {error}") from error


class EnvironmentDifference(NamedTuple):
    """One thing that is not as it was.

    Attributes:
        what: A package, `python`, `libc` and the like, a program, or a lock file.
        recorded: Its version then; None if it was not there.
        present: Its version now; None if it is not there.
        imported: Whether the recorded run imported it; None if that is unknown.
    """

    what: str
    recorded: str | None
    present: str | None
    imported: bool | None


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
    python = {name: str(interpreter.facts[name]) for name in _PLATFORM}
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


def compare(
    recorded: Environment, present: Environment, imported: Collection[str] | None = None
) -> tuple[EnvironmentDifference, ...]:
    """Return what differs: first what the recorded run imported, then what it may have.

    A Python that is not known, then or now, is compared with nothing.

    Of these first what is there in another version, then what is gone, then what is new; by name.

    Args:
        recorded: Where the run happened.
        present: What there is now.
        imported: The distributions that the run imported; None if that is unknown.
    """
    differences = [*_changed(recorded, present, imported)]
    rank = {True: 0, None: 1, False: 2}
    return tuple(
        sorted(
            differences,
            key=lambda found: (
                rank[found.imported],
                found.recorded is None,
                found.present is None,
                found.what,
            ),
        )
    )


def _changed(
    recorded: Environment, present: Environment, imported: Collection[str] | None
) -> Iterator[EnvironmentDifference]:
    known = bool(recorded.python) == bool(present.python)  # an unknown one is compared with no known one
    for name in _PLATFORM if known else ():
        before, now = recorded.python.get(name), present.python.get(name)
        if before != now:
            yield EnvironmentDifference("python" if name == "version" else name, before, now, imported=True)
    old = {item.name: item for item in recorded.packages}
    new = {item.name: item for item in present.packages}
    for name in old.keys() | new.keys() if known else ():
        was, is_now = old.get(name), new.get(name)
        if _version(was) != _version(is_now):
            used = None if imported is None else name in imported
            yield EnvironmentDifference(name, _version(was), _version(is_now), used if was else False)
    programs = {item.name: item.version for item in present.programs}
    for program in recorded.programs:
        if programs.get(program.name) != program.version:
            yield EnvironmentDifference(
                program.name, program.version, programs.get(program.name), imported=True
            )
    if recorded.lock != present.lock:
        before, now = (
            None if lock is None else f"{lock.name} {lock.file}" for lock in (recorded.lock, present.lock)
        )
        yield EnvironmentDifference("lock file", before, now, imported=None)


def _version(package: Package | None) -> str | None:
    if package is None:
        return None
    return package.version if package.url is None else f"{package.version} ({package.url})"


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


def _package(item: Any) -> Package:
    return Package(_text(item["name"]), _text(item["version"]), _text_or_none(item["url"]))


def _text(value: object) -> str:
    if type(value) is not str:
        raise ValueError("not text")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)
