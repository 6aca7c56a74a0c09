"""Three-way merge of directory nodes, file by file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dsv.ids import ObjectId
from dsv.model import tree as trees
from dsv.model.node import DIR, Entry, Get, Put


@dataclass(slots=True)
class Merged:
    """What a merge of directories comes to.

    Attributes:
        node: The merged directory; means nothing where there are conflicts.
        conflicts: Paths that both sides changed, and differently.
    """

    node: ObjectId
    conflicts: list[str] = field(default_factory=list)


def directories(
    base: ObjectId | None, ours: ObjectId, theirs: ObjectId, get: Get, put: Put, prefix: str = ""
) -> Merged:
    """Store the directory that has the changes of both sides since `base`.

    Only names that `theirs` changed are looked at; the rest is as in `ours`.

    Args:
        base: What both started from, None if they share nothing.
        ours: One side.
        theirs: The other side.
        get: Reads a node.
        put: Stores an encoded node.
        prefix: Put before the paths of conflicts.

    Raises:
        Corrupt: One is deeper than any that dsv records.
    """
    trees.check_depth(prefix)
    their_changes = _by_name(base, theirs, get)
    our_changes = _by_name(base, ours, get)
    edits: dict[str, Entry | None] = {}
    conflicts: list[str] = []
    for name, (old, new) in their_changes.items():
        if name not in our_changes:
            edits[name] = new
            continue
        mine = our_changes[name][1]
        if mine == new:
            continue
        if mine is not None and new is not None and mine.kind == DIR and new.kind == DIR:
            start = ObjectId(old.target) if old is not None and old.kind == DIR else None
            below = directories(
                start, ObjectId(mine.target), ObjectId(new.target), get, put, f"{prefix}{name}/"
            )
            conflicts += below.conflicts
            edits[name] = Entry(name, DIR, below.node)
        else:
            conflicts.append(prefix + name)
    if conflicts:
        return Merged(ours, conflicts)
    return Merged(trees.edit(ours, edits, get, put) if edits else ours)


def _by_name(
    before: ObjectId | None, after: ObjectId, get: Get
) -> Mapping[str, tuple[Entry | None, Entry | None]]:
    return {
        (new or old).name: (old, new)  # type: ignore[union-attr]  # one of the two is there
        for old, new in trees.compare(before, after, get)
    }
