"""Moving the working tree from what it holds to what is wanted, so that nothing is lost.

First everything is looked at, and what would be overwritten is either refused or stored.
Then the refs name the target; only then files are written. A kill in between leaves the
refs saying that a move has begun, and the next command that moves or stages ends it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from dsv import filediff, needs, stage
from dsv.errors import Corrupt, DsvError, InTheWay, StorageError
from dsv.filediff import FileChange
from dsv.ids import ObjectId
from dsv.model import node as nodes
from dsv.model import tree as trees
from dsv.model.checkpoint import Checkpoint
from dsv.model.node import DIR, Entry
from dsv.progress import SILENT, Progress
from dsv.repo import Datasets, Repo, Tracked, Tree
from dsv.store.lock import FileLock
from dsv.store.refs import Moving, Refs
from dsv.store.writer import Writer
from dsv.workspace.materialise import check_fit, check_space, conflicts, materialise, remove, sweep
from dsv.workspace.observe import Observation
from dsv.workspace.sink import HashSink

Wanted = Mapping[str, Tracked | None]
"""By path what the working tree shall hold; None: nothing."""

Change = Callable[[Refs, Writer], Refs]

_NOTHING: Wanted = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did to the working tree.

    Attributes:
        refs: As they were published.
        written: Datasets that were written.
        removed: Datasets that were removed from the working tree.
        kept: Datasets whose uncommitted state was stored before it was overwritten.
    """

    refs: Refs
    written: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """How an interrupted move was ended.

    Attributes:
        left: Datasets that were changed since, and left as they are.
        failed: By path why a dataset could not be written; its move has not ended.
        known: By path of those the versions of which files may be there.
    """

    left: tuple[str, ...] = ()
    failed: Mapping[str, DsvError] = field(default_factory=dict)
    known: Mapping[str, list[Tracked | None]] = field(default_factory=dict)


def move(
    repo: Repo,
    what: str,
    wanted: Wanted,
    change: Change,
    *,
    dirty: Wanted = _NOTHING,
    force: bool = False,
    progress: Progress = SILENT,
) -> Moved:
    """Make the working tree hold `wanted`, and the refs say so.

    Args:
        repo: The workspace.
        what: The command, for the oplog.
        wanted: By path what the working tree shall hold; paths not named stay as they are.
        change: Makes the rest of the change of the refs (HEAD, what is staged).
        dirty: What to write besides, as uncommitted changes of what is checked out; None deletes.
        force: Overwrite uncommitted data, after storing it; `dsv undo` brings it back.
        progress: Told of the files that are written.

    Raises:
        InTheWay: Uncommitted or untracked data would be overwritten; nothing was changed.
        Busy: Another process is moving the working tree.
        Missing, Corrupt: The store cannot give all of `wanted`.
        StorageError: The disk is full or fails.
    """
    with FileLock(repo.dot / "tree.lock"):
        ended = finish(repo, progress=progress)
        sweep(repo.place())
        goal = {**wanted, **dirty}
        stuck = next((error for path, error in ended.failed.items() if path not in goal), None)
        if stuck is not None:
            raise stuck
        present = repo.datasets(repo.local(repo.refs()).present)
        _check_parents(repo, list(goal))
        looks = {path: _look(repo, path) for path in goal}
        lost = [
            path
            for path in goal
            if not _is_known(
                repo,
                looks[path],
                goal[path],
                [present.get(path), *ended.known.get(path, ())],
                gone=goal[path] is None or path in ended.known,
            )
        ]
        if lost and not force:
            raise _in_the_way(lost, present)
        here = {path: _content(look, goal[path]) for path, look in looks.items()}
        needs.bring(repo, goal, here, progress=progress)
        _check_writable(repo, goal, looks)
        with repo.writer() as writer:
            stored = {path: _keep(repo, writer, path, present.get(path), progress) for path in lost}
            # What was there untracked and is as wanted stays, and is there untracked again after `undo`.
            mine = {
                path: new for path, new in goal.items() if path not in present and _is_as(looks[path], new)
            }
            kept = stage.edit(repo, None, {**mine, **stored}, writer) if mine or stored else None

            def begin(found: Refs, session: Writer) -> Refs:
                target = change(found, session)
                after = stage.edit(repo, repo.local(target).present, wanted, session)
                moving = Moving(
                    repo.local(found).present,
                    stage.edit(repo, repo.local(target).present, goal, session),
                    kept,
                )
                here = {one.checkpoint.content for one in (*stored.values(), *goal.values()) if one}
                dropped = tuple(oid for oid in repo.local(target).dropped if oid not in here)
                local = replace(
                    repo.local(target), present=after, moving=moving, lock_due=True, dropped=dropped
                )
                return replace(target, local=local)

            wrote = stage.edit(repo, None, dirty, writer) if any(dirty.values()) else None
            gone = _deletions(goal, dirty, looks, present)
            repo.publish(what, begin, writer=writer, tree=Tree(kept, wrote, gone) if goal else None)
        written, removed = _write(repo, {path: (looks[path], new) for path, new in goal.items()}, progress)
        refs = _end(repo)
    return Moved(refs, tuple(written), tuple(removed), tuple(lost))


