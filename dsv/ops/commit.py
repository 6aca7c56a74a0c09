"""Record what is staged as a commit."""

import shlex
from dataclasses import dataclass

from dsv.ids import ObjectId
from dsv.model.commit import Commit
from dsv.model.file_diff import change_of
from dsv.progress import SILENT, Progress
from dsv.records.kept_facts import rows_of
from dsv.records.origins import Origin
from dsv.store.repository import Datasets, Repository, Tracked
from dsv.versions import commit as committing
from dsv.versions import from_git, preconditions, stage
from dsv.versions.from_git import Brought, LockStanding
from dsv.workspace import Workspace


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
        notes: Further notes for the user.
    """

    id: ObjectId
    branch: str
    commit: Commit
    datasets: tuple[Committed, ...]
    notes: tuple[str, ...]


def commit(
    workspace: Workspace, message: str, *, author: str, everything: bool = False, progress: Progress = SILENT
) -> CommitResult:
    """Record what is staged.

    Args:
        workspace: The workspace.
        message: What it is about.
        author: Who makes it.
        everything: Stage all changes of tracked datasets first, removals too.
        progress: Counts the bytes that are read.

    Raises:
        AnswerNo: There is nothing to commit.
        Refused: HEAD is detached, or `dsv.lock` names another commit.
        UsageFault: The message is empty.
    """
    committing.check_message(message)
    refs, waiting = preconditions.ready_to_commit(workspace)
    with workspace.repo.writer() as writer:
        staging = stage.Staging({})
        if everything:
            found = stage.tracked_changes(workspace, refs, writer, progress=progress)
            removed: dict[str, Tracked | None] = dict.fromkeys(found.vanished)
            staging = stage.Staging({**found.updates, **removed}, (), found.notes)
        what = _typed(message, everything=everything)
        made = committing.commit_staged(
            workspace,
            message,
            author=author,
            what=what,
            updates=staging.updates,
            writer=writer,
            unmerged=None if waiting is None else waiting.commit,
        )
    told = _told(workspace.repo, made.commit)
    merge = () if waiting is None else (_to_merge(workspace, waiting),)
    return CommitResult(made.id, made.branch, made.commit, told, (*staging.notes, *made.notes, *merge))


def _to_merge(workspace: Workspace, waiting: Brought) -> str:
    refs = workspace.repo.refs()
    name = from_git.name_of(refs, waiting.commit)
    command = from_git.way_out(workspace, refs, waiting._replace(standing=LockStanding.APART))
    return f"dsv.lock still names {name}, which git brought and this commit does not follow; next: {command}"


def _typed(message: str, *, everything: bool) -> str:
    """Return the command as the oplog tells it, with the first line of the message."""
    return f"commit {'-a ' if everything else ''}-m {shlex.quote(message.partition(chr(10))[0])}"


def _told(repo: Repository, record: Commit) -> tuple[Committed, ...]:
    before: Datasets = repo.datasets(repo.snapshot_of(record.parents[0])) if record.parents else {}
    after = repo.datasets(record.snapshot)
    told = []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        change = change_of(old, new)
        origin = None if new is None else repo.origin(new.checkpoint.origin)
        told.append(
            Committed(path, change, new, None if new is None else rows_of(repo, path, new.checkpoint), origin)
        )
    return tuple(told)
