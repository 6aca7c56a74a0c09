"""What a supervisor reported, read as what the command did to the workspace."""

import os
import re
import stat
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from dsv.capture.territory import Territory, source_of
from dsv.capture.witness.noise import is_noise, is_outside_noise
from dsv.capture.witness.notices import SYSTEM
from dsv.capture.witness.path_facts import (
    CHANGED,
    FOLDER,
    FOLLOWED,
    FOUND,
    FRESH,
    KEPT,
    LINK,
    LISTED,
    LISTED_BY_MAKE,
    MAKEFILE,
    MISSED,
    MISSED_ON_PATH,
    MISSING_MODULE,
    OTHER,
    READ,
    THERE,
    TOUCHED,
    UPDATED,
    Report,
)

if TYPE_CHECKING:
    from dsv.capture.witness.makefiles import MakefileFolder

_LOOKED_FOR = MISSED | MISSED_ON_PATH | MISSING_MODULE
_PYCACHE = "__pycache__"
_LONGEST_NAME, _LONGEST_PATH = 255, 4095


@dataclass(slots=True)
class Reading:
    """What a command did, by kind; see `dsv.capture.detect.Captured`, which has the same names."""

    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    stamped: set[str] = field(default_factory=set)
    appended: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    found: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    made_folders: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)


