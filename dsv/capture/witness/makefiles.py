"""Which folders makefiles have make list; it lists others as well, for rules of its own."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

_GLOB = re.compile(r"\bwildcard\b|^[^\t#\n][^#\n]*[*?](?![)}])", re.MULTILINE)
"""What makes make ask for names: the function, or a pattern among targets and what they need."""

_WILDCARD = re.compile(r"\$[({]wildcard\s+([^$(){}]*)[)}]")
_WORD = re.compile(r"[^\s:=|;,]+")
_UNCLEAR = re.compile(r"[$\\~\[\]{}()]|^/|(?:^|/)\.\.(?:/|$)")


@dataclass(frozen=True, slots=True)
class MakefileFolder:
    """A folder in which a makefile asks for names.

    Attributes:
        home: The folder of the makefile, relative to the workspace.
        folder: The folder as the makefile calls it, empty for the one that make works in.
        deep: Whether folders in it are asked for names, too.
    """

    home: str
    folder: str
    deep: bool

    def holds(self, listed: str) -> bool:
        """Whether that may be the folder `listed`, relative to the workspace, wherever make was started."""
        if not self.folder:
            return self.deep or listed in ("", self.home)
        inside = f"/{listed}/"
        return inside.endswith(f"/{self.folder}/") or (self.deep and f"/{self.folder}/" in inside)


def asked_in(text: str, home: str) -> list[MakefileFolder] | None:
    """Return in which folders the makefile `text`, in the folder `home`, asks for names; None: perhaps in any."""
    if _GLOB.search(text) is None:
        return []
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("\t"):
            continue  # the shell's
        line, _, _ = line.partition("#")  # noqa: PLW2901
        words = [word for group in _WILDCARD.findall(line) for word in group.split()]
        rest = _WILDCARD.sub(" ", line)
        if "wildcard" in rest:
            return None
        words += [word for word in _WORD.findall(rest) if "*" in word or "?" in word]
        if any(_UNCLEAR.search(word) for word in words):
            return None
        found += [_asked(home, word) for word in words]
    return found


def counts(listed: str, asked: Iterable[MakefileFolder] | None) -> bool:
    """Whether a listing of the folder `listed` by make is of use to who wrote the makefiles."""
    return asked is None or any(one.holds(listed) for one in asked)


def _asked(home: str, pattern: str) -> MakefileFolder:
    parts = os.path.normpath(pattern).split("/")
    first = next((at for at, part in enumerate(parts) if "*" in part or "?" in part), len(parts) - 1)
    return MakefileFolder(home, "/".join(parts[:first]), deep=first < len(parts) - 1)
