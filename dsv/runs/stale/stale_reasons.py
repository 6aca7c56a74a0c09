"""Why something is stale, in words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from dsv.wording import are, listed


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
        led: Links that lead to something else in the workspace than they did, a clause each.
        unseen: Files outside of the workspace that are not here; like `unchecked`.
        unled: Links that are not here; like `unchecked`.
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
    led: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    unled: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it is stale."""
        return bool(self.own or self.stale or self.earlier)

    @property
    def own(self) -> bool:
        """Whether it is stale whatever other steps give."""
        return any((self.changed, self.gone, self.code, self.listings, self.appeared, self.outside, self.led))

    @property
    def text(self) -> str:
        """All of it in words, on one line: `raw.csv and clean.py changed; trips.parquet is stale`."""
        clauses = []
        changed = (*self.changed, *self.code, *(f"outside {path}" for path in self.outside))
        if changed:
            clauses.append(f"{listed(changed)} changed")
        if self.gone:
            clauses.append(f"{listed(self.gone)} {are(self.gone)} gone")
        clauses += (*self.listings, *self.led)
        if self.appeared:
            clauses.append(f"{listed(self.appeared)} {are(self.appeared)} there now")
        if self.stale:
            clauses.append(f"{listed(self.stale)} {are(self.stale)} stale")
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
        if self.unled:
            clauses.append(f"links: not checked ({listed(self.unled)})")
        return "; ".join(clauses)


class StaleDataset(NamedTuple):
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
