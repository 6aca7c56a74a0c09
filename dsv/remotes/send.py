"""Pushing: packs first, then indexes, then refs, so that no refs ever name what is not there."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from dsv.errors import Conflict, RefMoved
from dsv.hashing import Kind, checksum
from dsv.ids import ObjectId, short
from dsv.model import ancestry
from dsv.progress import SILENT, Progress
from dsv.remotes import tidy
from dsv.remotes.outgoing import outgoing, strike
from dsv.remotes.remote import RemoteStore, pause
from dsv.remotes.uploads import Uploads
from dsv.store.objects import Objects
from dsv.store.packs import index_merge
from dsv.store.packs import pack as packs
from dsv.store.packs.index import Located
from dsv.store.refs import WRITES_KEPT, IndexRef, Refs
from dsv.store.repository import Repository
from dsv.store.swapping import swap_until
from dsv.store.upkeep.collect import GRACE, Marks
from dsv.store.writer import Writer
from dsv.workspace import Workspace

MERGED = 64 << 20
"""Bytes of index that one push merges at most; the rest is left to gc."""

_TRIES = 32
_WORKERS = 4


class Update(NamedTuple):
    """A ref of a remote that shall be another commit.

    Attributes:
        name: Of the branch or tag.
        tag: Whether it is a tag.
        commit: What it shall be.
        force: Whether it may be moved to a commit that does not follow what it is.
        seen: What the remote's branch was when last seen; `force` needs it to be that still.
    """

    name: str
    tag: bool
    commit: ObjectId
    force: bool = False
    seen: ObjectId | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What a push did.

    Attributes:
        moved: Refs of the remote that are others now, with what they were.
        packs: Packs that were sent.
        size: Their bytes.
    """

    moved: tuple[tuple[Update, ObjectId | None], ...]
    packs: int
    size: int


def send(
    workspace: Workspace, remote: RemoteStore, updates: Sequence[Update], *, progress: Progress = SILENT
) -> Sent:
    """Make refs of a remote be other commits, with all that these need.

    Args:
        workspace: The workspace.
        remote: Its refs have been read.
        updates: What shall be what.
        progress: Counts the bytes that are sent.

    Raises:
        Conflict: A ref of the remote has commits that the new one does not follow, or others were
            faster every time.
        NotFound: An object is neither here nor there.
        Corrupt: Something that is to be pushed is damaged.
        StorageError: The remote cannot be written.
    """
    with Uploads(remote.blobs, remote.folder / "push") as uploads:
        uploads.resume()
        push = _Push(workspace, remote, uploads, progress)

        def decide(_: int) -> tuple[Sent, Callable[[], None] | None] | None:
            moved = tuple(_moving(workspace.repo, remote, updates))
            if not moved:
                return push.sent(()), None
            wanted = push.prepare([update for update, _ in moved])
            if tuple(_moving(workspace.repo, remote, updates)) != moved:
                return None  # the refs were read again on the way
            if uploads.lost():
                push.forget()
                return None
            return push.sent(moved), partial(_swap, remote, uploads, wanted)

        gave_up = RefMoved(f"others kept changing remote {remote.name}", hint="run the command again")
        return swap_until(decide, gave_up, tries=_TRIES, pause=pause)


def _swap(remote: RemoteStore, uploads: Uploads, wanted: Refs) -> None:
    remote.swap(wanted)
    uploads.settle(list(uploads.arrived))


def _moving(
    repo: Repository, remote: RemoteStore, updates: Sequence[Update]
) -> Iterator[tuple[Update, ObjectId | None]]:
    """Yield the updates that change something, with what there is now."""
    for update in updates:
        there = (remote.refs.tags if update.tag else remote.refs.branches).get(update.name)
        if there == update.commit:
            continue
        if there is not None:
            _check_move(repo, remote, update, there)
        yield update, there


def _check_move(repo: Repository, remote: RemoteStore, update: Update, there: ObjectId) -> None:
    if update.tag:
        if not update.force:
            raise Conflict(
                f"tag {update.name} is {short(there)} on remote {remote.name}", hint="dsv push --force"
            )
        return
    known = repo.objects.has(there)
    if known and ancestry.is_ancestor(there, update.commit, repo.commit):
        return
    where = f"{remote.name}/{update.name}"
    if not update.force:
        seen = known and update.seen == there
        raise Conflict(
            f"branch {update.name} of remote {remote.name} has commits that are not in what you push",
            hint=f"dsv merge {where}, then push again" if seen else "dsv pull, then push again",
        )
    if update.seen != there:
        raise RefMoved(
            f"branch {update.name} of remote {remote.name} is not what it was when you last saw it",
            hint=f"dsv fetch {remote.name}, look at {where}, then push again",
        )


