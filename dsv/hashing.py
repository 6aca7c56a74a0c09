"""Hashes: BLAKE3 for trust, XXH3 for speed. The only importer of either package.

A file id is the plain BLAKE3-256 of the bytes, as `b3sum` prints it; a segment is
named like the file of its bytes. Every other object is named by BLAKE3 in key
derivation mode (BLAKE3 paper, section 2.3) with a context per kind, so that the
bytes of one kind can never pass for another.
"""

from enum import IntEnum
from mmap import mmap
from typing import Protocol

from blake3 import blake3
from xxhash import xxh3_64_intdigest

from dsv.ids import ObjectId

Buffer = bytes | bytearray | memoryview


class Hasher(Protocol):
    """What is used of a BLAKE3 hasher; updates of 2 KiB and more release the GIL."""

    def update(self, data: Buffer, /) -> object:
        """Feed `data`."""

    def digest(self) -> bytes:
        """Return the 32-byte digest of what was fed."""

    def hexdigest(self) -> str:
        """Return the digest as 64 hex digits."""


class Kind(IntEnum):
    """What an object is. The numbers are part of the format and are never reused."""

    SEGMENT = 1
    RECIPE = 2
    BLOCKS = 3
    COMMIT = 16
    NODE = 17
    CHECKPOINT = 18
    SOURCE = 19
    RUN = 20
    ATTEMPT = 21
    ENVIRONMENT = 22
    CODE = 23
    FACTS = 24
    SCHEMA = 25
    LISTING = 26

    @property
    def is_data(self) -> bool:
        """Whether objects of this kind live in data packs, apart from the meta packs."""
        return self < Kind.COMMIT

    @property
    def is_keyed(self) -> bool:
        """Whether an object may be stored under an id that is a key, so that its bytes do not prove it."""
        return self in _KEYED


_KEYED = frozenset({Kind.RECIPE, Kind.FACTS})
_CONTEXTS = {kind: f"dsv 2026-11 {kind.name.lower()} v1" for kind in Kind}
_DERIVED = {kind: blake3(derive_key_context=context) for kind, context in _CONTEXTS.items()}


def file_id(data: Buffer | mmap) -> ObjectId:
    """Return the file id of `data`: its BLAKE3-256, as `b3sum` prints it."""
    return ObjectId(blake3(data).hexdigest())


def file_hasher() -> Hasher:
    """Return a hasher whose `hexdigest()` is a file id."""
    return blake3()


def object_id(kind: Kind, data: Buffer) -> ObjectId:
    """Return the id of the object of `kind` whose canonical encoding is `data`."""
    if kind is Kind.SEGMENT:
        return file_id(data)
    hasher = _DERIVED[kind].copy()
    hasher.update(data)
    return ObjectId(hasher.hexdigest())


def derived_hasher(context: str) -> Hasher:
    """Return a BLAKE3 hasher in key derivation mode for `context`, a constant string."""
    return blake3(derive_key_context=context)


def checksum(data: Buffer) -> int:
    """Return the XXH3-64 of `data`: finds accidents, resists nobody, names nothing."""
    return xxh3_64_intdigest(data)


def leading_zero_bits(data: Buffer) -> int:
    """Return with how many zero bits (at most 32) the BLAKE3 of `data` starts."""
    return 32 - int.from_bytes(blake3(data).digest(4), "big").bit_length()
