"""Checking a store: every byte of every pack and index against its name and its checksum."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from functools import partial
from mmap import mmap
from typing import NamedTuple

from dsv.errors import Corrupt
from dsv.hashing import Kind, checksum, file_id, object_id
from dsv.ids import ObjectId
from dsv.store.blobs.base import Blobs
from dsv.store.blobs.owners import OWNERS
from dsv.store.objects import Objects
from dsv.store.packs import index_merge
from dsv.store.packs import pack as packs
from dsv.store.packs.index import Index, Located
from dsv.store.refs import Refs

CHECKSUM = "checksum"
"""Bytes do not match their XXH3: an accident."""

ID = "id"
"""Bytes are not what their BLAKE3 name says: an accident, or somebody's work."""

FORMAT = "format"
"""Something does not have the form that it should have."""

MISSING = "missing"
"""Refs or an index name something that is not there."""

GARBAGE = "garbage"
"""Nothing names it; harmless, gc removes it."""


class Finding(NamedTuple):
    """Something that is not as it should be.

    Attributes:
        what: `pack`, `index`, `object` or `file` (one that has no business there).
        name: An id, or the name of a file.
        damage: One of this module's constants.
        detail: For people.
        pack: The pack that it is about, if any.
    """

    what: str
    name: str
    damage: str
    detail: str
    pack: str | None = None


def check(
    blobs: Blobs,
    refs: Refs,
    *,
    foreign: Collection[str] = (),
    advance: Callable[[int], None] = lambda _: None,
) -> Iterator[Finding]:
    """Yield everything that is wrong with packs and indexes; never stops early.

    Files are not assembled here: that one makes the file of its name is for the
    caller, who knows which files there should be.

    Args:
        blobs: The store.
        refs: Its refs.
        foreign: Packs of other workspaces that share the folder: they are for these to check.
        advance: Called with the bytes that were checked.

    Raises:
        StorageError: The store cannot be read.
    """
    indexes: list[Index] = []
    for ref in refs.indexes:
        found, index = _check_index(blobs, ref.id, partial(index_merge.open_index, blobs, ref))
        yield from found
        if index is not None:
            indexes.append(index)
        advance(ref.size)
    names = {pack for index in indexes for pack in index.packs}
    for blob in blobs.list("packs/"):
        pack = packs.id_of(blob.name)
        if blob.name.startswith(f"{OWNERS}/") or (pack in foreign and pack not in names):
            advance(blob.size)
            continue
        if pack is None:
            yield Finding("file", blob.name, GARBAGE, "no pack has such a name")
            continue
        if pack in names or pack not in refs.condemned:  # a condemned one may be as damaged as it likes
            yield from _check_pack(blobs, pack, indexes if pack in names else [])
        if pack not in names and len(indexes) == len(refs.indexes):
            yield Finding("pack", pack, GARBAGE, "no index lists it", pack)
        names.discard(pack)
        advance(blob.size)
    for missing in sorted(names):
        yield Finding("pack", missing, MISSING, f"pack {missing} is not there", missing)
    yield from _garbage(blobs, refs)


def _check_index(
    blobs: Blobs, oid: ObjectId, opened: Callable[[], Index]
) -> tuple[list[Finding], Index | None]:
    try:
        sound = file_id(blobs.view(index_merge.name(oid))) == oid
    except FileNotFoundError:
        return [Finding("index", oid, MISSING, f"index {oid} is not there")], None
    findings = [] if sound else [Finding("index", oid, ID, f"index {oid} is not what its name says")]
    try:
        return findings, opened()
    except Corrupt as error:
        return [*findings, Finding("index", oid, FORMAT, str(error))], None


