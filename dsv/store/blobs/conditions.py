"""Conditional writes: whether a place keeps them, and whether one landed whose answer was lost."""

from typing import NamedTuple, Protocol, runtime_checkable

from dsv.errors import Corrupt, TooNew
from dsv.store.blobs.base import Blobs
from dsv.store.refs import Refs


class Conditions(NamedTuple):
    """Which conditions a place for blobs keeps, as it was tried.

    Attributes:
        create_only: A blob whose name is taken is not replaced.
        compare_and_swap: An object is replaced only by who knows what it is.
        in_parts: What is uploaded in parts does not replace what is there.
    """

    create_only: bool
    compare_and_swap: bool
    in_parts: bool

    @property
    def safe(self) -> bool:
        """Whether several writers may use the place at once."""
        return all(self)


@runtime_checkable
class Conditional(Protocol):
    """Blobs in a place that may or may not keep conditions."""

    def conditions(self) -> Conditions:
        """Try them on scratch objects, which are removed again.

        Raises:
            StorageError, UserError: The place cannot be used at all.
        """


def conditions_honoured(blobs: Blobs) -> Conditions:
    """Return which conditions a place keeps.

    It takes about ten requests to a bucket; a folder or a dictionary keeps them all and is not asked.

    Raises:
        StorageError, UserError: As for `Conditional.conditions`.
    """
    return blobs.conditions() if isinstance(blobs, Conditional) else Conditions(*[True] * 3)


def landed(expected: bytes | None, new: bytes, now: bytes | None) -> bool:
    """Return whether a swap from `expected` to `new` was done, seeing what is there `now`.

    It was if all are refs, and `now` lists the last write id of `new`, and `expected` did not; also
    if others wrote on top of it meanwhile. Equal bytes prove nothing: another writer may have
    written the same. So each swap of refs adds a write id of its own, always.
    """
    try:
        before = Refs.decode(expected).writes if expected is not None else ()
        mine = Refs.decode(new).writes
        theirs = Refs.decode(now).writes if now is not None else ()
    except (Corrupt, TooNew):
        return False
    return bool(mine) and mine[-1] not in before and mine[-1] in theirs
