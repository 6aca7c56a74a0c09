"""Staging: what is in the working tree becomes checkpoints in the staged snapshot."""

import os
import stat as modes
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from dsv.errors import Refused
from dsv.hashing import Kind
from dsv.ids import ObjectId
from dsv.model import node as nodes
from dsv.model import tree as trees
from dsv.model.checkpoint import Checkpoint
from dsv.model.node import CHECKPOINT, DIR, Entry
from dsv.model.origin import Source
from dsv.model.run import Input
from dsv.progress import SILENT, Progress, Total
from dsv.records import kept_facts
from dsv.store.refs import Refs
from dsv.store.repository import Datasets, Repository, Tracked
from dsv.store.writer import Writer
from dsv.tables.format_names import text_format
from dsv.versions.survey import survey
from dsv.workspace import Workspace
from dsv.worktree import git
from dsv.worktree.observe import Observation
from dsv.worktree.sink import HashSink

Updates = Mapping[str, Tracked | None]
"""Changes of a snapshot: by path what the dataset shall be, None: no longer tracked."""


@dataclass(frozen=True, slots=True)
class Staging:
    """What staging some paths comes to.

    Attributes:
        updates: The changes to make to the staged snapshot.
        vanished: Tracked datasets that are not in the working tree any more.
        notes: Further notes for the user.
    """

    updates: Updates
    vanished: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def changed(before: Datasets, after: Datasets) -> tuple[str, ...]:
    """Return the paths of the datasets that differ, in order."""
    return tuple(path for path in sorted({*before, *after}) if before.get(path) != after.get(path))


def put(session: Writer, checkpoint: Checkpoint) -> Tracked:
    """Store `checkpoint`."""
    return Tracked(session.put(Kind.CHECKPOINT, checkpoint.encode()), checkpoint)


def edit(repo: Repository, snapshot: ObjectId | None, updates: Updates, session: Writer) -> ObjectId:
    """Store the snapshot that `updates` make of `snapshot`."""
    changes = {
        path: None if new is None else Entry(path, CHECKPOINT, new.id) for path, new in updates.items()
    }
    put_node = partial(session.put, Kind.NODE)
    if snapshot is None:
        return nodes.build([entry for _, entry in sorted(changes.items()) if entry is not None], put_node)
    return trees.edit(snapshot, changes, repo.node, put_node)


def apply(repo: Repository, refs: Refs, updates: Updates, session: Writer) -> Refs:
    """Return `refs` with `updates` staged; the working tree is known to hold what they name."""
    if not updates:
        return refs
    refs = restage(repo, refs, updates, session)
    local = refs.mine
    return replace(refs, local=replace(local, present=edit(repo, local.present, updates, session)))


def restage(repo: Repository, refs: Refs, updates: Updates, session: Writer) -> Refs:
    """Return `refs` with `updates` staged, whatever the working tree holds."""
    if not updates:
        return refs
    local = refs.mine
    here = {new.checkpoint.content for new in updates.values() if new is not None}
    return replace(
        refs,
        local=replace(
            local,
            staged=edit(repo, local.staged, updates, session),
            dropped=tuple(oid for oid in local.dropped if oid not in here),
        ),
    )


_LARGE = 32 << 20


def store(
    workspace: Workspace,
    session: Writer,
    path: str,
    *,
    new: bool = False,
    rehash: bool = False,
    progress: Progress = SILENT,
) -> Observation:
    """Store what the working tree holds at `path`.

    Args:
        workspace: The workspace.
        session: Takes what is read.
        path: The dataset.
        new: Whether it is none yet: of a folder that was looked at before most is not read again, and nobody
            knows how much until it was; the bytes of a new one are counted first.
        rehash: Read every file instead of trusting times and sizes.
        progress: Counts the bytes that are read.

    Raises:
        NotFound: There is nothing.
        Changing: It kept changing while it was read.
        Refused: It holds something that dsv does not track.
    """
    from dsv.store.storing_sink import StoreSink

    size = _size(workspace, path, new=new)
    if size is None:
        return workspace.worktree.look(path, StoreSink(session, progress), rehash=rehash)
    progress.begin("storing", size, "B")
    seen = workspace.worktree.look(path, StoreSink(session, progress), rehash=rehash)
    progress.begin("storing", None, "B")
    return seen


def _size(workspace: Workspace, path: str, *, new: bool) -> Total:
    """Return the size of what takes long enough for a count of its own: a large file, or a folder that is new."""
    try:
        found = os.lstat(workspace.root / path)
    except OSError:
        return None
    if modes.S_ISREG(found.st_mode) and found.st_size >= _LARGE:
        return found.st_size
    if new and modes.S_ISDIR(found.st_mode):
        return partial(_bytes_below, os.fspath(workspace.root / path))
    return None


def _bytes_below(folder: str) -> int:
    """Return the bytes of all files in `folder` and below; as a count to show, not to rely on."""
    total = 0
    for _, _, names, fd in os.fwalk(folder, onerror=None):
        for name in names:
            with suppress(OSError):
                total += os.stat(name, dir_fd=fd, follow_symlinks=False).st_size
    return total


