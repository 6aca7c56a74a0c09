"""Show the first rows of a version as a table."""

from collections.abc import Sequence

from dsv.errors import NoTable
from dsv.records import dataset_names, needs, version_tables
from dsv.records.dataset_names import DatasetName
from dsv.records.table_files import size_of
from dsv.store.repository import Repository
from dsv.tables import apart
from dsv.tables.facts.folder import SeveralTables
from dsv.tables.formats.preview import Preview, decode, preview


def head(
    repo: Repository, place: DatasetName, *, rows: int = 10, columns: Sequence[str] | None = None
) -> Preview:
    """Return the first rows of a version.

    Args:
        repo: The repository.
        place: The dataset, or a file in it, and its revision.
        rows: How many.
        columns: Names of the columns wanted; None: all.

    Raises:
        NotFound: No such revision, dataset, file or column.
        NoTable: It is no table; the message is the reason.
    """
    target = dataset_names.content_at(repo, place)

    def shown() -> Preview:
        try:
            return preview(version_tables.start_of(repo, place.full_path, target), rows, columns)
        except SeveralTables as error:
            inside = dataset_names.inside(place, error.paths[0])
            raise NoTable(error.message, hint=f"dsv head {dataset_names.typed(inside)}") from error

    if target.is_dir:
        needs.bring_version(repo, target)
    elif not repo.contents.has(target.content):
        return shown()  # what is read is brought meanwhile, which a process of its own cannot do
    (told,) = apart.call(lambda: (shown().encode(),), size_of(repo, target))
    return decode(told)
