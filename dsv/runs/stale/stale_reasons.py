"""Why something is stale, as values; `dsv.render.stale_words` puts them into words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from dsv.model.listing import NamesChange
from dsv.runs.stale.links_now import LinkChange


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why the datasets of a step are stale. Paths are relative to the workspace.

    Attributes:
        changed: Inputs with other content, and data in git.
        gone: Inputs that are nowhere any more.
        code: Code files that are not what they were.
        stale: Inputs that are stale themselves.
        unchecked: Code files that are not here; by themselves they make nothing stale.
        listings: What folders hold that they did not, or do not hold any more.
        appeared: What it looked for in vain, and what is there now.
        outside: Files outside of the workspace with other content.
        led: Links that lead to something else in the workspace than they did.
        unseen: Files outside of the workspace that are not here; like `unchecked`.
        unled: Links that are not here; like `unchecked`.
        earlier: Datasets that it updates, and of which an earlier step is stale.
    """

    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    listings: tuple[NamesChange, ...] = ()
    appeared: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    led: tuple[LinkChange, ...] = ()
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
    def doubtful(self) -> bool:
        """Whether something was not checked."""
        return bool(self.unchecked or self.unseen or self.unled)


class StaleDataset(NamedTuple):
    """A dataset that is stale.

    Attributes:
        path: The dataset.
        reasons: Why.
    """

    path: str
    reasons: Reasons


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
