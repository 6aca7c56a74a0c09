"""Deleting what is garbage: only what dsv wrote, and only when everybody who might need it was asked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dsv.errors import Corrupt
from dsv.ids import ObjectId
from dsv.store.blobs import owners
from dsv.store.blobs.base import BlobInfo, Blobs
from dsv.store.objects import read_footer
from dsv.store.packs import index_merge
from dsv.store.packs import pack as packs
from dsv.store.refs import Refs
from dsv.store.upkeep.collect import GRACE, open_all
from dsv.store.upkeep.sharing import Others

_INDEX = re.compile(r"index/[0-9a-f]{64}\.arrow")
_INDEX_HEAD, _INDEX_MARK, _HEAD = b"ARROW1\0\0", b"dsv.index", 4096

_SHARED_SCRATCH = re.compile(
    r"tmp/(\.dsv-tmp-[0-9a-f]{16}|check-[0-9a-f]{64}|clock-[0-9a-f]{16}|[0-9a-f]{16})"
)
_OWN_SCRATCH = re.compile(
    r"tmp/(\.dsv-tmp-[0-9a-f-]+|(replay|rebuilt)-[0-9a-f]{16}|run-\w{8}|import-[0-9a-f]{32})(\.lock|/.*)?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a sweep deleted, or would delete.

    Attributes:
        packs: Names of packs.
        others: Names of indexes and temporary files.
        freed: Bytes of all of them.
        condemned: Those packs that are still condemned after it; the caller puts it into refs.
        held: How many packs stay because a workspace that may need them could not be asked.
    """

    packs: tuple[str, ...]
    others: tuple[str, ...]
    freed: int
    condemned: dict[str, int]
    held: int = 0


def sweep(
    blobs: Blobs,
    refs: Refs,
    *,
    now: float,
    grace: float,
    others: Others | None = None,
    dry_run: bool = False,
) -> Deleted:
    """Delete what refs condemned before the grace, and what no refs name and is older than it.

    Args:
        blobs: The store.
        refs: Its refs as they were just read.
        now: Seconds since 1970 by the clock of the place.
        grace: Seconds.
        others: What other workspaces need of its packs; None: nobody was asked.
        dry_run: Only say what would go.

    Raises:
        Corrupt: An index is damaged, so that nobody knows what is garbage.
        StorageError: Something cannot be deleted.
    """
    judge = _Judge(blobs, refs, now, grace, others)
    old_packs = list(judge.packs())
    old_others = list(judge.scratch())
    if not dry_run:
        for blob in (*old_packs, *old_others):
            blobs.delete(blob.name)
    going = {packs.id_of(blob.name) for blob in old_packs}
    condemned = {
        pack: since
        for pack, since in refs.condemned.items()
        if pack in judge.present and pack not in going and pack not in judge.live
    }
    return Deleted(
        tuple(blob.name for blob in old_packs),
        tuple(blob.name for blob in old_others),
        sum(blob.size for blob in (*old_packs, *old_others)),
        condemned,
        judge.held,
    )


class _Judge:
    """Says what may go."""

    def __init__(self, blobs: Blobs, refs: Refs, now: float, grace: float, others: Others | None) -> None:
        self.live = {pack for index in open_all(blobs, refs).values() for pack in index.packs}
        self.present: set[str] = set()
        self.held = 0
        self._blobs = blobs
        self._refs = refs
        self._now = now
        self._grace = grace
        self._others = others

    def packs(self) -> Iterator[BlobInfo]:
        """Yield the packs that may go."""
        others, old = self._others or Others(), []
        for blob in self._blobs.list("packs/"):
            if self._others is None and blob.name.startswith(f"{owners.OWNERS}/"):
                others = Others(several=True, unknown=True)
            pack = packs.id_of(blob.name)
            if pack is not None:
                self.present.add(pack)
                if pack not in self.live and self._is_old(pack, blob, others):
                    old.append((pack, blob))
        for pack, blob in old:
            if pack in others.needed:
                continue
            if others.away or others.unknown:
                self.held += 1
            elif pack in self._refs.condemned or (
                blob.modified >= others.since and self._is_pack(pack, blob.size)
            ):
                yield blob

    def _is_old(self, pack: ObjectId, blob: BlobInfo, others: Others) -> bool:
        since = self._refs.condemned.get(pack)
        if since is not None:
            return since + self._grace <= self._now
        # Another workspace may have written it just now, whatever this one knows of its own commands.
        grace = max(self._grace, GRACE) if others.several else self._grace
        return blob.modified + grace <= self._now

    def _is_pack(self, pack: ObjectId, size: int) -> bool:
        try:
            packs.check_header(pack, self._blobs.read(packs.name(pack), 0, packs.HEADER.size))
            read_footer(self._blobs, pack, size)
        except (Corrupt, FileNotFoundError):
            return False
        return True

    def scratch(self) -> Iterator[BlobInfo]:
        """Yield the indexes and temporary files that may go."""
        spared = {index_merge.name(ref.id) for ref in self._refs.indexes}
        for blob in self._blobs.list("index/"):
            old = blob.modified + self._grace <= self._now
            if old and blob.name not in spared and self._is_index(blob):
                yield blob
        ours = _OWN_SCRATCH if self._refs.local is not None else _SHARED_SCRATCH
        for blob in self._blobs.list("tmp/"):
            if blob.modified + self._grace <= self._now and ours.fullmatch(blob.name):
                yield blob

    def _is_index(self, blob: BlobInfo) -> bool:
        if not _INDEX.fullmatch(blob.name):
            return False
        try:
            head = self._blobs.read(blob.name, 0, min(blob.size, _HEAD))
        except (Corrupt, FileNotFoundError):
            return False
        return head.startswith(_INDEX_HEAD) and _INDEX_MARK in head
