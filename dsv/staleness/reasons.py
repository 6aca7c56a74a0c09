"""Why something is stale, in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

_NAMED = 3
"""So many files are named in a reason; of the rest only the number."""


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why the datasets of a step are stale. Paths are relative to the workspace.

    Attributes:
        changed: Inputs with other content, and data in git.
        gone: Inputs that are nowhere any more.
        code: Code files that are not what they were.
        stale: Inputs that are stale themselves.
        unchecked: Code files that are not here; by themselves they make nothing stale.
        listings: What folders hold that they did not, or do not hold any more, a clause each.
        appeared: What it looked for in vain, and what is there now.
        outside: Files outside of the workspace with other content.
        unseen: Files outside of the workspace that are not here; like `unchecked`.
        earlier: Datasets that it updates, and of which an earlier step is stale.
    """

    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    listings: tuple[str, ...] = ()
    appeared: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it is stale."""
        return bool(self.own or self.stale or self.earlier)

    @property
    def own(self) -> bool:
        """Whether it is stale whatever other steps give."""
        return bool(self.changed or self.gone or self.code or self.listings or self.appeared or self.outside)

    @property
    def text(self) -> str:
        """All of it in words, on one line: `raw.csv and clean.py changed; trips.parquet is stale`."""
        clauses = []
        changed = (*self.changed, *self.code, *(f"outside {path}" for path in self.outside))
        if changed:
            clauses.append(f"{listed(changed)} changed")
        if self.gone:
            clauses.append(f"{listed(self.gone)} {_are(self.gone)} gone")
        clauses += self.listings
        if self.appeared:
            clauses.append(f"{listed(self.appeared)} {_are(self.appeared)} there now")
        if self.stale:
            clauses.append(f"{listed(self.stale)} {_are(self.stale)} stale")
        if self.earlier:
            clauses.append(f"an earlier step of {listed(self.earlier)} is stale")
        return "; ".join(clauses)

    @property
    def doubt(self) -> str:
        """What was not checked, in words; empty if all was."""
        clauses = []
        if self.unchecked:
            clauses.append(f"code: not checked ({listed(self.unchecked)})")
        if self.unseen:
            clauses.append(f"outside: not checked ({listed(self.unseen)})")
        return "; ".join(clauses)


class Stale(NamedTuple):
    """A dataset that is stale.

    Attributes:
        path: The dataset.
        reason: Why, in a line.
    """

    path: str
    reason: str


def joined(found: Sequence[Reasons]) -> Reasons:
    """Return why a dataset is stale that several steps made, one on top of another."""
    *before, last = found
    if not before:
        return last
    every = {
        name: tuple(dict.fromkeys(one for each in found for one in getattr(each, name)))
        for name in Reasons.__slots__
    }
    return replace(Reasons(**every), earlier=())


def listed(paths: Sequence[str]) -> str:
    """Return paths as text: `a`, `a and b`, `a, b, c and 4 more`."""
    if len(paths) > _NAMED:
        return f"{', '.join(paths[:_NAMED])} and {len(paths) - _NAMED} more"
    *front, last = paths
    return f"{', '.join(front)} and {last}" if front else last


def names_clause(folder: str, new: Iterable[str], gone: Iterable[str], other: Iterable[str]) -> str:
    """Return in words how a listing differs: `raw/: e.csv is new`.

    Args:
        folder: The folder; empty for the workspace.
        new: Names that it holds now.
        gone: Names that it holds no more.
        other: Names that are of another kind now, such as a folder where a file was.
    """
    words = ((sorted(new), "new"), (sorted(gone), "gone"), (sorted(other), "something else now"))
    told = [f"{listed(names)} {_are(names)} {word}" for names, word in words if names]
    return f"{folder or '.'}/: {', '.join(told)}"


def _are(paths: Sequence[str]) -> str:
    return "is" if len(paths) == 1 else "are"
