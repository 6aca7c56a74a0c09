"""Folders of tables: the shards of one table, or several tables side by side."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import pyarrow as pa

from dsv.errors import NoTable
from dsv.hashing import derived_hasher
from dsv.ids import ObjectId
from dsv.tables.facts.compute import compute
from dsv.tables.facts.table_facts import Facts
from dsv.tables.formats.byte_source import ByteSource
from dsv.tables.formats.open_table import OpenText, open_table
from dsv.tables.formats.reader import TableReader
from dsv.tables.values.types import describe

FOLDER_CONTEXT = "dsv 2026-11 folder of tables v1"

SAVE_TO_DISK = frozenset({"dataset_info.json", "state.json", "dataset_dict.json"})
_NAMED = 5
_DIGITS = re.compile(r"[0-9]+")


class SeveralTables(NoTable):
    """A folder holds more than one table.

    Attributes:
        paths: What each can be named by: the folder that holds nothing else, else its first file.
    """

    def __init__(self, message: str, paths: tuple[str, ...]) -> None:
        super().__init__(message)
        self.paths = paths


class Member(NamedTuple):
    """A file in a folder.

    Attributes:
        path: Relative to the folder, with `/`.
        open: Opens its bytes; what it returns is closed if it can be.
    """

    path: str
    open: Callable[[], ByteSource]


@dataclass(frozen=True, slots=True)
class Group:
    """The shards of one table.

    Attributes:
        folder: Path of the folder that they are in; empty for the top.
        pattern: Their common name, with `#` for each run of digits.
        files: Their paths, in the order of their rows.
        facts: Of the table that they make together.
    """

    folder: str
    pattern: str
    files: tuple[str, ...]
    facts: Facts

    @property
    def name(self) -> str:
        """Folder and pattern as one path."""
        return f"{self.folder}/{self.pattern}" if self.folder else self.pattern


@dataclass(frozen=True, slots=True)
class FolderTables:
    """What a folder holds.

    Attributes:
        id: The table id of the folder.
        groups: Its tables, sorted by folder and pattern.
    """

    id: ObjectId
    groups: tuple[Group, ...]

    @property
    def rows(self) -> int:
        """Rows of all tables together."""
        return sum(group.facts.rows for group in self.groups)


def is_skipped(path: str) -> bool:
    """Whether a file in a folder has no part in its table id."""
    parts = path.split("/")
    return parts[-1] in SAVE_TO_DISK or any(part.startswith(("_", ".")) for part in parts)


def folder_tables(members: Iterable[Member], open_text: OpenText | None = None) -> FolderTables:
    """Return the tables of a folder and its table id.

    Args:
        members: All files below the folder.
        open_text: How text formats are opened, None to refuse them.

    Raises:
        NoTable: The folder holds no table, or something else as well; the message names it.
    """
    groups = tuple(
        Group(folder, pattern, tuple(member.path for member in shards), _facts(shards, open_text))
        for (folder, pattern, _), shards in sorted(grouped(members, open_text).items())
    )
    if not groups:
        raise NoTable("no table in the folder")
    return FolderTables(folder_id([(g.folder, g.pattern, g.facts.table) for g in groups]), groups)


def open_folder(members: Iterable[Member], open_text: OpenText | None = None) -> TableReader:
    """Return a folder that is one table as that table.

    Raises:
        NoTable: The folder holds no table, several, or something else as well.
    """
    groups = grouped(members, open_text)
    if not groups:
        raise NoTable("no table in the folder")
    if len(groups) > 1:
        names = [f"{folder}/{pattern}".lstrip("/") for folder, pattern, _ in sorted(groups)]
        more = "" if len(names) <= _NAMED else f" and {len(names) - _NAMED} more"
        raise SeveralTables(
            f"{len(names)} tables in the folder: {', '.join(names[:_NAMED])}{more}", _paths(groups)
        )
    (shards,) = groups.values()
    return _Shards(shards, open_text)


def open_group(group: Group, members: Iterable[Member], open_text: OpenText | None = None) -> TableReader:
    """Return one of the tables of a folder; `members` are all files below the folder."""
    files = frozenset(group.files)
    shards = [member for member in members if member.path in files]
    return _Shards(sorted(shards, key=lambda member: member.path.encode()), open_text)


def folder_id(tables: Sequence[tuple[str, str, ObjectId]]) -> ObjectId:
    """Return the table id of a folder: of the one table that it is, or of several.

    Args:
        tables: Folder, pattern and table id of each.
    """
    if len(tables) == 1:
        return tables[0][2]
    hasher = derived_hasher(FOLDER_CONTEXT)
    hasher.update(len(tables).to_bytes(8, "little"))
    for folder, pattern, table in sorted((f.encode(), p.encode(), bytes.fromhex(t)) for f, p, t in tables):
        hasher.update(len(folder).to_bytes(8, "little") + folder)
        hasher.update(len(pattern).to_bytes(8, "little") + pattern + table)
    return ObjectId(hasher.hexdigest())


_Key = tuple[str, str, tuple[tuple[str, str], ...]]


def grouped(members: Iterable[Member], open_text: OpenText | None = None) -> dict[_Key, list[Member]]:
    """Return which files are the shards of one table, by folder, pattern and schema.

    Raises:
        NoTable: A file is no table; the message names it.
    """
    groups: dict[_Key, list[Member]] = {}
    for member in sorted(members, key=lambda member: member.path.encode()):
        if is_skipped(member.path):
            continue
        folder, _, name = member.path.rpartition("/")
        with opened(member, open_text) as table:
            schema = tuple((column, node.text) for column, node in describe(table.schema))
        groups.setdefault((folder, _DIGITS.sub("#", name), schema), []).append(member)
    return groups


def _paths(groups: Mapping[_Key, Sequence[Member]]) -> tuple[str, ...]:
    folders = Counter(
        above
        for folder, _, _ in groups
        for above in {folder, *(f"{folder}/"[:end] for end in _slashes(folder))}
    )
    return tuple(
        folder if folder and folders[folder] == 1 else shards[0].path
        for (folder, _, _), shards in sorted(groups.items())
    )


def _slashes(folder: str) -> list[int]:
    return [place for place, letter in enumerate(folder) if letter == "/"]


def _facts(shards: Sequence[Member], open_text: OpenText | None) -> Facts:
    if len(shards) == 1:
        with opened(shards[0], open_text) as table:
            return compute(table)
    return compute(_Shards(shards, open_text))


class _Shards:
    """Files whose rows follow one another, as one table."""

    def __init__(self, shards: Sequence[Member], open_text: OpenText | None) -> None:
        self._shards = shards
        self._open_text = open_text
        with opened(shards[0], open_text) as table:
            self._schema = table.schema

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns, as the first file has them."""
        return self._schema

    @property
    def rows(self) -> None:
        """Not known before all files are read."""
        return

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows of all files in order; see `TableReader.batches`.

        Layouts may differ from file to file (`string`, `large_string`), the meaning does not.
        """
        return chain.from_iterable(self._batches(member, columns) for member in self._shards)

    def _batches(self, member: Member, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        with opened(member, self._open_text) as table:
            yield from table.batches(columns)


@contextmanager
def opened(member: Member, open_text: OpenText | None = None) -> Iterator[TableReader]:
    """Open a file; what goes wrong is told with its path."""
    with opened_bytes(member) as source:
        try:
            yield open_table(source, open_text)
        except NoTable as error:
            raise NoTable(f"{member.path}: {error}") from error


@contextmanager
def opened_bytes(member: Member) -> Iterator[ByteSource]:
    """Open a file whatever it is."""
    source = member.open()
    try:
        yield source
    finally:
        close = getattr(source, "close", None)
        if close is not None:
            close()
