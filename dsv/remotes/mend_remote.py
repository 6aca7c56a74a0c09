"""Mending a remote: what it lost or has damaged is sent again, as far as this store has it."""

import secrets
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from dsv.errors import Corrupt, RefMoved
from dsv.hashing import Kind
from dsv.ids import ObjectId
from dsv.progress import SILENT, Progress
from dsv.records import reachable
from dsv.remotes.outgoing import strike
from dsv.remotes.remote import RemoteStore, pause
from dsv.remotes.uploads import Uploads
from dsv.store import holdings
from dsv.store.objects import Objects
from dsv.store.packs import index_file, index_merge, index_rows
from dsv.store.packs import pack as packs
from dsv.store.packs.index import Index, Located
from dsv.store.refs import WRITES_KEPT, IndexRef, Refs
from dsv.store.repository import Repository
from dsv.store.swapping import swap_until
from dsv.store.upkeep import check, mend
from dsv.store.upkeep.collect import Marks, leave_out, open_all
from dsv.store.writer import Writer

_TRIES = 8
_WORKERS = 4


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was mended.

    Attributes:
        packs: Packs of the remote that were missing or damaged.
        sent: Objects that were sent again.
        kept: Objects that were copied, as they were sound in a damaged pack.
        lost: Objects that are neither sound there nor here.
    """

    packs: tuple[str, ...] = ()
    sent: int = 0
    kept: int = 0
    lost: tuple[ObjectId, ...] = ()


def repair_remote(repo: Repository, remote: RemoteStore, *, progress: Progress = SILENT) -> Repaired:
    """Read every byte of a remote, and send again what is missing or damaged there and sound here.

    Packs are never written over: what is mended is in new ones, and those that nothing needs any more
    are condemned. Where an object is nowhere, its pack stays named, for somebody who has it.

    Raises:
        Corrupt: The refs of the remote are damaged.
        RefMoved: Others kept changing them.
        StorageError: The remote cannot be read or written.
    """
    with Uploads(remote.blobs, remote.folder / "repair") as uploads:

        def decide(_: int) -> tuple[Repaired, Callable[[], None] | None]:
            remote.load()
            repair = _Repair(repo, remote, uploads, progress)
            done, wanted = repair.run()
            if wanted == remote.refs and not repair.broken:
                return done, None
            return done, partial(_swap, remote, uploads, wanted, repair.broken)

        gave_up = RefMoved(f"others kept changing remote {remote.name}", hint="run the command again")
        return swap_until(decide, gave_up, tries=_TRIES, pause=pause)


def _swap(remote: RemoteStore, uploads: Uploads, wanted: Refs, broken: Collection[IndexRef]) -> None:
    have = set(remote.refs.indexes) - set(broken)
    remote.blobs.send_indexes([ref for ref in wanted.indexes if ref not in have])
    writes = (*wanted.writes, secrets.token_hex(8))[-WRITES_KEPT:]
    remote.swap(replace(wanted, writes=writes, epoch=wanted.epoch + 1))
    uploads.settle(list(uploads.arrived))


class _Row(NamedTuple):
    key: bytes
    place: Located


class _Repair:
    """One try."""

    def __init__(self, repo: Repository, remote: RemoteStore, uploads: Uploads, progress: Progress) -> None:
        self._repo = repo
        self._remote = remote
        self._uploads = uploads
        self._progress = progress
        self._sent: set[bytes] = set()
        self._kept = 0
        self._lost: list[_Row] = []
        self.broken: set[IndexRef] = set()

    def run(self) -> tuple[Repaired, Refs]:
        """Send what is lacking; return what was done, and the refs that shall follow."""
        blobs, refs = self._remote.blobs, self._remote.refs
        self.broken = self._broken_indexes(refs)
        indexes = mend.mended_indexes(blobs, refs, strict=False) if self.broken else None
        refs = refs if indexes is None else replace(refs, indexes=indexes)
        damaged = self._damaged(refs)
        with Writer(Objects(self._uploads, Refs), workers=_WORKERS) as writer:
            for pack in sorted(damaged):
                self._mend_pack(refs, pack, damaged, writer)
            left = leave_out(blobs, open_all(blobs, refs), damaged)
            kept = (*left, *self._lost_rows())
            self._send_lacking(replace(refs, indexes=kept), writer)
            sealed = writer.seal()
        still = {row.place.pack for row in self._lost}
        gone = dict.fromkeys(damaged - still, int(time.time()))
        wanted = replace(refs, indexes=(*kept, *sealed.indexes), condemned={**refs.condemned, **gone})
        lost = tuple(ObjectId(row.key.hex()) for row in self._lost)
        return Repaired(tuple(sorted(damaged)), len(self._sent), self._kept, lost), wanted

    def _broken_indexes(self, refs: Refs) -> set[IndexRef]:
        """Bring the indexes here; return those that are missing or damaged."""
        broken = set()
        for ref in refs.indexes:
            try:
                self._remote.blobs.fetch_indexes([ref])
            except (Corrupt, FileNotFoundError):
                broken.add(ref)
        return broken

    def _damaged(self, refs: Refs) -> set[str]:
        blobs = self._remote.blobs
        size = sum(blob.size for blob in blobs.list("packs/"))
        self._progress.begin("checking", size, "B")
        found = check.check(blobs, refs, advance=self._progress.advance)
        listed = {pack for index in open_all(blobs, refs).values() for pack in index.packs}
        return {one.pack for one in found if one.pack in listed and one.pack and one.damage != check.GARBAGE}

    def _mend_pack(self, refs: Refs, pack: str, damaged: Collection[str], writer: Writer) -> None:
        blobs = self._remote.blobs
        indexes = tuple(open_all(blobs, refs).values())
        try:
            content = blobs.read(packs.name(pack))
        except (Corrupt, FileNotFoundError):
            content = b""
        for key, place in dict(mend.listed(indexes, pack)).items():
            row = _Row(key, place)
            if key in self._sent or mend.has_other(blobs, indexes, key, place, damaged):
                continue
            stored = content[place.offset : place.offset + place.stored]
            if mend.proves(key, place, stored):
                writer.relocate(key, place, stored)
                self._kept += 1
            elif self._add(key, Kind(place.kind), writer):
                self._sent.add(key)
            elif place.kind != Kind.FACTS:  # they are computed again
                self._lost.append(row)

    def _add(self, key: bytes, kind: Kind, writer: Writer) -> bool:
        """Add an object from the store here, proved; False if that has none that is sound."""
        here = self._repo.objects
        for index in here.indexes(data=kind.is_data):
            for place in index.places(key):
                if holdings.interchangeable(place.kind, kind) and mend.is_sound(here.blobs, key, place):
                    stored = here.blobs.read(packs.name(place.pack), place.offset, place.stored)
                    writer.relocate(key, place, stored)
                    return True
        return False

    def _lost_rows(self) -> Iterable[IndexRef]:
        """Write indexes of the rows that nobody could mend."""
        for data in (True, False):
            chosen = [row for row in self._lost if Kind(row.place.kind).is_data == data]
            if not chosen:
                continue
            names = sorted({row.place.pack for row in chosen})
            table = b"".join(
                index_rows.ROW.pack(row.key, *row.place[:2], names.index(row.place.pack), *row.place[3:])
                for row in chosen
            )
            content = b"".join(index_file.encode(index_rows.columns(index_rows.sort(table)), names))
            source = Index("what is lost", content)
            yield from index_merge.store(self._remote.blobs, [source], data=data)

    def _send_lacking(self, refs: Refs, writer: Writer) -> None:
        """Add what the remote's refs reach, as far as it is known here, and its indexes do not list."""
        here = self._repo.objects
        mine = self._repo.refs()
        here.refresh(mine)
        marks = Marks(here, mine)
        commits = {*refs.branches.values(), *refs.tags.values()}
        walk = reachable.Walk(self._repo, marks.mark, damaged=lambda _, __: None)
        walk.run(reachable.Roots(commits={oid for oid in commits if here.has(oid)}))
        strike(marks, list(open_all(self._remote.blobs, refs).values()))
        for key in _marked(marks):
            if key not in self._sent:
                place = here.listed(key, data=True) or here.listed(key, data=False)
                if place is not None and self._add(key, Kind(place.kind), writer):
                    self._sent.add(key)


def _marked(marks: Marks) -> Iterable[bytes]:
    """Yield the ids, 32 bytes each, of marked rows; one that is listed twice comes twice."""
    import numpy as np

    for ref, index in marks.indexes.items():
        live: Any = np.flatnonzero(marks.live[ref])
        yield from (index.id_at(row) for row in live.tolist())
