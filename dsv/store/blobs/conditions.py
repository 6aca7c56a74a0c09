"""Conditional writes: whether one landed whose answer was lost."""

from dsv.errors import Corrupt, TooNew
from dsv.store.refs import Refs


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
