"""Making a commit of what is staged."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dsv.errors import AnswerNo, UsageFault
from dsv.hashing import Kind
from dsv.ids import ObjectId
from dsv.model import ancestry
from dsv.model import node as nodes
from dsv.model.commit import Commit
from dsv.model.run import Input
from dsv.records import origins
from dsv.store.refs import Refs
from dsv.store.repository import Repository, Tracked
from dsv.store.writer import Writer
from dsv.versions import preconditions, stage
from dsv.workspace import Workspace, now


@dataclass(frozen=True, slots=True)
class Made:
    """A commit that was made.

    Attributes:
        id: Its id.
        branch: The branch that it is on.
        commit: The commit.
        notes: Further notes for the user.
    """

    id: ObjectId
    branch: str
    commit: Commit
    notes: tuple[str, ...]


def check_message(message: str) -> None:
    """Check the message of a commit.

    Raises:
        UsageFault: It is empty.
    """
    if not message.strip():
        raise UsageFault("a commit needs a message", hint='dsv commit -m "what changed and why"')


def commit_made(
    workspace: Workspace, message: str, *, author: str, what: str, inputs: Iterable[Input]
) -> tuple[Made, tuple[str, ...]] | None:
    """Commit what runs made, with the changed datasets that they read, without which it would be stale.

    Args:
        workspace: The workspace.
        message: What it is about.
        author: Who makes it.
        what: The command, for the oplog.
        inputs: What the runs read.

    Returns:
        The commit and the paths of `inputs` that were staged for it; None if there is nothing to commit.

    Raises:
        Refused, Conflict, UsageFault: As `commit_staged`.
    """
    found = stage.read_changes(workspace, workspace.repo.refs(), inputs)
    with workspace.repo.writer() as writer:
        updates = {path: stage.put(writer, version) for path, version in found.items()}
        try:
            made = commit_staged(workspace, message, author=author, what=what, updates=updates, writer=writer)
        except AnswerNo:
            return None
    return made, tuple(sorted(updates))


def commit_staged(
    workspace: Workspace,
    message: str,
    *,
    author: str,
    what: str,
    updates: stage.Updates,
    writer: Writer | None = None,
    unmerged: ObjectId | None = None,
) -> Made:
    """Stage `updates` and record all that is staged as a commit, in one step.

    Args:
        workspace: The workspace.
        message: What it is about.
        author: Who makes it.
        what: The command, for the oplog.
        updates: Changes to stage first; the working tree holds what they name.
        writer: An open session whose objects they need.
        unmerged: A commit that `dsv.lock` names, and goes on naming until HEAD follows it.

    Raises:
        AnswerNo: There is nothing to commit.
        Refused: HEAD is detached.
        Conflict: git is on a branch whose dsv branch has other commits.
        UsageFault: The message is empty.
    """
    check_message(message)
    notes: list[str] = []
    made: list[tuple[ObjectId, Commit]] = []

    def change(found: Refs, session: Writer) -> Refs:
        attached, note = preconditions.follow_git(workspace, found)
        renamed = _renames(workspace.repo, attached, updates, session)
        wanted = stage.apply(workspace.repo, attached, {**updates, **renamed}, session)
        local = wanted.mine
        if local.staged is None or local.staged == (workspace.repo.snapshot_of(wanted.head) or nodes.EMPTY):
            raise AnswerNo("nothing to commit", hint="dsv add .")
        seconds, offset = now()
        parents = () if wanted.head is None else (wanted.head,)
        datasets = {**workspace.repo.datasets(attached.mine.staged), **updates, **renamed}
        held = [one for one in datasets.values() if one is not None]
        attempts = origins.attempts_for(workspace.repo, wanted, session, parents, held)
        record = Commit(local.staged, parents, author, message, seconds, offset, attempts)
        oid = session.put(Kind.COMMIT, record.encode())
        assert local.branch is not None
        notes[:] = [note] if note else []
        made[:] = [(oid, record)]
        lock = unmerged is None or any(
            ancestry.is_ancestor(unmerged, one, workspace.repo.commit) for one in parents
        )
        return replace(
            wanted, branches={**wanted.branches, local.branch: oid}, local=replace(local, lock_due=lock)
        )

    published = workspace.publish(what, change, writer=writer)
    workspace.worktree.cache.commit()
    if published.mine.lock_due:
        workspace.write_lock()
    stage.ignore_in_git(workspace)
    oid, record = made[0]
    branch = published.mine.branch or published.default
    return Made(oid, branch, record, tuple(notes))


def _renames(repo: Repository, refs: Refs, updates: stage.Updates, session: Writer) -> stage.Updates:
    """Give each new path whose content just left another path the origin of that one."""
    before = repo.datasets(repo.snapshot_of(refs.head))
    after = {**repo.datasets(refs.mine.staged), **updates}
    gone = {old.checkpoint.content: old.checkpoint for path, old in before.items() if after.get(path) is None}
    renamed: dict[str, Tracked | None] = {}
    for path, new in after.items():
        old = gone.get(new.checkpoint.content) if new is not None and path not in before else None
        if new is not None and old is not None and old.origin != new.checkpoint.origin:
            renamed[path] = stage.put(session, replace(new.checkpoint, origin=old.origin, schema=old.schema))
    return renamed