def settle(repo: Repo) -> None:
    """End a move that was interrupted, for a command that takes the working tree as it is.

    Raises:
        Busy: Another process is moving the working tree.
        DsvError: A dataset cannot be written; the message names it.
    """
    with FileLock(repo.dot / "tree.lock"):
        for error in finish(repo).failed.values():
            raise error


def finish(repo: Repo, *, progress: Progress = SILENT) -> Ended:
    """End a move that was interrupted, as far as that is possible.

    A file that is neither the version left, nor the one wanted, nor one that was kept was
    changed since: its dataset is not touched.
    """
    moving = repo.local(repo.refs()).moving
    if moving is None:
        return Ended()
    before, after, kept = (repo.datasets(snapshot) for snapshot in moving)
    left = []
    failed: dict[str, DsvError] = {}
    known: dict[str, list[Tracked | None]] = {}
    # What goes away goes first, as in `_write`.
    for path in sorted({*before, *after, *kept}, key=lambda path: (after.get(path) is not None, path)):
        new, old = after.get(path), [before.get(path), kept.get(path)]
        if before.get(path) == new and path not in kept:
            continue
        try:
            look = _look(repo, path)
            if _is_known(repo, look, new, old, gone=True):
                _write(repo, {path: (look, new)}, progress)
            else:
                left.append(path)
        except DsvError as error:
            failed[path] = _unfinished(path, error)
            known[path] = [new, *old]
    if not failed:
        _end(repo)
    return Ended(tuple(left), failed, known)


def _unfinished(path: str, error: DsvError) -> DsvError:
    message = f"a checkout of {path} was begun and cannot be ended: {error.message}"
    return type(error)(message, hint=error.hint or "dsv undo, or dsv checkout another version")


def _end(repo: Repo) -> Refs:
    repo.cache.commit()
    refs = repo.publish(
        "settle", lambda found, _: replace(found, local=replace(repo.local(found), moving=None)), log=False
    )
    repo.write_lock()
    stage.ignore_in_git(repo)
    return refs


def _look(repo: Repo, path: str) -> Observation | None:
    if not repo.holds(path):
        return None
    sink = HashSink(repo.cache)
    seen = repo.look(path, sink)
    repo.remember_nodes(sink)
    return seen


def _is_known(
    repo: Repo, look: Observation | None, new: Tracked | None, known: list[Tracked | None], *, gone: bool
) -> bool:
    """Whether all that is there is in the store: each file is as wanted, or as one of `known` has it.

    A file that is in one of them and not there is a change like any other, unless `gone`.
    """
    if look is None:
        return True
    dropped = repo.local(repo.refs()).dropped
    held = [one for one in known if one is not None and one.checkpoint.content not in dropped]
    states = [one.checkpoint for one in (new, *held) if one is not None]
    if any((state.content, state.kind) == (look.content, look.kind) for state in states):
        return True
    folders = [state.content for state in states if state.kind == DIR]
    if look.kind != DIR or not folders:
        return False
    reference, *others = folders
    allowed = [
        {change.path: change.after for change in filediff.changes(reference, other, repo.node)}
        for other in others
    ]
    return all(
        (gone and (change.after is None or _is_emptied(change, allowed)))
        or any(change.path in other and other[change.path] == change.after for other in allowed)
        for change in filediff.changes(reference, look.content, repo.node)
    )


def _is_as(look: Observation | None, new: Tracked | None) -> bool:
    if look is None or new is None:
        return False
    return (look.content, look.kind) == (new.checkpoint.content, new.checkpoint.kind)


def _is_emptied(change: FileChange, allowed: list[dict[str, Entry | None]]) -> bool:
    """Whether it is a folder that is empty now and has files in one of the versions."""
    if change.after is None or change.after.target != nodes.EMPTY:
        return False
    return any(path.startswith(f"{change.path}/") for other in allowed for path in other)