def checkpoint(
    workspace: Workspace, session: Writer, path: str, seen: Observation, before: Checkpoint | None
) -> Checkpoint:
    """Return the checkpoint of what was seen at `path`, where `before` was last known.

    Same bytes keep their origin. Other bytes where a run wrote, or where data of a run
    was edited before, are edited by hand; all else is a source.
    """
    if before is not None and before.content == seen.content:
        return replace(before, kind=seen.kind)
    origin = Source(path) if before is None else Source(path, _edited(session, before.origin))
    return Checkpoint(
        content=seen.content,
        kind=seen.kind,
        size=seen.size,
        files=seen.files,
        schema=schema_for(workspace, session, path, seen, before),
        origin=session.put(Kind.SOURCE, origin.encode()),
    )


def schema_for(
    workspace: Workspace, session: Writer, path: str, seen: Observation, before: Checkpoint | None
) -> ObjectId | None:
    """Return the schema that a text file is pinned to, None for everything else.

    It is what `dsv.toml` declares, else that of the version before as far as it is known, under today's rules. A
    file that was never looked into is pinned to nothing: its schema is what it says itself.
    """
    if seen.kind == DIR or text_format(path) is None:
        return None
    known = None if before is None else kept_facts.schema_of(workspace.repo, before)
    rule = workspace.config.rule_for(path)
    if rule is None or not rule.schema:
        return None if known is None else session.put(Kind.SCHEMA, kept_facts.today(workspace.repo, known))
    from dsv.records.version_tables import pin

    pinned = pin(workspace.repo, workspace.root, path, rule.schema, known)
    return None if pinned is None else session.put(Kind.SCHEMA, pinned.encode())


def tracked_changes(
    workspace: Workspace,
    refs: Refs,
    session: Writer,
    *,
    below: str = ".",
    rehash: bool = False,
    progress: Progress = SILENT,
) -> Staging:
    """Store the datasets in the folder `below` that differ from what is staged.

    Absent datasets stay as they are.
    """
    staged = workspace.repo.datasets(refs.mine.staged)
    present = workspace.repo.datasets(refs.mine.present)
    chosen = {path: one for path, one in staged.items() if within(path, below)}
    updates: dict[str, Tracked | None] = {}
    vanished = []
    keep = partial(store, workspace, session, rehash=rehash, progress=progress)
    for held in survey(workspace, chosen, present, keep):
        if held.deleted:
            vanished.append(held.path)
        elif held.seen is not None and held.changed:
            new = checkpoint(workspace, session, held.path, held.seen, held.wanted.checkpoint)
            updates[held.path] = put(session, new)
    return Staging(updates, tuple(vanished))


def read_changes(workspace: Workspace, refs: Refs, inputs: Iterable[Input]) -> dict[str, Checkpoint]:
    """Return by path those of `inputs` that are tracked, are staged otherwise, and lie there as they were read.

    A commit of what was made from them is stale without them. The caller commits the stat cache.
    """
    staged = workspace.repo.datasets(refs.mine.staged)
    found: dict[str, Checkpoint] = {}
    for one in inputs:
        path, read = one.path, one.checkpoint
        known = staged.get(path)
        if known is None or known.checkpoint.content == read.content or not workspace.worktree.holds(path):
            continue
        if workspace.worktree.look(path, HashSink(workspace.worktree.cache)).content == read.content:
            found[path] = read
    return found


def within(path: str, folder: str) -> bool:
    """Whether the dataset `path` is `folder` or below it; `.` is the workspace."""
    return folder in (".", path) or path.startswith(f"{folder}/")


def refuse_git_tracked(workspace: Workspace, paths: Sequence[str]) -> None:
    """Check that git tracks none of `paths`, which are to become datasets.

    Raises:
        Refused: It tracks one.
    """
    if not paths or git.find(workspace.root) is None:
        return
    found = sorted(git.tracked(workspace.root, paths))
    if found:
        raise Refused(f"git tracks {found[0]}", hint=f"git rm -r --cached {found[0]}")


def ignore_in_git(workspace: Workspace) -> None:
    """Have git ignore the store and every dataset, absent ones too, if the workspace is in a git repository."""
    if git.find(workspace.root) is not None:
        refs = workspace.repo.refs()
        staged = refs.mine.staged or workspace.repo.snapshot_of(refs.head)
        git.ignore(workspace.root, list(workspace.repo.datasets(staged)), workspace.scratch())


def _edited(session: Writer, origin: ObjectId) -> ObjectId | None:
    """Return what an edit of data with `origin` is an edit of: nothing, if it was a plain source."""
    found = session.objects.find(origin)
    if found is not None and found.kind == Kind.SOURCE:
        source = Source.decode(session.objects.get_record(Kind.SOURCE, origin), f"source {origin}")
        return source.edited
    return origin
