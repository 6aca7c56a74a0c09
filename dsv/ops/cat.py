"""Give the bytes of a version, exact or as a table in another format."""

import shlex
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, Literal

from dsv.errors import Refused
from dsv.hashing import Buffer
from dsv.model.node import DIR
from dsv.progress import SILENT, Progress, Total
from dsv.records import dataset_names
from dsv.records.dataset_names import DatasetName
from dsv.store.repository import Repository

Format = Literal["arrow", "parquet", "csv", "jsonl"]


def cat(repo: Repository, place: DatasetName, *, progress: Progress = SILENT) -> Iterator[Buffer]:
    """Return the exact bytes of a file dataset, or of a file in a folder dataset, piece by piece.

    Args:
        repo: The repository.
        place: The file.
        progress: Counts the bytes.

    Raises:
        NotFound: No such revision, dataset or file.
        Refused: It is a folder.
        Missing: Its bytes are not in the store.
        Corrupt: They are damaged; what was yielded before is not to be trusted.
    """
    target = dataset_names.content_at(repo, place)
    if target.kind == DIR:
        raise Refused(f"{place.full_path} is a folder", hint=f"dsv ls {shlex.quote(place.path)}")
    return _counted(
        repo.contents.stream(target.content), partial(repo.contents.size, target.content), progress
    )


def _counted(pieces: Iterator[Buffer], size: Total, progress: Progress) -> Iterator[Buffer]:
    progress.begin("writing", size, "B")
    for piece in pieces:
        yield piece
        progress.advance(len(piece))


def convert(repo: Repository, place: DatasetName, form: Format, out: BinaryIO) -> None:
    """Write a version as a table in the format `form`, in bounded memory.

    Raises:
        NoTable: It is no table; the message is the reason.
        NotFound: No such revision, dataset or file.
        OSError: From `out`.
    """
    from dsv.records import version_tables
    from dsv.tables.write import convert as converter

    target = dataset_names.content_at(repo, place)
    converter.write(version_tables.table_of(repo, place.full_path, target), form, out)
