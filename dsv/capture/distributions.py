"""The distributions that are installed where a Python looks for modules, read from what installers leave there.

That is what `importlib.metadata` tells from the inside, for a tenth of the price: an interpreter that is
asked for it parses every word of each description.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_HEAD = 8192
_NAME = re.compile(r"^Name:[ \t]*(\S.*?)\s*$", re.MULTILINE | re.IGNORECASE)
_VERSION = re.compile(r"^Version:[ \t]*(\S.*?)\s*$", re.MULTILINE | re.IGNORECASE)
Distribution = tuple[str, str | None, list[str]]
"""Version, the text of `direct_url.json` if there is one (PEP 610), and the top names of its modules."""


def distributions_in(search: Sequence[str]) -> dict[str, Distribution]:
    """Return by name the distributions in the folders `search`; of several of a name the first is in use."""
    found: dict[str, Distribution] = {}
    for folder in search:
        for place in _metadata_in(folder):
            named = _named(place)
            if named is not None and named[0] not in found:
                found[named[0]] = (named[1], _text(place / "direct_url.json"), _modules(place))
    return found


def _metadata_in(folder: str) -> Iterator[Path]:
    """Yield the folders and files in `folder` that tell of a distribution, by name."""
    try:
        names = sorted(
            entry.name
            for entry in os.scandir(folder)
            if entry.name.endswith((".dist-info", ".egg-info", ".egg"))
        )
    except OSError:
        return
    for name in names:
        place = Path(folder, name)
        yield place / "EGG-INFO" if name.endswith(".egg") else place
    if folder.rstrip("/").endswith(".egg"):
        yield Path(folder, "EGG-INFO")


def _named(place: Path) -> tuple[str, str] | None:
    """Return name and version of the distribution that `place` tells of."""
    files = [place / "METADATA", place / "PKG-INFO"] if place.is_dir() else [place]
    for file in files:
        text = _text(file, _HEAD)
        name, version = (rule.search(text or "") for rule in (_NAME, _VERSION))
        if name is not None and version is not None:
            return name[1], version[1]
    return None


def _modules(place: Path) -> list[str]:
    """Return the top names of the modules that a distribution installed, as its lists of files say."""
    tops = set((_text(place / "top_level.txt") or "").split())
    record = (
        _text(place / "RECORD") or _text(place / "SOURCES.txt") or _text(place / "installed-files.txt") or ""
    )
    # `numpy/linalg/lapack.so,sha256=...,123`
    firsts = {line.split("/", 1)[0] for line in record.split("\n") if ".py," in line or ".so," in line}
    tops.update(first.partition(",")[0].partition(".")[0].strip('"') for first in firsts if first != "..")
    return sorted(tops)


def _text(path: Path, most: int = -1) -> str | None:
    try:
        with path.open("rb") as file:
            return file.read(most).decode("utf-8", "replace")
    except OSError:
        return None
