"""Bring the changes of another branch into this one."""

import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from dsv.errors import InTheWay, MergeConflict, NotFound, Refused
from dsv.hashing import Kind
from dsv.ids import ObjectId
from dsv.model import ancestry, file_diff, file_merge
from dsv.model import node as nodes
from dsv.model.checkpoint import Checkpoint
from dsv.model.commit import Commit
from dsv.model.node import DIR, EXEC, FILE, Entry, Node
from dsv.model.origin import Source
from dsv.progress import SILENT, Progress
from dsv.records import origins, revisions
from dsv.store.repository import Datasets, Repository, Tracked
from dsv.store.writer import Writer
from dsv.versions import fast_forward, preconditions, stage
from dsv.versions.switch.move import Moved
from dsv.wording import listed
from dsv.workspace import Workspace, now
from dsv.worktree import lockfile


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What a merge did.

    Attributes:
        commit: The commit that HEAD names now.
        kind: `nothing` (HEAD follows the other already), `fast-forward` or `merge`.
        datasets: Datasets that HEAD had otherwise before.
        moved: What happened to the working tree; None if nothing was to be done.
    """

    commit: ObjectId
    kind: str
    datasets: tuple[str, ...]
    moved: Moved | None


@dataclass(frozen=True, slots=True)
class Sides:
    """Whose version to take of datasets that changed on both sides.

    Attributes:
        ours: Datasets to leave as they are here; a folder stands for those in it.
        theirs: Datasets to take from the other side, likewise.
    """

    ours: Sequence[str] = ()
    theirs: Sequence[str] = ()


_NEITHER = Sides()


def merge(
    workspace: Workspace,
    revision: str | None,
    *,
    author: str,
    message: str | None = None,
    sides: Sides = _NEITHER,
    progress: Progress = SILENT,
) -> MergeResult:
    """Merge `revision` into HEAD: three-way by dataset, in folder datasets by file.

    Args:
        workspace: The workspace.
        revision: What to merge; None: the other side of a `dsv.lock` in which git left a conflict.
        author: Who makes the merge commit.
        message: Its message.
        sides: Whose version to take of datasets that changed on both sides.
        progress: Counts the files that are written.

    Raises:
        MergeConflict: The same file or dataset changed on both sides; nothing was written.
        InTheWay: Something is staged, or uncommitted data would be overwritten.
        NotFound: No such revision, or a path of `sides` is no dataset and holds none.
        RefMoved: Another process committed or staged something meanwhile.
        Refused: HEAD is detached, or has no commit yet.
    """
    theirs, name = _other(workspace, revision)
    refs = workspace.repo.refs() if revision is None else preconditions.ready(workspace, merging=theirs)
    ours = refs.head
    if ours is None:
        raise Refused("there is no commit to merge into", hint=f"dsv checkout {name}")
    local = refs.mine
    if local.branch is None:
        raise Refused("HEAD is detached: a merge here would belong to no branch", hint="dsv checkout -b NAME")
    command = " ".join(["dsv merge", *([revision] if revision else [])])
    if local.staged != workspace.repo.snapshot_of(ours):
        raise InTheWay("there are staged changes", hint=f"dsv commit -m MESSAGE, then {command}")
    toward = fast_forward.Toward(name, command, command)
    if ancestry.is_ancestor(theirs, ours, workspace.repo.commit):
        workspace.write_lock()
        return MergeResult(ours, "nothing", (), None)
    before = workspace.repo.datasets(workspace.repo.snapshot_of(ours))
    if ancestry.is_ancestor(ours, theirs, workspace.repo.commit):
        after = workspace.repo.datasets(workspace.repo.snapshot_of(theirs))
        moved = fast_forward.advance(
            workspace, f"merge {name}", refs, after, theirs, toward, progress=progress
        )
        return MergeResult(theirs, "fast-forward", stage.changed(before, after), moved)
    base = ancestry.merge_base(ours, theirs, workspace.repo.commit)
    started = workspace.repo.datasets(workspace.repo.snapshot_of(base))
    with workspace.repo.writer() as writer:
        after = workspace.repo.datasets(workspace.repo.snapshot_of(theirs))
        plan = _Plan(
            workspace.repo, writer, started, before, after, _meant(sides, {*started, *before, *after})
        )
        updates = plan.updates(revision)
        text = message or f"merge {name} into {local.branch}"

        seconds, offset = now()
        snapshot = stage.edit(workspace.repo, workspace.repo.snapshot_of(ours), updates, writer)
        attempts = origins.attempts_for(workspace.repo, refs, writer, (ours, theirs), ())
        record = Commit(snapshot, (ours, theirs), author, text, seconds, offset, attempts)
        oid = writer.put(Kind.COMMIT, record.encode())
        # The records go in first: nothing names them until the working tree can follow.
        workspace.repo.publish(lambda found, _: found, writer=writer)
    after = {path: found for path, found in {**before, **updates}.items() if found is not None}
    moved = fast_forward.advance(workspace, f"merge {name}", refs, after, oid, toward, progress=progress)
    return MergeResult(oid, "merge", stage.changed(before, after), moved)


class _Plan:
    """Decides dataset by dataset, and writes the folders that have changes of both sides."""

    def __init__(
        self, repo: Repository, writer: Writer, base: Datasets, ours: Datasets, theirs: Datasets, sides: Sides
    ) -> None:
        self._repo = repo
        self._writer = writer
        self._base = base
        self._ours = ours
        self._theirs = theirs
        self._sides = sides
        self._fresh: dict[ObjectId, bytes] = {}

    def updates(self, revision: str | None) -> stage.Updates:
        """Return what changes on our side.

        Args:
            revision: What is merged, as the user named it, for the hint.

        Raises:
            MergeConflict: Something changed on both sides, and nobody said whose to take.
        """
        updates: dict[str, Tracked | None] = {}
        conflicts: list[str] = []
        torn: list[str] = []
        for path in sorted({*self._base, *self._ours, *self._theirs}):
            old, mine, other = self._base.get(path), self._ours.get(path), self._theirs.get(path)
            if other in (mine, old) or path in self._sides.ours:
                continue
            if mine == old or path in self._sides.theirs:
                updates[path] = other
                continue
            # Where one side has other origins for the same bytes, nobody changed the data twice.
            if _same(other, mine) or _same(other, old):
                continue
            if _same(mine, old):
                updates[path] = other
                continue
            many = len(conflicts)
            joined = self._join(path, old, mine, other, conflicts)
            if joined is not None:
                updates[path] = joined
            if len(conflicts) > many:
                torn.append(path)
        if conflicts:
            raise MergeConflict(
                f"changed on both sides: {', '.join(conflicts)}", hint=_choice(revision, torn)
            )
        return updates

    def _join(
        self,
        path: str,
        old: Tracked | None,
        mine: Tracked | None,
        other: Tracked | None,
        conflicts: list[str],
    ) -> Tracked | None:
        if mine is None or other is None or not (mine.checkpoint.is_dir and other.checkpoint.is_dir):
            conflicts.append(path)
            return None
        base = old.checkpoint.content if old is not None and old.checkpoint.kind == DIR else None
        ours, theirs = mine.checkpoint, other.checkpoint
        merged = file_merge.directories(base, ours.content, theirs.content, self._get, self._put, f"{path}/")
        if merged.conflicts:
            conflicts += merged.conflicts
            return None
        if merged.node == ours.content:
            return None
        origin = Source(path, merged=tuple(sorted({ours.origin, theirs.origin})))
        return stage.put(self._writer, self._counted(ours, merged.node, origin))

    def _counted(self, ours: Checkpoint, node: ObjectId, origin: Source) -> Checkpoint:
        """Return our checkpoint with another node, its files and bytes counted again where they differ."""
        files, size = ours.files, ours.size
        for change in file_diff.changes(ours.content, node, self._get):
            files += _is_file(change.after) - _is_file(change.before)
            size += self._size(change.after) - self._size(change.before)
        oid = self._writer.put(Kind.SOURCE, origin.encode())
        return replace(ours, content=node, files=files, size=size, origin=oid)

    def _get(self, oid: ObjectId) -> Node:
        fresh = self._fresh.get(oid)
        return self._repo.node(oid) if fresh is None else nodes.decode(fresh, oid)

    def _put(self, data: bytes) -> ObjectId:
        oid = self._writer.put(Kind.NODE, data)
        self._fresh[oid] = data
        return oid

    def _size(self, entry: Entry | None) -> int:
        if entry is None or not _is_file(entry):
            return 0
        return self._repo.contents.size(ObjectId(entry.target))


def _choice(revision: str | None, torn: Sequence[str]) -> str:
    """Return how to say whose version to take of the datasets `torn`; of a folder it is taken as a whole."""
    command = " ".join(["dsv merge", *([revision] if revision else [])])
    if len(torn) == 1:
        path = shlex.quote(torn[0])
        return f"{command} --ours {path}, or --theirs {path}"
    return (
        f"{command} --ours PATH, or --theirs PATH, for each of {listed([shlex.quote(one) for one in torn])}"
    )


def _meant(sides: Sides, known: Collection[str]) -> Sides:
    """Return `sides` with each folder replaced by the datasets in it.

    Raises:
        NotFound: A path is no dataset on either side, and holds none.
    """
    return Sides(
        *([one for path in paths for one in _below(path, known)] for paths in (sides.ours, sides.theirs))
    )


def _below(path: str, known: Collection[str]) -> list[str]:
    found = [one for one in known if stage.within(one, path)]
    if not found:
        above = next((one for one in known if stage.within(path, one)), None)
        if above is not None:
            raise NotFound(
                f"no dataset on either side: {path} is a file of the dataset {above}",
                hint=f"name {shlex.quote(above)}: one side's version of it is taken as a whole",
            )
        raise NotFound(f"no dataset on either side: {path}", hint="dsv ls")
    return found


def _same(one: Tracked | None, other: Tracked | None) -> bool:
    """Whether two versions have the same bytes, wherever they came from."""
    if one is None or other is None:
        return one is other
    return one.checkpoint.same_data(other.checkpoint)


def _is_file(entry: Entry | None) -> bool:
    return entry is not None and entry.kind in {FILE, EXEC}


def _other(workspace: Workspace, revision: str | None) -> tuple[ObjectId, str]:
    if revision is not None:
        return revisions.resolve(workspace.repo, revision), revision
    sides = lockfile.sides(workspace.root)
    if sides is None:
        raise NotFound("nothing to merge: dsv.lock has no conflict", hint="dsv merge REVISION")
    head = workspace.repo.refs().head
    for lock in sides:
        preconditions.known_commit(workspace.repo, lock)
    other = next((lock for lock in reversed(sides) if lock.commit != head), sides[1])
    return other.commit, other.branch or other.commit[:8]
