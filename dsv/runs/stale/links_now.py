"""Links that led a run to what it used: where they lead now."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from dsv.model.run import Led, Outside
from dsv.worktree.link_targets import destination


class LinkChange(NamedTuple):
    """A link that leads elsewhere.

    Attributes:
        path: Where the link is.
        now: Where it leads; None if there is no link any more.
    """

    path: str
    now: str | None


@dataclass(frozen=True, slots=True)
class Followed:
    """How the links of a run lead now.

    Attributes:
        changed: Those that lead to something else in the workspace, or did.
        missing: Those that are not here.
        moved: Where those that led out of the workspace lead now, by where they led; other places out of it.
    """

    changed: tuple[LinkChange, ...] = ()
    missing: tuple[str, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)

    def through(self, files: Iterable[Outside]) -> list[tuple[Outside, str]]:
        """Return files outside, each with the path at which its link would find it now: what is there decides."""
        return [(one, self._now(one.path)) for one in files]

    def _now(self, path: str) -> str:
        for old, new in self.moved.items():
            if path == old or path.startswith(f"{old}/"):
                return new + path[len(old) :]
        return path


def follow(root: Path, links: Iterable[Led], home: Path | None) -> Followed:
    """Follow the links of a run.

    Args:
        root: The workspace.
        links: The links, with where they led.
        home: The home folder, for which `~` stands; None if that is not known.
    """
    changed, missing, moved = [], [], {}
    for link in links:
        place = root / link.path
        if not os.path.lexists(place):
            missing.append(link.path)
            continue
        now = _shown(destination(root, link.path), home)
        if now == link.target:
            continue
        if is_outside(now) and is_outside(link.target):
            moved[link.target] = now
        else:
            changed.append(LinkChange(link.path, now if place.is_symlink() else None))
    return Followed(tuple(changed), tuple(missing), moved)


def _shown(target: str, home: Path | None) -> str:
    """Return a place as a record tells it: what is in the home folder from there."""
    if home is not None and (target == os.fspath(home) or target.startswith(f"{home}/")):
        return f"~{target.removeprefix(os.fspath(home))}"
    return target


def is_outside(target: str) -> bool:
    """Whether a place, as a record tells it, is outside of the workspace."""
    return target.startswith(("/", "~"))
