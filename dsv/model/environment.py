"""The environment of a run: what was installed where it ran, and what of that it used.

A record names no path, no user and no machine. It is one object, named by its hash, and part of a run's
identity; differences between two of them are listed and never make a run stale.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from dsv.errors import Corrupt
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical

PLATFORM = ("implementation", "libc", "machine", "system", "version")
"""What is recorded of an interpreter and its platform."""


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
    for name in PLATFORM if known else ():
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


def _package(item: Any) -> Package:
    return Package(_text(item["name"]), _text(item["version"]), _text_or_none(item["url"]))


def _text(value: object) -> str:
    if type(value) is not str:
        raise ValueError("not text")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)
