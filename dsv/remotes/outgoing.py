"""What a push has to send: all that its commits reach and the remote's indexes do not list."""

from collections.abc import Iterable, Sequence
from typing import Any

from dsv.errors import Missing, NotFound
from dsv.hashing import Kind
from dsv.ids import ObjectId
from dsv.records import reachable
from dsv.remotes.negotiate import boundary, held_by
from dsv.store import holdings
from dsv.store.objects import Objects
from dsv.store.packs.index import Index
from dsv.store.repository import Repository
from dsv.store.upkeep.collect import Marks

_BATCH = 1 << 18


def outgoing(
    repo: Repository, there: Objects, tips: Iterable[ObjectId], have: Iterable[ObjectId], name: str
) -> Marks:
    """Return which rows of the local indexes are to be sent.

    Args:
        repo: The repository.
        there: What the remote has.
        tips: Commits that its refs shall reach.
        have: Commits that its refs do reach.
        name: The remote, for error messages.

    Raises:
        NotFound: An object is neither here nor there.
        Corrupt: Something that is to be pushed is damaged.
    """
    refs = repo.refs()
    repo.objects.refresh(refs)
    marks = Marks(repo.objects, refs)
    found = boundary(repo, tips, have)
    held = held_by(repo, found)
    absent: set[ObjectId] = set()

    def mark(ids: Iterable[ObjectId]) -> list[ObjectId]:
        asked = [oid for oid in dict.fromkeys(ids) if oid not in held]
        fresh = marks.mark(asked)
        if len(fresh) < len(asked):
            known = set(fresh)
            absent.update(oid for oid in asked if oid not in known and not repo.objects.has(oid))
        return fresh

    walk = reachable.Walk(repo, mark, derived=marks.mark)
    walk.run(reachable.Roots(commits=set(found.new)))
    _settle_absent(repo, there, absent, mark, name)
    strike(marks, [*there.indexes(data=True), *there.indexes(data=False)])
    return marks


def strike(marks: Marks, listed: Sequence[Index]) -> None:
    """Unmark what `listed` have."""
    for ref, index in marks.indexes.items():
        live = marks.live[ref]
        live &= ~listed_rows(index, listed, live)


def listed_rows(index: Index, listed: Sequence[Index], only: Any = None) -> Any:
    """Return, as numpy truth values, which rows of an index name objects that any of `listed` has.

    A file may be held in one way on one side and in another on the other; else kinds have to be equal:
    an index that has something else under an id must not pass for having the object.

    Args:
        index: The index.
        listed: Others.
        only: Rows to look at, as truth values of shape (rows of the index,); by default all.

    Returns:
        Shape (rows of the index,), bool; False for rows that are not looked at.
    """
    import numpy as np

    found = np.zeros(index.rows, np.bool_)
    chosen = np.arange(index.rows) if only is None else np.flatnonzero(only)
    ids = np.frombuffer(index.column("id"), dtype="V32")
    kinds = holdings.unified(index.numpy("kind"))
    for start in range(0, len(chosen), _BATCH):
        rows = chosen[start : start + _BATCH]
        keys = ids[rows].tobytes()
        for other in listed:
            numbers, places = other.find_many(keys)
            same = holdings.unified(other.numpy("kind")[places]) == kinds[rows[numbers]]
            found[rows[numbers[same]]] = True
    return found


def _settle_absent(
    repo: Repository, there: Objects, absent: set[ObjectId], mark: reachable.Mark, name: str
) -> None:
    """Check that the remote has what is not here, with all that what is composed there names.

    Only bytes of files are ever absent on purpose.
    """
    seen: set[ObjectId] = set()
    while absent:
        oid = absent.pop()
        seen.add(oid)
        place = there.find(oid)
        if place is None or not Kind(place.kind).is_data:
            raise _nowhere(repo, oid, name)
        if holdings.is_composed(place.kind):
            found = holdings.compose(place.kind, there.get(oid, Kind(place.kind)), oid)
            lacking = {child.id for child in found.children} - seen
            here = {part for part in lacking if repo.objects.has(part)}
            mark(here)
            absent |= lacking - here


def _nowhere(repo: Repository, oid: ObjectId, name: str) -> NotFound:
    named = path_of(repo, oid) or f"object {oid}"
    return NotFound(
        f"{named} is neither here nor on remote {name}",
        hint="dsv fetch it from the remote that has it, or push from a workspace that does",
    )


def path_of(repo: Repository, oid: ObjectId) -> str | None:
    """Return a path under which the branches have the file `oid`; None if they have not."""
    named: dict[ObjectId, str] = {}
    seen: set[ObjectId] = set()

    def mark(ids: Iterable[ObjectId]) -> list[ObjectId]:
        fresh = [one for one in dict.fromkeys(ids) if one not in seen and repo.objects.has(one)]
        seen.update(fresh)
        return fresh

    def tell(path: str, error: Exception) -> None:
        if isinstance(error, Missing) and oid in str(error):
            named.setdefault(oid, path)

    reachable.Walk(repo, mark, damaged=tell).run(reachable.Roots(commits=set(repo.refs().branches.values())))
    return named.get(oid)
