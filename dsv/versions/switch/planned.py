"""What a move does to each dataset: what is there and what shall be, compared once and handed on."""

from dataclasses import dataclass

from dsv.ids import ObjectId
from dsv.model.node import DIR
from dsv.store.repository import Tracked
from dsv.worktree.observe import Observation


@dataclass(frozen=True, slots=True)
class Planned:
    """A dataset in a move.

    Attributes:
        path: The dataset.
        seen: What is there; None: nothing.
        wanted: What shall be there; None: nothing.
        done: Whether what is wanted is there already; never of nothing.
        lost: Whether something that is there is in no store, and would be overwritten.
    """

    path: str
    seen: Observation | None
    wanted: Tracked | None
    done: bool
    lost: bool

    @property
    def at_hand(self) -> ObjectId | None:
        """The content that is there, if it is of the kind that is wanted: of a folder the rest is to be brought."""
        if (
            self.seen is None
            or self.wanted is None
            or (self.seen.kind == DIR) != self.wanted.checkpoint.is_dir
        ):
            return None
        return self.seen.content


def planned(path: str, seen: Observation | None, wanted: Tracked | None, *, lost: bool = False) -> Planned:
    """Return what a move does to the dataset `path`."""
    done = seen is not None and wanted is not None and wanted.checkpoint.same_data(seen)
    return Planned(path, seen, wanted, done, lost)
