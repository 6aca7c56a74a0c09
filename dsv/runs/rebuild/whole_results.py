"""All tables of a result, digested from its bytes: a file is one, a folder can be several."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import NamedTuple

from dsv.errors import UserError
from dsv.ids import ObjectId
from dsv.records import version_tables
from dsv.records.known_tables import folder_of_parts, parts_of_folder
from dsv.records.table_files import TextFiles, working_members
from dsv.runs.rebuild.clean_folder import Result
from dsv.tables import apart
from dsv.tables.facts import folder, folder_metadata
from dsv.tables.facts.folder import Group, Member
from dsv.tables.facts.table_facts import Facts
from dsv.tables.formats.reader import TableReader
from dsv.tables.values import metadata
from dsv.tables.values.metadata import Metadata


class ResultTable(NamedTuple):
    """One table of a dataset.

    Attributes:
        folder: Path of the folder that it is in, within the dataset; "" for the top.
        name: That and what its files are called, with `#` for digits; "" for a dataset that is a file.
        facts: Its facts, with details.
        open: Gives the table.
    """

    folder: str
    name: str
    facts: Facts
    open: Callable[[], AbstractContextManager[TableReader]]


class WholeResult(NamedTuple):
    """All tables of a dataset.

    Attributes:
        table: The table id.
        parts: The tables.
        metadata: Gives what is said beside their values.
    """

    table: ObjectId
    parts: tuple[ResultTable, ...]
    metadata: Callable[[], Metadata]

    @property
    def rows(self) -> int:
        """Rows of all tables together."""
        return sum(part.facts.rows for part in self.parts)


def whole(result: Result) -> WholeResult:
    """Return all tables of a result.

    Raises:
        NoTable: It is no table; the message is the reason.
        UserError: It cannot be read.
    """
    if result.checkpoint.is_dir:
        return _of_folder(result)
    place = (result.view.repo, result.view.root, result.path, result.checkpoint)
    known = version_tables.of_working(*place)
    assert known.facts is not None
    opened = partial(version_tables.working_table, *place, known.schema)

    def said() -> Metadata:
        with opened() as table:
            return metadata.of_schema(table.schema)

    return WholeResult(known.table, (ResultTable("", "", known.facts, opened),), said)


def _of_folder(result: Result) -> WholeResult:
    members = tuple(working_members(result.view.repo, result.view.root / result.path, result.checkpoint))
    texts = TextFiles()

    def do() -> apart.Found:
        return parts_of_folder(folder.folder_tables(members, texts))

    try:
        found = folder_of_parts(apart.call(do, result.checkpoint.size))
    except OSError as error:
        raise UserError(f"cannot read {result.path}: {error.strerror}") from error
    parts = tuple(
        ResultTable(one.folder, one.name, one.facts, partial(_opened, one, members, texts))
        for one in found.groups
    )
    return WholeResult(found.id, parts, partial(folder_metadata.of_folder, members))


@contextmanager
def _opened(group: Group, members: Iterable[Member], texts: TextFiles) -> Iterator[TableReader]:
    yield folder.open_group(group, members, texts)
