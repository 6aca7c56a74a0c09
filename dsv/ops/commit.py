"""Record what is staged as a commit."""

import shlex
from dataclasses import dataclass, replace

from dsv import guard, origins, stage
from dsv.derived import rows_of
from dsv.errors import AnswerNo, UsageFault
from dsv.hashing import Kind
from dsv.ids import ObjectId
from dsv.model import node as nodes
from dsv.model.commit import Commit
from dsv.origins import Origin
from dsv.progress import SILENT, Progress
from dsv.repo import Datasets, Repo, Tracked, now
from dsv.store.refs import Refs
from dsv.store.writer import Writer


@dataclass(frozen=True, slots=True)
class Committed:
    """One dataset that a commit changed.

    Attributes:
        path: The dataset.
        change: `added`, `modified` or `removed`.
        dataset: What it is now; None if it was removed.
        rows: Rows of its table where they are known without reading it.
        origin: Where it came from; None if it was removed.
    """

    path: str
    change: str
    dataset: Tracked | None
    rows: int | None
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class CommitResult:
    """A commit that was made.

    Attributes:
        id: Its id.
        branch: The branch that it is on.
        commit: The commit.
        datasets: What it changed.
        notes: What is worth saying besides.
    """

    id: ObjectId
    branch: str
    commit: Commit
    datasets: tuple[Committed, ...]
    notes: tuple[str, ...]


def commit(
    repo: Repo, message: str, *, author: str, everything: bool = False, progress: Progress = SILENT
) -> CommitResult:
    """Record what is staged.

    Args:
        repo: The workspace.
        message: What it is about.
        author: Who makes it.
        everything: Stage all changes of tracked datasets first, removals too.
        progress: Told of the bytes that are read.

    Raises:
        AnswerNo: There is nothing to commit.
        Refused: HEAD is detached, or `dsv.lock` names another commit.
        UsageFault: The message is empty.
    """
    if not message.strip():
        raise UsageFault("a commit needs a message", hint='dsv commit -m "what changed and why"')
    refs = guard.ready(repo)
    notes: list[str] = []
    made: list[tuple[ObjectId, Commit]] = []
    with repo.writer() as writer:
        staging = stage.Staging({})
        if everything:
            found = stage.tracked_changes(repo, refs, writer, progress=progress)
            removed: dict[str, Tracked | None] = dict.fromkeys(found.vanished)
            staging = stage.Staging({**found.updates, **removed}, (), found.notes)

        def change(found: Refs, session: Writer) -> Refs:
            attached, note = guard.follow_git(repo, found)
            renamed = _renames(repo, attached, staging.updates, session)
            wanted = stage.apply(repo, attached, {**staging.updates, **renamed}, session)
            local = repo.local(wanted)
            if local.staged is None or local.staged == (repo.snapshot_of(wanted.head) or nodes.EMPTY):
                raise AnswerNo("nothing to commit", hint="dsv add PATH, or dsv commit -a")
            seconds, offset = now()
            parents = () if wanted.head is None else (wanted.head,)
            datasets = {**repo.datasets(repo.local(attached).staged), **staging.updates, **renamed}
            held = [one for one in datasets.values() if one is not None]
            attempts = origins.attempts_for(repo, wanted, session, parents, held)
            record = Commit(local.staged, parents, author, message, seconds, offset, attempts)
            oid = session.put(Kind.COMMIT, record.encode())
            assert local.branch is not None
            notes[:] = [note] if note else []
            made[:] = [(oid, record)]
            return replace(
                wanted, branches={**wanted.branches, local.branch: oid}, local=replace(local, lock_due=True)
            )

        published = repo.publish(_typed(message, everything=everything), change, writer=writer)
    repo.cache.commit()
    repo.write_lock()
    stage.ignore_in_git(repo)
    oid, record = made[0]
    branch = repo.local(published).branch or published.default
    return CommitResult(oid, branch, record, _told(repo, record), (*staging.notes, *notes))


def _typed(message: str, *, everything: bool) -> str:
    """Return the command as the oplog tells it, with the first line of the message."""
    return f"commit {'-a ' if everything else ''}-m {shlex.quote(message.partition(chr(10))[0])}"


def _renames(repo: Repo, refs: Refs, updates: stage.Updates, session: Writer) -> stage.Updates:
    """Give each new path whose content just left another path the origin of that one."""
    before = repo.datasets(repo.snapshot_of(refs.head))
    after = {**repo.datasets(repo.local(refs).staged), **updates}
    gone = {old.checkpoint.content: old.checkpoint for path, old in before.items() if after.get(path) is None}
    renamed: dict[str, Tracked | None] = {}
    for path, new in after.items():
        old = gone.get(new.checkpoint.content) if new is not None and path not in before else None
        if new is not None and old is not None and old.origin != new.checkpoint.origin:
            renamed[path] = stage.put(session, replace(new.checkpoint, origin=old.origin, schema=old.schema))
    return renamed


def _told(repo: Repo, record: Commit) -> tuple[Committed, ...]:
    before: Datasets = repo.datasets(repo.snapshot_of(record.parents[0])) if record.parents else {}
    after = repo.datasets(record.snapshot)
    told = []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        change = "added" if old is None else "removed" if new is None else "modified"
        origin = None if new is None else origins.origin(repo, new.checkpoint.origin)
        told.append(
            Committed(path, change, new, None if new is None else rows_of(repo, path, new.checkpoint), origin)
        )
    return tuple(told)
