"""Taking damaged packs and indexes out of use, when all that they held is sound elsewhere.

Nothing is deleted: a pack that is not needed any more is condemned, as gc condemns it.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

from dsv.errors import Corrupt
from dsv.hashing import Kind, file_id, object_id
from dsv.ids import ObjectId
from dsv.store.blobs.base import Blobs
from dsv.store.objects import Objects, read_footer
from dsv.store.packs import index_merge
from dsv.store.packs import pack as packs
from dsv.store.packs.index import Index, Located
from dsv.store.refs import IndexRef, Refs
from dsv.store.upkeep.collect import leave_out, open_all
from dsv.store.writer import Writer


class Hurt(NamedTuple):
    """What indexes say that a damaged pack holds.

    Attributes:
        pack: Its id.
        sound: Objects that can be read from it all the same.
        elsewhere: Objects of which another pack has a sound copy, and facts, which are computed again.
        lost: Ids of objects of which no copy here is sound.
    """

    pack: ObjectId
    sound: tuple[tuple[bytes, Located], ...]
    elsewhere: int
    lost: tuple[ObjectId, ...]


def mended_indexes(
    blobs: Blobs,
    refs: Refs,
    suspects: Collection[str] = (),
    foreign: Collection[str] = (),
    *,
    strict: bool = True,
) -> tuple[IndexRef, ...] | None:
    """Return the live indexes, those that are damaged rebuilt from the footers of the packs.

    Packs that no index lists, and gc has not condemned, are listed too: an index that was lost long ago
    may have had them.

    Args:
        blobs: The store.
        refs: Its refs.
        suspects: Ids of indexes that lie, though they are what their names say: their packs disagree.
        foreign: Packs of other workspaces that share the folder.
        strict: Whether a pack with a damaged footer stops it; else that pack is left out.

    Returns:
        The indexes; None if none has to change, or if a pack that no sound index lists has a damaged footer,
        as then nobody knows what it holds.

    Raises:
        StorageError: The new ones cannot be written.
    """
    sound = {
        ref: index
        for ref in refs.indexes
        if ref.id not in suspects and (index := _open(blobs, ref)) is not None
    }
    listed = {pack for index in sound.values() for pack in index.packs} | refs.condemned.keys() | set(foreign)
    footers: dict[bool, list[Index]] = {True: [], False: []}
    for blob in blobs.list("packs/"):
        pack = packs.id_of(blob.name)
        if pack is None or pack in listed:
            continue
        try:
            data = packs.check_header(pack, blobs.read(blob.name, 0, packs.HEADER.size))
            footers[data].append(read_footer(blobs, pack, blob.size))
        except (Corrupt, FileNotFoundError):
            if strict:
                return None
    if len(sound) == len(refs.indexes) and not any(footers.values()):
        return None
    damaged = {ref.id for ref in refs.indexes if ref not in sound}
    made = [ref for data, found in footers.items() for ref in _store(blobs, found, damaged, data=data)]
    return (*sound, *made)


def _store(
    blobs: Blobs, sources: Collection[Index], damaged: Collection[str], *, data: bool
) -> Iterator[IndexRef]:
    """Write indexes like `merge.store`; where a damaged one has the name of a new one, it goes first."""
    for count, parts in index_merge.merge(tuple(sources)):
        content = b"".join(parts)
        oid = file_id(content)
        if oid in damaged:
            blobs.delete(index_merge.name(oid))
        blobs.put(index_merge.name(oid), content)
        yield IndexRef(oid, count, len(content), data)


def hurt(blobs: Blobs, refs: Refs, damaged: Collection[ObjectId]) -> Iterator[Hurt]:
    """Yield what the live indexes list in each of the `damaged` packs.

    Raises:
        Corrupt: An index is damaged.
    """
    indexes = tuple(open_all(blobs, refs).values())
    for pack in damaged:
        sound, lost, elsewhere = [], [], 0
        for key, place in listed(indexes, pack):
            if is_sound(blobs, key, place):
                sound.append((key, place))
            elif place.kind == Kind.FACTS or has_other(blobs, indexes, key, place, damaged):
                elsewhere += 1
            else:
                lost.append(ObjectId(key.hex()))
        yield Hurt(pack, tuple(sound), elsewhere, tuple(lost))


def without(objects: Objects, refs: Refs, found: Collection[Hurt], now: int) -> Refs:
    """Return refs that do without damaged packs of which nothing is lost; what is sound in these is copied.

    Args:
        objects: The store's objects.
        refs: Its refs, for which `found` was found.
        found: The packs.
        now: Seconds since 1970.

    Raises:
        Corrupt: An index is damaged.
        StorageError: The copies cannot be written.
    """
    blobs = objects.blobs
    gone = {one.pack for one in found if not one.lost}
    if not gone:
        return refs
    with Writer(objects) as writer:
        for one in found:
            for key, place in one.sound if one.pack in gone else ():
                stored = blobs.read(packs.name(one.pack), place.offset, place.stored)
                writer.relocate(key, place, stored)
        sealed = writer.seal()
    indexes = (*leave_out(blobs, open_all(blobs, refs), gone), *sealed.indexes)
    condemned = dict(refs.condemned) | dict.fromkeys(gone, now)
    return replace(refs, indexes=indexes, condemned=condemned, epoch=refs.epoch + 1)


def _open(blobs: Blobs, ref: IndexRef) -> Index | None:
    try:
        return (
            index_merge.open_index(blobs, ref)
            if file_id(blobs.view(index_merge.name(ref.id))) == ref.id
            else None
        )
    except (Corrupt, FileNotFoundError):
        return None


def listed(indexes: Collection[Index], pack: str) -> Iterator[tuple[bytes, Located]]:
    """Yield what indexes list in a pack: ids of 32 bytes, each with its place."""
    import numpy as np

    for index in indexes:
        if pack in index.packs:
            here = np.flatnonzero(index.numpy("pack") == index.packs.index(pack))
            yield from ((index.id_at(row), index.at(row)) for row in here.tolist())


def has_other(
    blobs: Blobs, indexes: Collection[Index], key: bytes, place: Located, damaged: Collection[str]
) -> bool:
    """Whether a pack that is not `damaged` has a sound copy of an object."""
    return any(
        other.pack not in damaged and other.kind == place.kind and is_sound(blobs, key, other)
        for index in indexes
        for other in index.places(key)
    )


def is_sound(blobs: Blobs, key: bytes, place: Located) -> bool:
    """Whether an object can be read from a place, and is what its id says where that is a hash of it."""
    try:
        return proves(key, place, blobs.read(packs.name(place.pack), place.offset, place.stored))
    except (Corrupt, FileNotFoundError):
        return False


def proves(key: bytes, place: Located, stored: bytes) -> bool:
    """Whether bytes are those of an object as a place says, and what its id says where that is a hash of them."""
    oid = ObjectId(key.hex())
    try:
        raw = Objects.decode(oid, place, stored)
        kind = Kind(place.kind)
    except (Corrupt, ValueError):
        return False
    return kind.is_keyed or object_id(kind, raw) == oid