class ReportReader:
    """Reads a report.

    Args:
        territory: The part of the workspace that counts.
        facts: The report.
        since: A mark of time (`dsv.capture.changed_on_disk.mark`) from before the command.
        home: The home folder of the command; empty if there is none.
    """

    def __init__(self, territory: Territory, found: Report, since: int, home: str) -> None:
        self._territory = territory
        self._facts = found
        self._since = since
        self._home = home
        self._inside = os.fsencode(territory.root).rstrip(b"/") + b"/"
        self._entered: dict[str, bool] = {"": True}
        self._aliases: dict[tuple[int, int], str] = {}
        self.reading = Reading()

    def run(self) -> Reading:
        """Read all of it."""
        for path, (bits, size) in self._facts.paths.items():
            if path.startswith(self._inside):
                self._inner(os.fsdecode(path[len(self._inside) :]), bits, size)
            elif path + b"/" == self._inside:
                if self._lists("", bits):
                    self.reading.listed.add("")
            else:
                self._outer(os.fsdecode(path), bits)
        if self._aliases:
            self._find_second_names()
        return self.reading

    # -- inside ---------------------------------------------------------------------------------------

    def _inner(self, path: str, bits: int, size: int) -> None:
        reading = self.reading
        folder, _, name = path.rpartition("/")
        if not self._enters(folder):
            if name.endswith(".pyc") and bits & READ:
                self._cached(path)
            return
        if name == ".git" and bits & (FOUND | LISTED):
            reading.found.add(path)
        if bits & LINK and bits & FOLLOWED and self._territory.holds(path):
            reading.links.add(path)
        there, kind = self._now(path)
        if there is not None and kind == stat.S_IFDIR:
            self._folder(path, bits)
        elif bits & THERE and bits & FOLDER:
            pass  # it was a folder, and is gone
        elif self._territory.holds(path):
            self._file(path, bits, size, there, kind)
            if there is None or not bits & THERE:
                self._missed(path, bits)

    def _folder(self, path: str, bits: int) -> None:
        reading = self.reading
        if not self._enters(path):
            return
        if bits & FRESH and bits & CHANGED:
            reading.made_folders.add(path)
        elif bits & THERE and self._lists(path, bits):
            reading.listed.add(path)
        elif bits & THERE and bits & FOUND:
            reading.found.add(path)

    def _lists(self, path: str, bits: int) -> bool:
        return bool(bits & LISTED or (bits & LISTED_BY_MAKE and self._is_asked_of_make(path)))

    def _file(self, path: str, bits: int, size: int, there: os.stat_result | None, kind: int) -> None:
        reading = self.reading
        was_file = bits & THERE and not bits & (FOLDER | OTHER)
        if was_file and bits & READ:
            reading.read.add(path)
        if there is None:
            if was_file and bits & CHANGED:
                reading.removed.add(path)
            return
        if kind not in (stat.S_IFREG, stat.S_IFLNK):
            return
        if bits & CHANGED and (not bits & THERE or there.st_ctime_ns >= self._since):
            self._wrote(path, there)
        elif bits & (KEPT | UPDATED) and not bits & FRESH:
            self._updated(path, bits, size, there)
        if was_file and bits & FOUND and path not in reading.read and path not in reading.written:
            reading.found.add(path)

    def _updated(self, path: str, bits: int, size: int, there: os.stat_result) -> None:
        """Judge a file that was opened to be written and kept what it held."""
        stamped = bool(bits & TOUCHED) and there.st_ctime_ns >= self._since
        if there.st_mtime_ns < self._since and there.st_size == size and not stamped:
            return
        self._wrote(path, there)
        self.reading.stamped.add(path)
        if bits & THERE and not bits & READ and not (stamped and there.st_size == size):
            self.reading.read.add(path)
            self.reading.appended.add(path)

    def _wrote(self, path: str, there: os.stat_result) -> None:
        self.reading.written.add(path)
        if there.st_nlink > 1 and there.st_mtime_ns >= self._since:
            self._aliases[there.st_dev, there.st_ino] = path

    def _find_second_names(self) -> None:
        """What was written under one name was written under all."""
        for folder in self._territory.walk():
            for entry in folder.files:
                path = f"{folder.path}/{entry.name}" if folder.path else entry.name
                try:
                    seen = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                known = self._aliases.get((seen.st_dev, seen.st_ino)) if seen.st_nlink > 1 else None
                if known is not None and self._territory.holds(path):
                    self.reading.written.add(path)
                    if known in self.reading.stamped:
                        self.reading.stamped.add(path)

    def _missed(self, path: str, bits: int) -> None:
        if not bits & _LOOKED_FOR or bits & (THERE | FRESH | CHANGED) or is_noise(path):
            return
        if len(path) > _LONGEST_PATH or any(
            len(os.fsencode(part)) > _LONGEST_NAME for part in path.split("/")
        ):
            return
        on_path = bits & MISSED_ON_PATH and not bits & (MISSED | MISSING_MODULE)
        if not (on_path and self._is_searched(path.rpartition("/")[0])):
            self.reading.absent.add(path)

    def _is_searched(self, folder: str) -> bool:
        """Whether `folder` is on the PATH of a shell, which looks there for commands."""
        place = os.fsencode(self._territory.under(folder))
        root = os.fsencode(self._territory.root)
        return any(os.path.realpath(os.path.join(root, one)) == place for one in self._facts.search)

    def _cached(self, path: str) -> None:
        """A compiled module stands for its source."""
        source = source_of(path)
        if source is None or not os.path.lexists(self._territory.under(source)):
            return
        if self._enters(source.rpartition("/")[0]) and self._territory.holds(source):
            self.reading.read.add(source)

    def _enters(self, folder: str) -> bool:
        known = self._entered.get(folder)
        if known is not None:
            return known
        known, end = True, 0
        while known and end < len(folder):
            end = folder.find("/", end + 1)
            end = len(folder) if end < 0 else end
            above = folder[:end]
            if above not in self._entered:
                name = above.rpartition("/")[2]
                enters = name != _PYCACHE and self._territory.enters(above)
                self._entered[above] = enters and not self._territory.is_environment(above)
            known = self._entered[above]
        self._entered[folder] = known
        return known

    def _now(self, path: str) -> tuple[os.stat_result | None, int]:
        try:
            seen = os.lstat(self._territory.under(path))
        except (OSError, ValueError):
            return None, 0
        return seen, stat.S_IFMT(seen.st_mode)

    def _is_asked_of_make(self, path: str) -> bool:
        from dsv.capture.witness.makefiles import counts

        return counts(path, self._asked_of_make)

    @cached_property
    def _asked_of_make(self) -> "list[MakefileFolder] | None":
        """In which folders the makefiles that were read ask for names; None: perhaps in any."""
        from dsv.capture.witness.makefiles import asked_in

        found: list[MakefileFolder] = []
        for path, (bits, _) in self._facts.paths.items():
            if not bits & MAKEFILE:
                continue
            try:
                text = Path(os.fsdecode(path)).read_text("utf-8", "replace")
            except OSError:
                return None
            home = os.path.dirname(os.fsdecode(path.removeprefix(self._inside)))
            asked = asked_in(text, "" if home.startswith("/") else home)
            if asked is None:
                return None
            found += asked
        return found

    # -- outside ----------------------------------------------------------------------------------------

    def _outer(self, path: str, bits: int) -> None:
        if bits & (CHANGED | KEPT | UPDATED):
            self._changed_outside(path)
        if not bits & READ or bits & (FOLDER | OTHER | FRESH) or not bits & THERE:
            return
        if os.fsencode(path).startswith(SYSTEM):
            return
        source = source_of(path)
        path = path if source is None else source
        if is_outside_noise(path, self._home) or path.startswith(self._installed) or _is_empty(path):
            return
        if path not in self._executed:  # a shell reads the scripts that it is executed for
            self.reading.outside.add(path)

    def _changed_outside(self, path: str) -> None:
        try:
            seen = os.lstat(path)
        except (OSError, ValueError):
            return
        if seen.st_nlink > 1 and stat.S_ISREG(seen.st_mode) and seen.st_ctime_ns >= self._since:
            self._aliases[seen.st_dev, seen.st_ino] = path

    @cached_property
    def _executed(self) -> frozenset[str]:
        return frozenset(os.path.realpath(os.fsdecode(path)) for path, _, _ in self._facts.programs)

    @cached_property
    def _installed(self) -> tuple[str, ...]:
        """Where Pythons are installed."""
        found = set(map(os.fsdecode, self._facts.prefixes))
        for _, program, _ in self._facts.programs:
            if re.match(r"(python|pypy)[\d.]*$", os.fsdecode(program).rpartition("/")[2]):
                found.add(os.path.dirname(os.path.dirname(os.fsdecode(program))))
        return tuple(f"{one.rstrip('/')}/" for one in found if len(one) > 1)


def _is_empty(path: str) -> bool:
    """Whether the file at `path` has no bytes: a lock, of which nothing but its being there is used."""
    try:
        return os.stat(path).st_size == 0
    except (OSError, ValueError):
        return False
