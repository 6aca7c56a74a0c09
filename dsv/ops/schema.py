"""Tell the schema of a version, with what is known of its columns."""

from dataclasses import dataclass

from dsv.ids import ObjectId
from dsv.records import dataset_names, version_tables
from dsv.records.dataset_names import DatasetName
from dsv.records.known_tables import KnownTable
from dsv.store.repository import Repository


@dataclass(frozen=True, slots=True)
class SchemaResult:
    """The schema of a table.

    Attributes:
        path: The dataset, or the file in it.
        content: Its content id.
        facts: What is known of it.
    """

    path: str
    content: ObjectId
    facts: KnownTable


def schema(repo: Repository, place: DatasetName) -> SchemaResult:
    """Return the schema of a version; its facts are computed if need be.

    Raises:
        NotFound: No such revision, dataset or file.
        NoTable: It is no table; the message is the reason.
    """
    target = dataset_names.content_at(repo, place)
    return SchemaResult(place.full_path, target.content, version_tables.known(repo, place.full_path, target))
