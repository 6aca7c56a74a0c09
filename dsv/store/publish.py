"""Putting what a writer added into the refs that are about to be published."""

import os
from dataclasses import replace

from dsv.errors import Conflict
from dsv.hashing import Kind
from dsv.store.blobs.base import Blobs
from dsv.store.objects import read_footer
from dsv.store.packs import index_merge
from dsv.store.refs import WRITES_KEPT, IndexRef, Refs
from dsv.store.writer import Writer


class Sealing:
    """What one publication has sealed so far, over all its tries."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._indexes: list[IndexRef] = []
        self._relied: set[str] = set()
        self._epoch: int | None = None

    def seal(self, writer: Writer, refs: Refs, wanted: Refs) -> Refs:
        """Return `wanted` with everything in it that this publication wrote.

        Args:
            writer: What it adds in this try.
            refs: The refs that will be replaced.
            wanted: What it wants them to be.

        Raises:
            Conflict: gc took away a pack that the writer took for granted.
            StorageError: Something cannot be written.
        """
        self._indexes += writer.seal().indexes
        self._relied |= writer.relied
        if self._epoch is None:
            self._epoch = writer.objects.epoch
        if refs.epoch != self._epoch:
            wanted = self._rescue(refs, wanted)
        if not self._indexes:
            return wanted
        live = index_merge.compact(self._blobs, (*refs.indexes, *self._indexes))
        writes = (*refs.writes, os.urandom(8).hex())[-WRITES_KEPT:]
        return replace(wanted, indexes=live, writes=writes)

    def _rescue(self, refs: Refs, wanted: Refs) -> Refs:
        """Take back packs that gc condemned while this publication relied on them."""
        live = {pack for ref in refs.indexes for pack in index_merge.open_index(self._blobs, ref).packs}
        lost = self._relied - live
        for pack in sorted(lost):
            try:
                footer = read_footer(self._blobs, pack)
            except FileNotFoundError as error:
                raise Conflict("gc took away data that this needs", hint="run the command again") from error
            self._indexes += index_merge.store(self._blobs, [footer], data=Kind(footer.at(0).kind).is_data)
        return replace(
            wanted, condemned={pack: at for pack, at in refs.condemned.items() if pack not in lost}
        )
