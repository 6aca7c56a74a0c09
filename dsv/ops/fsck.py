"""Check that everything that should be in the store is there, and is what it says."""

import time
from dataclasses import dataclass

from dsv.errors import Corrupt, DsvError, Missing
from dsv.ids import ObjectId
from dsv.progress import SILENT, Progress
from dsv.records import reachable
from dsv.remotes.check_remote import UNREADABLE, check_remote
from dsv.remotes.remote import connect
from dsv.store.refs import Refs
from dsv.store.repository import Repository
from dsv.store.upkeep.check import GARBAGE, Finding, check
from dsv.store.upkeep.sharing import others
from dsv.workspace import Workspace

ABSENT = "absent"
"""The bytes of a version are not here, on purpose."""

AWAY = "away"
"""A workspace that shares the folder of packs cannot be asked what it needs."""

_HARMLESS = frozenset({GARBAGE, ABSENT, AWAY})


@dataclass(frozen=True, slots=True)
class FsckResult:
    """What is wrong with a store.

    Attributes:
        findings: All that is not as it should be, harmless things too.
        objects: How many objects were reached.
        files: How many file contents were reached and proved.
    """

    findings: tuple[Finding, ...]
    objects: int
    files: int

    @property
    def damage(self) -> tuple[Finding, ...]:
        """The findings that are damage."""
        return tuple(finding for finding in self.findings if finding.damage not in _HARMLESS)


def fsck(workspace: Workspace, *, progress: Progress = SILENT) -> FsckResult:
    """Check every byte of the store, and that all that refs, oplog and staging need is there.

    Damage is reported, never removed; `dsv.ops.repair` mends.

    Raises:
        Corrupt: The refs themselves cannot be read.
    """
    # Without supply: what is damaged is to be found, not to be mended on the way.
    store = Repository(workspace.blobs, name=str(workspace.dot))
    refs = store.refs()
    total = sum(blob.size for prefix in ("packs/", "index/") for blob in workspace.blobs.list(prefix))
    progress.begin("checking the store", total, "B")
    sharing = others(workspace.dot, workspace.blobs.packs_home, time.time())
    findings = list(check(store.blobs, refs, foreign=sharing.needed, advance=progress.advance))
    findings += [
        Finding("owner", one.place, AWAY, f"{one.why}; gc deletes no pack: {one.told}")
        for one in sharing.away
    ]
    reached = _Reached(workspace, store, refs, findings)
    reached.walk()
    reached.prove(progress)
    return FsckResult(tuple(findings), len(reached.seen), reached.proved)


def fsck_remote(
    workspace: Workspace, name: str | None, *, full: bool = False, progress: Progress = SILENT
) -> FsckResult:
    """Check that all that the refs of a remote reach is there.

    Args:
        workspace: The workspace.
        name: The remote; None for the default one.
        full: Read every byte; otherwise only indexes, and the list of packs.
        progress: Counts the bytes that are read.

    Raises:
        NotFound: There is no such remote.
        Corrupt: The refs themselves cannot be read.
        StorageError: The remote cannot be read.
    """
    found = check_remote(workspace.repo, connect(workspace, name), full=full, progress=progress)
    return FsckResult(found.findings, found.objects, 0)


class _Reached:
    """What was reached from the roots."""

    def __init__(self, workspace: Workspace, repo: Repository, refs: Refs, findings: list[Finding]) -> None:
        self.seen: set[ObjectId] = set()
        self._away: set[ObjectId] = set()
        self.proved = 0
        self._workspace = workspace
        self._repo = repo
        self._refs = refs
        self._findings = findings
        self._files: list[tuple[ObjectId, str]] = []

    def walk(self) -> None:
        """Walk, and note what cannot be read."""
        local, workspace = self._refs.mine, self._workspace
        _, damage = workspace.oplog.readable(local.oplog)
        if damage is not None:
            self._note("oplog", "oplog", damage)
        try:
            start = reachable.roots(
                self._repo, self._refs, workspace.oplog, workspace.root, since=local.horizon
            )
        except Corrupt:
            start = reachable.roots_of_refs(self._repo, self._refs, workspace.root)
        walk = reachable.Walk(
            self._repo,
            self._mark,
            dropped=local.dropped,
            damaged=lambda what, error: self._note("object", what, error),
            found=lambda oid, path: self._files.append((oid, path)),
            absent=self._tell_absent if self._workspace.config.remotes else None,
        )
        walk.run(start)
        for oid in local.dropped:
            self._findings.append(Finding("content", oid, ABSENT, "its bytes were dropped on purpose"))

    def prove(self, progress: Progress) -> None:
        """Assemble each file whose object does not prove it; a segment was proved by its id."""
        several = [one for one in self._files if self._repo.objects.kind(one[0]).is_keyed]
        progress.begin("proving files", len(several), "files")
        for oid, path in several:
            try:
                for _ in self._repo.contents.stream(oid):
                    pass
            except (Corrupt, Missing) as error:
                self._note("file", path, error)
            progress.advance(1)
        self.proved = len(self._files)

    def _tell_absent(self, oid: ObjectId, path: str) -> None:
        # Where there is a remote, versions that nobody needed yet were never fetched.
        if oid not in self._away:
            self._away.add(oid)
            self._findings.append(
                Finding("content", path, ABSENT, "not here: no version that has it was needed yet")
            )

    def _mark(self, ids: reachable.Ids) -> list[ObjectId]:
        fresh = [oid for oid in dict.fromkeys(ids) if oid not in self.seen and self._repo.objects.has(oid)]
        self.seen.update(fresh)
        return fresh

    def _note(self, what: str, name: str, error: DsvError) -> None:
        self._findings.append(Finding(what, name, UNREADABLE, error.message))
