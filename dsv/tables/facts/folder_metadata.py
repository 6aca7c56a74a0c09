"""What a folder of tables says beside their values: in their schemas, and in files that are no tables."""

import re
from collections.abc import Iterable

from dsv.hashing import file_hasher
from dsv.tables.facts.folder import SAVE_TO_DISK, Member, grouped, is_skipped, opened, opened_bytes
from dsv.tables.format_names import text_format
from dsv.tables.formats.byte_source import ByteSource
from dsv.tables.values import metadata, metadata_items
from dsv.tables.values.metadata import Metadata
from dsv.tables.values.metadata_items import Item

_READ_BYTES = 64 << 20
"""Larger files of `save_to_disk` are compared by their bytes."""

_PIECE = 1 << 20

_LITTER = re.compile(
    r"(^|/)(_SUCCESS|_metadata|_common_metadata|_committed_\w+|_started_\w+|\.DS_Store|[^/]*\.crc"
    r"|(_delta_log|\.ipynb_checkpoints|__pycache__|\.cache)/.*)$"
)
"""Skipped files that say only who wrote a folder, and when, or that repeat what its tables say."""


def of_folder(members: Iterable[Member]) -> Metadata:
    """Return what a folder of tables says beside their values.

    Args:
        members: All files below the folder. Text is not opened: it says nothing beside its values.

    Raises:
        NoTable: A file cannot be read.
    """
    found: list[Item] = []
    typed: list[Member] = []
    for member in sorted(members, key=lambda member: member.path.encode()):
        if not is_skipped(member.path):
            typed += [] if text_format(member.path) else [member]
        elif not _LITTER.search(member.path):
            found += _of_file(member)
    groups = grouped(typed)
    for (folder, pattern, _), shards in sorted(groups.items()):
        name = "/".join(filter(None, (folder, pattern))) if len(groups) > 1 else ""
        found += metadata.below(name, metadata.of_shards([_of_table(shard) for shard in shards]))
    return metadata.apart(found)


def _of_table(member: Member) -> Metadata:
    with opened(member) as table:
        return metadata.of_schema(table.schema)


def _of_file(member: Member) -> Metadata:
    """Return what a file that is no table says: its meaning if `save_to_disk` wrote it, else its hash."""
    folder, _, name = member.path.rpartition("/")
    with opened_bytes(member) as source:
        if name in SAVE_TO_DISK and source.size <= _READ_BYTES:
            said = tuple(metadata_items.of_file(name, bytes(source.read_at(0, source.size))))
            return metadata.below(folder, said)
        return (Item(member.path, _hash(source)),)


def _hash(source: ByteSource) -> str:
    hasher = file_hasher()
    for start in range(0, source.size, _PIECE):
        hasher.update(source.read_at(start, min(_PIECE, source.size - start)))
    return hasher.hexdigest()
