"""Reading any version of a dataset, and writing tables whose versions share their bytes."""

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dsv.api import around
from dsv.atomic import storing, sync_file, temp_name
from dsv.capture import marker, reads
from dsv.capture.reads import Read
from dsv.errors import DsvError, NotFound, Refused
from dsv.model.checkpoint import Checkpoint
from dsv.records import dataset_names
from dsv.records.dataset_names import DatasetName
from dsv.store.repository import Repository
from dsv.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

    from dsv.tables.formats.dialect import TextSchema
    from dsv.tables.write.stable import Rows

_BEST = "best"


class _Stored(NamedTuple):
    """A version in the store."""

    workspace: Workspace
    place: DatasetName
    version: Checkpoint


def write_table(
    path: str | os.PathLike[str],
    table: "Rows",
    *,
    schema: "pa.Schema | None" = None,
    compression: str | None = _BEST,
    dictionary: bool = True,
) -> int:
    """Write a table into a file, and return its number of rows.

    `.parquet` is cut into pages by content, so that a later version which differs in some rows shares the
    other pages with this one; `.arrow` is an Arrow IPC file, `.arrows` a stream. The same rows in any batches give
    the same bytes. The file is there as a whole or not at all, and memory holds a row group at most.

    Args:
        path: The file; its folder is there.
        table: A table or reader of pyarrow, a frame of pandas, polars or DuckDB, or record batches.
        schema: Of the batches, if there may be none.
        compression: Of pages or buffers, None for none; by default zstd for Parquet and none for Arrow.
        dictionary: Whether Parquet may number values that repeat. Without it files are larger, and versions
            with rows put in between share more.

    Raises:
        UsageFault: The suffix says no format, or `table` is none.
        Refused: The format has no values for a type of the table.
        StorageError: It cannot be written; what was there is still there.
    """
    from dsv.tables.write import stable

    target = around.here() / path
    form = stable.form_of(target.name)
    reader = stable.reader_of(table, schema)
    if compression == _BEST:
        compression = "zstd" if form == "parquet" else None
    temp = target.with_name(temp_name())
    try:
        with storing("write", os.fspath(path)), temp.open("xb") as out:
            rows = stable.write(reader, out, form, compression=compression, dictionary=dictionary)
            out.flush()
            sync_file(out.fileno())
            temp.replace(target)
    finally:
        temp.unlink(missing_ok=True)
    return rows


def open_table(
    path: str | os.PathLike[str], rev: str | None = None, columns: Sequence[str] | None = None
) -> "pa.RecordBatchReader":
    """Return a dataset, or a file in one, as a stream of record batches, without checking it out.

    Inside of a run it counts as an input, in the version that was read.

    Args:
        path: Where it is.
        rev: A revision, as in `PATH@REV`; None: what is in the working tree, else what is staged or committed.
        columns: Names of the columns that are wanted, in that order; None: all.

    Raises:
        NotFound: No such file, revision, dataset or column.
        NoTable: It is no table; the message is the reason.
        Missing: Its bytes are nowhere to be had.
    """
    from dsv.tables.write import handed_out

    found = _find(path, rev)
    if isinstance(found, Path):
        with storing("read", os.fspath(path)):
            name = Path(path).name
            return handed_out.stream(handed_out.open_path(found, _schema(found, name), name=name), columns)
    from dsv.records import version_tables

    workspace, place, version = found
    return handed_out.stream(version_tables.table_of(workspace.repo, place.full_path, version), columns)


def open_file(path: str | os.PathLike[str], rev: str | None = None) -> io.BufferedReader:
    """Return a dataset that is a file, or a file in one, opened to be read; it can be sought.

    Inside of a run it counts as an input, in the version that was read.

    Args:
        path: Where it is.
        rev: A revision, as in `PATH@REV`; None: what is in the working tree, else what is staged or committed.

    Raises:
        NotFound: No such file, revision or dataset.
        Refused: It is a folder.
        Missing: Its bytes are nowhere to be had.
    """
    found = _find(path, rev)
    if isinstance(found, Path):
        if found.is_dir():
            raise Refused(f"{os.fspath(path)} is a folder")
        with storing("read", os.fspath(path)):
            return found.open("rb")
    from dsv.tables.formats.file_source import binary_file

    workspace, place, version = found
    if version.is_dir:
        raise Refused(f"{place.full_path} is a folder")
    return binary_file(workspace.repo.contents.open(version.content, place.full_path.rpartition("/")[2]))


def _find(path: str | os.PathLike[str], rev: str | None) -> Path | _Stored:
    """Return where a version is: a file or folder of this machine, or in the store; the run is told."""
    full = around.here() / path
    clean = around.replayed()
    if clean is not None:
        return _laid_out(clean, path, rev)
    if rev is None and full.exists():
        return full
    try:
        workspace = around.workspace()
    except NotFound as error:
        raise NotFound(f"no such file or folder: {os.fspath(path)}", hint=error.hint) from error
    name = around.relative(path, workspace.root)
    place = _place(workspace.repo, name, rev)
    found = _Stored(workspace, place, dataset_names.content_at(workspace.repo, place))
    folder = around.reports()
    if folder is not None:
        whole = dataset_names.dataset_at(workspace.repo, place).checkpoint
        with storing("report into", folder):
            reads.report(folder, Read(place.path, rev, whole))
    return found


def _place(repo: Repository, name: str, rev: str | None) -> DatasetName:
    if rev is not None:
        return dataset_names.place(repo, f"{name}@{rev}", ())
    staged = dataset_names.datasets_at(repo, None)
    found = dataset_names.place(repo, name, staged)
    if found.path in staged or repo.refs().head is None:
        return found
    return dataset_names.place(repo, f"{name}@HEAD", staged)


def _laid_out(clean: Path, path: str | os.PathLike[str], rev: str | None) -> Path:
    """Return where the recorded input is in the clean folder of a replay."""
    parts = around.relative(path, clean).split("/")
    ends = range(len(parts), 0, -1)
    names = [("/".join(parts[:end]), parts[end:]) for end in ends]
    suffix = "" if rev is None else f"@{rev}"
    for name, rest in names:
        place = clean.joinpath(f"{name}{suffix}", *rest)
        if place.exists():
            return place
    raise NotFound(f"{'/'.join(parts)}{suffix} is no input of the run that is being replayed")


def _schema(found: Path, name: str) -> "TextSchema | None":
    """Return the schema that a text of the workspace is known to have, or had in the run that is replayed."""
    from dsv.tables.format_names import text_format
    from dsv.tables.formats.dialect import TextSchema

    if text_format(name) is None:
        return None
    clean = around.replayed()
    if clean is not None:
        text = marker.schemas(clean).get(found.relative_to(clean).as_posix())
        return None if text is None else TextSchema.decode(text.encode(), "the schema of an input")
    try:
        workspace = around.workspace()
        known = dataset_names.datasets_at(workspace.repo, None).get(around.relative(found, workspace.root))
    except DsvError:
        return None
    if known is None or known.checkpoint.schema is None:
        return None
    from dsv.hashing import Kind

    record = workspace.repo.objects.get_record(Kind.SCHEMA, known.checkpoint.schema)
    return TextSchema.decode(record, "the schema of a dataset")
