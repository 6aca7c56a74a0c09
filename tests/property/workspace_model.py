"""What a workspace should do, in plain dictionaries: merges and histories."""

from dataclasses import dataclass, field

from tests.property.tree_strategies import Leaf, State

Snapshot = dict[str, State]


@dataclass
class Made:
    """A commit."""

    snapshot: Snapshot
    parents: tuple[str, ...]


@dataclass
class Refs:
    """What the refs of a workspace say."""

    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    branch: str | None = "main"
    detached: str | None = None
    staged: Snapshot = field(default_factory=dict)
    present: Snapshot = field(default_factory=dict)

    @property
    def head(self) -> str | None:
        return self.detached if self.branch is None else self.branches.get(self.branch)

    def copy(self) -> "Refs":
        return Refs(
            dict(self.branches),
            dict(self.tags),
            self.branch,
            self.detached,
            dict(self.staged),
            dict(self.present),
        )


def ancestors(commits: dict[str, Made], oid: str) -> set[str]:
    found: set[str] = set()
    todo = [oid]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo.extend(commits[one].parents)
    return found


def bases(commits: dict[str, Made], one: str, other: str) -> set[str]:
    """Return the common ancestors that no other common ancestor follows."""
    common = ancestors(commits, one) & ancestors(commits, other)
    return {oid for oid in common if not any(oid in ancestors(commits, two) - {two} for two in common)}


def merge(base: Snapshot, ours: Snapshot, theirs: Snapshot) -> tuple[Snapshot, list[str]]:
    """Return the three-way merge of snapshots, and what is in conflict."""
    merged: Snapshot = {}
    conflicts: list[str] = []
    for name in sorted({*base, *ours, *theirs}):
        old, mine, other = base.get(name), ours.get(name), theirs.get(name)
        if isinstance(mine, frozenset) and isinstance(other, frozenset):
            start = old if isinstance(old, frozenset) else frozenset()
            found = merge_folders(dict(start), dict(mine), dict(other))
            if other == old or mine == old:
                found = other if mine == old else mine
            if found is None:
                conflicts.append(name)
            else:
                merged[name] = found
            continue
        if other in (mine, old):
            chosen = mine
        elif mine == old:
            chosen = other
        else:
            conflicts.append(name)
            continue
        if chosen is not None:
            merged[name] = chosen
    return merged, conflicts


Files = dict[str, Leaf | None]


def merge_folders(base: Files, ours: Files, theirs: Files) -> State | None:
    """Return the merge of two folders, None if something changed on both sides.

    Names are judged level by level: two folders of one name are merged; else what changed on one
    side wins.
    """
    out: set[tuple[str, Leaf | None]] = set()
    for name in {path.partition("/")[0] for path in (*base, *ours, *theirs)}:
        old, mine, other = (_below(files, name) for files in (base, ours, theirs))
        if other in (mine, old):
            chosen = mine
        elif mine == old:
            chosen = other
        elif isinstance(mine, dict) and isinstance(other, dict):
            merged = merge_folders(old if isinstance(old, dict) else {}, mine, other)
            if not isinstance(merged, frozenset):
                return None
            chosen = dict(merged)
        else:
            return None
        if isinstance(chosen, dict):
            out |= {(f"{name}/{path}", leaf) for path, leaf in chosen.items()} or {(name, None)}
        elif chosen is not None:
            out.add((name, chosen))
    return frozenset(out)


def _below(files: Files, name: str) -> Leaf | Files | None:
    """Return what a folder has under one name: a file, the files of a folder, or nothing."""
    if name in files:
        return files[name] if files[name] is not None else {}
    inner = {path[len(name) + 1 :]: leaf for path, leaf in files.items() if path.startswith(f"{name}/")}
    return inner or None