def _keep(repo: Repo, writer: Writer, path: str, before: Tracked | None, progress: Progress) -> Tracked:
    seen = stage.store(repo, writer, path, progress=progress)
    return stage.put(
        writer, stage.checkpoint(repo, writer, path, seen, before.checkpoint if before else None)
    )


def _write(
    repo: Repo, todo: Mapping[str, tuple[Observation | None, Tracked | None]], progress: Progress
) -> tuple[list[str], list[str]]:
    written, removed = [], []
    place = repo.place(progress)
    progress.begin("writing", sum(new.checkpoint.size for _, new in todo.values() if new is not None), "B")
    # What goes away goes first: a file may make room for a folder of the same name.
    for path, (look, new) in sorted(todo.items(), key=lambda item: (item[1][1] is not None, item[0])):
        if new is None:
            if look is not None:
                remove(place, path)
                removed.append(path)
        elif not _is_as(look, new):
            materialise(place, path, new.checkpoint, look)
            written.append(path)
    return written, removed


def _deletions(
    goal: Wanted, dirty: Wanted, looks: Mapping[str, Observation | None], present: Datasets
) -> dict[str, tuple[bool, bool]]:
    """Return by path whether a dataset that is checked out is deleted, before and after a move to `goal`.

    A deletion is uncommitted data of zero bytes: nothing to store, and to bring back all the same.
    """
    both = {
        path: (path in present and looks[path] is None, path in dirty and dirty[path] is None)
        for path in goal
    }
    return {path: states for path, states in both.items() if states[0] != states[1]}


def _content(look: Observation | None, new: Tracked | None) -> ObjectId | None:
    """Return what is there, if it is of the kind that is wanted."""
    if look is None or new is None or (look.kind == DIR) != new.checkpoint.is_dir:
        return None
    return look.content


def _check_writable(repo: Repo, goal: Wanted, looks: Mapping[str, Observation | None]) -> None:
    place = repo.place()
    wanted = {path: new.checkpoint for path, new in goal.items() if new is not None}
    check_fit(place, wanted)
    _check_room(repo, wanted, looks)
    for path, checkpoint in wanted.items():
        hidden = next(conflicts(place, path, looks[path], checkpoint), None)
        if hidden is not None:
            raise InTheWay(f"{hidden} would be overwritten", hint="move it away")


def _check_room(
    repo: Repo, wanted: Mapping[str, Checkpoint], looks: Mapping[str, Observation | None]
) -> None:
    """Check that all of `wanted` is what it says it is in size, and that the disk has room for it.

    The size of a folder is counted only where it seems too large: a store that lies must not
    make a workspace refuse for ever.
    """
    total = largest = 0
    for path, one in wanted.items():
        look = looks[path]
        if look is not None and (look.content, look.kind) == (one.content, one.kind):
            continue
        if not one.is_dir and repo.contents.size(one.content) != one.size:
            raise Corrupt(f"the checkpoint of {path} says {one.size} bytes, and the file has others")
        total += one.size - (0 if look is None else look.size)
        largest = max(largest, one.size)
    try:
        check_space(repo.root, max(total, 0) + largest)
    except StorageError:
        for path, one in wanted.items():
            _count(repo, path, one)
        raise


def _count(repo: Repo, path: str, checkpoint: Checkpoint) -> None:
    if not checkpoint.is_dir:
        return
    size = sum(
        repo.contents.size(ObjectId(entry.target)) for _, entry in trees.files(checkpoint.content, repo.node)
    )
    if size != checkpoint.size:
        raise Corrupt(f"the checkpoint of {path} says {checkpoint.size} bytes, and its files have {size}")


def _check_parents(repo: Repo, paths: list[str]) -> None:
    for path in paths:
        parts = path.split("/")
        for end in range(1, len(parts)):
            above = repo.root.joinpath(*parts[:end])
            if above.is_symlink() or (above.exists() and not above.is_dir()):
                raise InTheWay(f"{'/'.join(parts[:end])} is in the way of {path}", hint="move it away")


def _in_the_way(dirty: list[str], present: Datasets) -> InTheWay:
    named = ", ".join(dirty[:5]) + (f" and {len(dirty) - 5} more" if len(dirty) > 5 else "")
    state = "has uncommitted changes" if all(path in present for path in dirty) else "would be overwritten"
    return InTheWay(f"{named} {state}", hint="dsv commit -a, or --force (what it overwrites is stored first)")