class _Push:
    """The packs of one push, over all its tries."""

    def __init__(
        self, workspace: Workspace, remote: RemoteStore, uploads: Uploads, progress: Progress
    ) -> None:
        self._workspace = workspace
        self._remote = remote
        self._uploads = uploads
        self._progress = progress
        self._epoch: int | None = None
        self._tips: frozenset[ObjectId] = frozenset()
        self._plans: dict[bool, tidy.JoinPlan | None] = {}

    def sent(self, moved: tuple[tuple[Update, ObjectId | None], ...]) -> Sent:
        """Return what was done."""
        return Sent(moved, len(self._uploads.sent), sum(self._uploads.sent.values()))

    def forget(self) -> None:
        """Look for what is lacking again at the next try: packs that were sent are gone."""
        self._epoch = None
        self._plans = {}  # what was joined may be in them

    def prepare(self, updates: Sequence[Update]) -> Refs:
        """Send what is lacking for `updates`, and return the refs that shall follow those last read."""
        remote = self._remote
        refs = remote.refs
        tips = frozenset(update.commit for update in updates)
        if self._epoch != refs.epoch or not tips <= self._tips:
            # Under one epoch what is listed stays listed, so nothing has to be looked for twice.
            there = remote.objects(data=True)
            refs = remote.refs  # they may have been read again
            listed = (*there.indexes(data=True), *there.indexes(data=False))
            self._uploads.settle(pack for index in listed for pack in index.packs)
            have = [*refs.branches.values(), *refs.tags.values()]
            marks = outgoing(self._workspace.repo, there, tips, have, remote.name)
            strike(marks, list(self._uploads.arrived.values()))
            self._send(marks, there)
            self._epoch, self._tips = refs.epoch, tips
        plans = [one for one in self._plans.values() if one and one.indexes <= set(refs.indexes)]
        gone = frozenset(pack for one in plans for pack in one.packs)
        branches, tags = dict(refs.branches), dict(refs.tags)
        for update in updates:
            (tags if update.tag else branches)[update.name] = update.commit
        now = int(time.time())
        # Past the grace a pack goes whether it is named or not; so the list does not grow with the pushes.
        condemned = {pack: at for pack, at in refs.condemned.items() if at + GRACE > now}
        return replace(
            refs,
            branches=branches,
            tags=tags,
            indexes=self._indexes(refs, plans),
            writes=(*refs.writes, secrets.token_hex(8))[-WRITES_KEPT:],
            default=refs.default if refs.default in branches or not branches else next(iter(branches)),
            condemned=condemned | dict.fromkeys(gone, now),
        )

    def _send(self, marks: Marks, there: Objects) -> None:
        if not marks.count:
            return
        total = sum(int(index.numpy("stored")[marks.live[ref]].sum()) for ref, index in marks.indexes.items())
        blobs = self._remote.blobs
        for data in (False, True):
            fresh = sum(int(live.sum()) for ref, live in marks.live.items() if ref.data == data)
            self._plans[data] = tidy.plan(blobs, self._remote.refs, fresh, data=data)
        self._progress.begin("pushing", total, "B")
        blobs.meter.progress = self._progress
        try:
            with Writer(Objects(self._uploads, Refs), workers=_WORKERS) as writer:
                for pack, found in _by_pack(marks):
                    _copy(self._workspace, pack, found, writer)
                self._join(there, writer)
                writer.seal()
        finally:
            blobs.meter.progress = SILENT

    def _join(self, there: Objects, writer: Writer) -> None:
        for data, plan in self._plans.items():
            try:
                if plan is not None:
                    tidy.copy(plan, self._remote.blobs, there, self._workspace.repo.objects, writer)
            except FileNotFoundError:
                self._plans[data] = None  # somebody else was faster; it need not be done now

    def _indexes(self, refs: Refs, plans: Sequence[tidy.JoinPlan]) -> tuple[IndexRef, ...]:
        """Return the indexes that shall be live, and give the remote those that it lacks."""
        blobs = self._remote.blobs
        blobs.fetch_indexes(refs.indexes)
        replaced = {ref for one in plans for ref in one.indexes}
        arrived = [index for index in self._uploads.arrived.values() if index.rows]
        left = [(ref.data, index) for one in plans for ref, index in tidy.rest(one, blobs)]
        new: list[IndexRef] = []
        for data in (True, False):
            sources = [index for index in arrived if Kind(index.at(0).kind).is_data == data]
            sources += [index for of_data, index in left if of_data == data]
            new += index_merge.store(blobs, sources, data=data)
        kept = (ref for ref in refs.indexes if ref not in replaced)
        live = index_merge.compact(blobs, (*kept, *new), most=MERGED)
        blobs.send_indexes([ref for ref in live if ref not in refs.indexes])
        return live


def _by_pack(marks: Marks) -> Iterator[tuple[str, list[tuple[bytes, Located]]]]:
    """Yield the packs that hold marked rows, with these (id and place) in the order of their offsets."""
    import numpy as np

    for ref, index in marks.indexes.items():
        live = np.flatnonzero(marks.live[ref])  # row numbers; cut below where the pack changes
        if not len(live):
            continue
        order = np.lexsort((index.numpy("offset")[live], index.numpy("pack")[live]))
        live = live[order]
        cuts = np.flatnonzero(np.diff(index.numpy("pack")[live])) + 1
        for part in np.split(live, cuts):
            found = [(index.id_at(row), index.at(row)) for row in part.tolist()]
            yield found[0][1].pack, found


def _copy(workspace: Workspace, pack: str, wanted: list[tuple[bytes, Located]], writer: Writer) -> None:
    """Add objects of a pack as they are stored.

    Raises:
        Corrupt: One is damaged, and no other copy of it is sound.
    """
    try:
        content: Any = memoryview(workspace.blobs.view(packs.name(pack)))
    except FileNotFoundError:
        content = memoryview(b"")
    for key, place in wanted:
        stored = content[place.offset : place.offset + place.stored]
        if len(stored) == place.stored and checksum(stored) == place.checksum:
            writer.relocate(key, place, stored)
        else:
            writer.add(Kind(place.kind), ObjectId(key.hex()), workspace.repo.objects.get(ObjectId(key.hex())))
