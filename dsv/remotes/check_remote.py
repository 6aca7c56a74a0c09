"""Checking a remote: from its listing and its indexes, or byte by byte."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dsv.errors import Corrupt, DsvError, Missing
from dsv.ids import ObjectId
from dsv.progress import SILENT, Progress
from dsv.records import reachable
from dsv.remotes.remote import RemoteStore
from dsv.remotes.remote_view import expand, remote_repository
from dsv.remotes.tidy import ends
from dsv.store.blobs.owners import OWNERS
from dsv.store.packs import index_merge
from dsv.store.packs import pack as packs
from dsv.store.repository import Repository
from dsv.store.upkeep import check as local_check
from dsv.store.upkeep.check import FORMAT, GARBAGE, ID, MISSING, Finding
from dsv.store.upkeep.collect import Marks

UNREADABLE = "unreadable"
"""Something that the refs need cannot be read; the detail says what and why."""

_LOOKS = 64
_LOOKS_AGAIN = 3


@dataclass(frozen=True, slots=True)
class RemoteChecked:
    """What a check of a remote found.

    Attributes:
        findings: All that is not as it should be, harmless things too.
        objects: How many listed objects its refs reach.
    """

    findings: tuple[Finding, ...]
    objects: int


def check_remote(
    repo: Repository, remote: RemoteStore, *, full: bool = False, progress: Progress = SILENT
) -> RemoteChecked:
    """Check that all that the refs of a remote reach is there.

    Without `full` indexes are read and packs are listed: their presence and sizes are compared,
    and what refs reach has to be in an index. With it every byte is read, and each object
    compared with its checksum and its id.

    Raises:
        Corrupt: The refs themselves cannot be read.
        StorageError: The remote cannot be read.
    """
    refs = remote.load()
    findings: list[Finding] = []
    sound = True
    for ref in refs.indexes:
        try:
            remote.blobs.fetch_indexes([ref])
        except FileNotFoundError:
            findings.append(Finding("index", ref.id, MISSING, f"index {ref.id} is not there"))
            sound = False
        except Corrupt as error:
            findings.append(Finding("index", ref.id, ID, error.message))
            sound = False
    if full and sound:
        size = sum(blob.size for blob in remote.blobs.list("packs/"))
        progress.begin("checking", size, "B")
        findings += local_check.check(remote.blobs, refs, advance=progress.advance)
    elif sound:
        findings += listed_packs(remote)
    if not sound:
        return RemoteChecked(tuple(findings), 0)
    reached = _Reached(repo, remote)
    reached.walk()
    return RemoteChecked((*findings, *reached.findings), reached.count)


def check_relied(remote: RemoteStore) -> None:
    """Refuse to build on a remote that lacks packs which its refs name; a listing tells, without their bytes.

    Raises:
        Corrupt: It lacks some, or the indexes that list them.
        StorageError: It cannot be read.
    """
    for _ in range(_LOOKS_AGAIN):
        if sum(ref.rows for ref in remote.refs.indexes) == 0:
            return
        remote.objects(data=True)
        before = remote.raw
        lost = [one for one in listed_packs(remote) if one.damage in {MISSING, FORMAT}]
        if not lost:
            return
        remote.load()
        if remote.raw == before:  # else gc, or another push, has just replaced them
            break
    more = f", and {len(lost) - 1} more" if len(lost) > 1 else ""
    raise Corrupt(
        f"remote {remote.name} is damaged: {lost[0].detail}{more}",
        hint=f"dsv push --repair {remote.name}  # sends again what this store has",
    )


def listed_packs(remote: RemoteStore) -> Iterator[Finding]:
    """Compare the listing with what indexes say."""
    needs: dict[str, int] = {}
    for ref in remote.refs.indexes:
        try:
            index = index_merge.open_index(remote.blobs, ref)
        except Corrupt as error:
            yield Finding("index", ref.id, FORMAT, error.message)
            continue
        for pack, end in ends(index):
            needs[pack] = max(needs.get(pack, 0), end)
    for blob in remote.blobs.list("packs/"):
        pack_id = packs.id_of(blob.name)
        if blob.name.startswith(f"{OWNERS}/"):
            continue
        if pack_id is None:
            yield Finding("file", blob.name, GARBAGE, "no pack has such a name")
            continue
        needed = needs.pop(pack_id, None)
        if needed is None:
            yield Finding("pack", pack_id, GARBAGE, "no index lists it", pack_id)
        elif blob.size < needed + packs.TRAILER.size:
            detail = f"pack {pack_id} has {blob.size} bytes, fewer than its objects"
            yield Finding("pack", pack_id, FORMAT, detail, pack_id)
    for number, pack in enumerate(sorted(needs)):
        # A listing may lag behind: what it lacks is looked for, unless that is nearly everything.
        if number >= _LOOKS or not _is_there(remote, pack, needs[pack]):
            yield Finding("pack", pack, MISSING, f"pack {pack} is not there", pack)


def _is_there(remote: RemoteStore, pack: str, end: int) -> bool:
    try:
        return len(remote.blobs.read(packs.name(pack), end, packs.TRAILER.size)) == packs.TRAILER.size
    except (FileNotFoundError, Corrupt):
        return False


class _Reached:
    """What the refs of a remote reach."""

    def __init__(self, repo: Repository, remote: RemoteStore) -> None:
        self.findings: list[Finding] = []
        self._repo = repo
        self._view = remote_repository(repo, remote)
        self._marks = Marks(self._view.objects, remote.refs)
        self._refs = remote.refs

    @property
    def count(self) -> int:
        """How many listed objects were reached."""
        return self._marks.count

    def walk(self) -> None:
        """Walk, and note what is not there."""
        tips = reachable.Roots(commits={*self._refs.branches.values(), *self._refs.tags.values()})
        try:
            reachable.Walk(self._view, self._mark, damaged=self._note).run(tips)
            expand(self._marks, self._repo.objects, self._tell_lost)
        except (Corrupt, Missing) as error:
            self._note("history", error)

    def _mark(self, ids: Iterable[ObjectId]) -> list[ObjectId]:
        return self._marks.mark(ids)

    def _note(self, what: str, error: DsvError) -> None:
        self.findings.append(Finding("object", what, UNREADABLE, error.message))

    def _tell_lost(self, file: ObjectId, part: ObjectId) -> None:
        detail = f"segment {part} of file {file} is in no index"
        self.findings.append(Finding("object", part, MISSING, detail))
