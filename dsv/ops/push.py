"""Give a remote commits, with all that they need."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dsv.errors import NotFound, Refused
from dsv.ids import ObjectId
from dsv.model.ref_names import check_name
from dsv.progress import SILENT, Progress
from dsv.remotes.check_remote import check_relied
from dsv.remotes.mend_remote import Repaired, repair_remote
from dsv.remotes.remote import RemoteStore, connect
from dsv.remotes.send import Update, send
from dsv.store.blobs.metered import Traffic
from dsv.store.refs import Refs
from dsv.store.repository import Repository
from dsv.store.writer import Writer
from dsv.workspace import Workspace

_TRIED = "conditions-kept"


@dataclass(frozen=True, slots=True)
class MovedRef:
    """A ref of the remote that was moved.

    Attributes:
        name: Of the branch or tag.
        tag: Whether it is a tag.
        before: What it was; None if it is new there.
        after: What it is.
    """

    name: str
    tag: bool
    before: ObjectId | None
    after: ObjectId


@dataclass(frozen=True, slots=True)
class PushResult:
    """What a push did.

    Attributes:
        remote: Where to.
        moved: Refs that are others now.
        packs: How many packs were sent.
        size: Their bytes.
        traffic: What the remote was asked.
        setback: Whether its refs are older than those that were seen here before.
        repaired: What was mended there, if that was asked for.
    """

    remote: str
    moved: tuple[MovedRef, ...]
    packs: int
    size: int
    traffic: Traffic
    setback: bool = False
    repaired: Repaired | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What to push, and how.

    Attributes:
        names: Branches and tags; none: the branch that HEAD is on.
        branches: All branches.
        tags: All tags, besides.
        force: Also where the remote's ref has commits that the one here does not follow.
        single_writer: Push to a place that does not keep conditions; nobody else may push there.
        repair: First read all that is there, and send again what is missing or damaged.
    """

    names: Sequence[str] = ()
    branches: bool = False
    tags: bool = False
    force: bool = False
    single_writer: bool = False
    repair: bool = False


def push(
    workspace: Workspace,
    name: str | None = None,
    choice: Choice | None = None,
    *,
    progress: Progress = SILENT,
) -> PushResult:
    """Make refs of a remote what they are here.

    Args:
        workspace: The workspace.
        name: The remote; by default the default one.
        choice: What to push.
        progress: Counts the bytes that are sent.

    Raises:
        NotFound: No such remote, branch or tag; or an object is neither here nor there.
        Refused: There is nothing that could be pushed, or the place does not keep conditions.
        Conflict: A ref there has commits that are not in what would be pushed.
        Corrupt: The remote lacks what its refs name.
        StorageError: The remote cannot be written.
    """
    choice = choice or Choice()
    updates = _updates(workspace.repo, choice)
    remote = connect(workspace, name, create=True)
    if not choice.single_writer:
        _check_conditions(remote)
    remote.load()
    repaired = repair_remote(workspace.repo, remote, progress=progress) if choice.repair else None
    if repaired is None:
        check_relied(remote)
    seen = workspace.repo.refs().mine.remotes
    updates = [one._replace(seen=seen.get(f"{remote.name}/{one.name}")) for one in updates]
    sent = send(workspace, remote, updates, progress=progress)
    _track(workspace.repo, remote, updates)
    moved = tuple(MovedRef(one.name, one.tag, before, one.commit) for one, before in sent.moved)
    remote.remember()
    return PushResult(remote.name, moved, sent.packs, sent.size, remote.traffic, remote.setback, repaired)


def _updates(repo: Repository, choice: Choice) -> list[Update]:
    refs = repo.refs()
    found: dict[tuple[str, bool], ObjectId] = {}
    for name in choice.names:
        if name in refs.branches:
            found[name, False] = refs.branches[name]
        elif name in refs.tags:
            found[name, True] = refs.tags[name]
        else:
            raise NotFound(f"no branch or tag {name}", hint="dsv branch, dsv tag")
    if choice.branches:
        found |= {(name, False): oid for name, oid in refs.branches.items()}
    if choice.tags:
        found |= {(name, True): oid for name, oid in refs.tags.items()}
    if not (choice.names or choice.branches):
        found |= _current(refs, tags=choice.tags)
    return [Update(check_name(name), tag, oid, choice.force) for (name, tag), oid in found.items()]


def _current(refs: Refs, *, tags: bool) -> dict[tuple[str, bool], ObjectId]:
    branch = refs.mine.branch
    if branch is not None and refs.head is not None:
        return {(branch, False): refs.head}
    if tags:
        return {}
    if branch is None:
        raise Refused("HEAD is detached, so there is no branch to push", hint="dsv push REMOTE BRANCH")
    raise Refused("there is no commit to push", hint="dsv commit -m MESSAGE")


def _check_conditions(remote: RemoteStore) -> None:
    """Try once from each workspace whether the place keeps conditions."""
    mark = remote.folder / _TRIED
    if mark.exists():
        return
    found = remote.blobs.conditions()
    if not found.safe:
        raise Refused(
            f"remote {remote.name} ignores conditions of writes: two who push at once would destroy"
            " each other's work",
            hint="use a store that keeps them, or --assume-single-writer if nobody else pushes there",
        )
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()


def _track(repo: Repository, remote: RemoteStore, updates: Sequence[Update]) -> None:
    def change(found: Refs, _: Writer) -> Refs:
        local = found.mine
        now = {f"{remote.name}/{one.name}": one.commit for one in updates if not one.tag}
        return replace(found, local=replace(local, remotes={**local.remotes, **now}))

    repo.publish(change)