def _check_pack(blobs: Blobs, pack: ObjectId, indexes: list[Index]) -> Iterator[Finding]:
    try:
        data = blobs.view(packs.name(pack))
    except FileNotFoundError:
        yield Finding("pack", pack, MISSING, f"pack {pack} went away while it was looked for", pack)
        return
    sound = file_id(data) == pack
    if not sound:
        yield Finding("pack", pack, ID, f"pack {pack} is not what its name says", pack)
    claims: dict[bytes, set[Located]] = defaultdict(set)
    footer = None
    try:
        packs.check_header(pack, data[: packs.HEADER.size])
        trailer = data[max(0, len(data) - packs.TRAILER.size) :]
        start, length, check = packs.footer_place(pack, len(data), trailer)
        footer = packs.open_footer(pack, data[start : start + length], check)
    except Corrupt as error:
        yield Finding("pack", pack, FORMAT, str(error), pack)
    if footer is not None:
        yield from _claims(footer, pack, claims)
    listing = [index for index in indexes if pack in index.packs]
    wrong = [one for index in listing for one in _compare(index, pack, claims, complete=footer is not None)]
    yield from wrong
    if footer is not None and not wrong:
        yield from _unlisted(footer, pack, listing)
    for key, places in claims.items():
        for place in places:
            finding = _check_object(ObjectId(key.hex()), place, data)
            if finding is not None:
                yield finding


def _unlisted(footer: Index, pack: str, indexes: list[Index]) -> Iterator[Finding]:
    """Find what a pack holds, by its footer, and the indexes that list the pack do not list."""
    import numpy as np

    listed: set[bytes] = set()
    for index in indexes:
        here = np.flatnonzero(index.numpy("pack") == index.packs.index(pack))
        listed.update(index.id_at(row) for row in here.tolist())
    lost = next((row for row in range(footer.rows) if footer.id_at(row) not in listed), None)
    if lost is None:
        return
    for index in indexes:
        detail = f"{index.name} does not list object {footer.id_at(lost).hex()}, which pack {pack} holds"
        yield Finding("index", index.name.removeprefix("index "), FORMAT, detail, pack)


def _claims(index: Index, pack: str, claims: dict[bytes, set[Located]]) -> Iterator[Finding]:
    """Note by id the places where a footer has the object; yield the rows that name no place of a pack."""
    for row in range(index.rows):
        try:
            claims[index.id_at(row)].add(index.at(row))
        except Corrupt as error:
            yield Finding("pack", pack, FORMAT, str(error), pack)


def _compare(
    index: Index, pack: str, claims: dict[bytes, set[Located]], *, complete: bool
) -> Iterator[Finding]:
    """Find the rows of an index that the pack's own footer contradicts."""
    import numpy as np

    ordinal = index.packs.index(pack)
    for row in np.flatnonzero(index.numpy("pack") == ordinal).tolist():
        key = index.id_at(row)
        try:
            place = index.at(row)
        except Corrupt as error:
            yield Finding("index", index.name.removeprefix("index "), FORMAT, str(error), pack)
            continue
        if complete and place not in claims.get(key, ()):
            detail = f"{index.name} and the footer of pack {pack} disagree on object {key.hex()}"
            yield Finding("index", index.name.removeprefix("index "), FORMAT, detail, pack)
        elif not complete:
            claims[key].add(place)


def _check_object(oid: ObjectId, place: Located, data: bytes | mmap) -> Finding | None:
    stored = data[place.offset : place.offset + place.stored]
    if checksum(stored) != place.checksum:
        detail = f"object {oid} in pack {place.pack} does not match its checksum"
        return Finding("object", oid, CHECKSUM, detail, place.pack)
    try:
        kind = Kind(place.kind)
        raw = Objects.decode(oid, place, stored)
    except (Corrupt, ValueError) as error:
        return Finding("object", oid, FORMAT, str(error), place.pack)
    if not kind.is_keyed and object_id(kind, raw) != oid:
        detail = f"object {oid} in pack {place.pack} is not what its id says"
        return Finding("object", oid, ID, detail, place.pack)
    return None


def _garbage(blobs: Blobs, refs: Refs) -> Iterator[Finding]:
    live = {index_merge.name(ref.id) for ref in refs.indexes}
    for prefix in ("index/", "tmp/"):
        for blob in blobs.list(prefix):
            if blob.name not in live:
                yield Finding("file", blob.name, GARBAGE, "nothing names it")
