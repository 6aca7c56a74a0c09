"""Tell what differs between two versions: datasets, their files, then their tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dsv.errors import NoTable
from dsv.ids import ObjectId
from dsv.model import file_diff
from dsv.model.checkpoint import Checkpoint
from dsv.model.file_diff import FileChange
from dsv.model.node import DIR
from dsv.progress import SILENT, Progress
from dsv.records import dataset_names, kept_tables, revisions, version_tables
from dsv.records.known_tables import KnownTable
from dsv.store.repository import Datasets, Repository
from dsv.tables.facts.prefix import undecided
from dsv.tables.facts.table_changes import TableChange, compare
from dsv.versions.survey import size_of, survey
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class DatasetDiff:
    """One dataset that differs.

    Attributes:
        path: The dataset.
        change: `added`, `removed`, `modified`, or `recoded`: other bytes, the same table.
        files: What differs in a folder, file by file.
        table: How its table differs; None where a side has no table.
        rows_before: Rows before; None without a table.
        rows_after: Rows after; None without a table.
        size_before: Bytes before, None if added.
        size_after: Bytes after, None if removed.
        no_table: Why the tables were not compared; None where they were.
    """

    path: str
    change: str
    files: tuple[FileChange, ...]
    table: TableChange | None
    rows_before: int | None
    rows_after: int | None
    size_before: int | None
    size_after: int | None
    no_table: str | None


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a dataset: a version, or what the working tree holds (`working`)."""

    checkpoint: Checkpoint
    working: bool = False


_Sides = Mapping[str, _Side]


def diff(
    workspace: Workspace,
    before: str | None = None,
    after: str | None = None,
    *,
    staged: bool = False,
    paths: Sequence[str] = (),
    progress: Progress = SILENT,
) -> tuple[DatasetDiff, ...]:
    """Return what differs between two versions, from ids, nodes and table facts alone.

    Args:
        workspace: The workspace.
        before: A revision, by default HEAD.
        after: A revision; by default the working tree.
        staged: Compare with what is staged instead of the working tree.
        paths: Only these datasets, and those in these folders; empty: all.
        progress: Counts the bytes of the working tree that are looked at.

    Raises:
        NotFound: No such revision, or a path is no dataset on either side.
    """
    old = _version(workspace.repo.datasets(_snapshot(workspace.repo, before)))
    if after is not None:
        new = _version(dataset_names.datasets_at(workspace.repo, after))
    elif staged:
        new = _version(dataset_names.datasets_at(workspace.repo, None))
    else:
        new = _working(workspace, old, progress)
    both = {**old, **new}
    chosen = dataset_names.select(both, paths, before or "HEAD") if paths else sorted(both)
    found = (_compare(workspace, path, old.get(path), new.get(path)) for path in chosen)
    return tuple(one for one in found if one is not None)


def _snapshot(repo: Repository, revision: str | None) -> ObjectId | None:
    if revision is None and repo.refs().head is None:
        return None
    return repo.snapshot_of(revisions.resolve(repo, revision or "HEAD"))


def _version(datasets: Datasets) -> _Sides:
    return {path: _Side(found.checkpoint) for path, found in datasets.items()}


def _working(workspace: Workspace, old: _Sides, progress: Progress) -> _Sides:
    """Return what the working tree holds of tracked datasets; what is absent counts as unchanged."""
    local = workspace.repo.refs().mine
    staged = workspace.repo.datasets(local.staged)
    present = workspace.repo.datasets(local.present)
    progress.begin("reading", size_of(staged, present), "B")
    sides: dict[str, _Side] = {}
    for held in survey(workspace, staged, present, progress=progress):
        if held.absent:
            sides[held.path] = old.get(held.path, _Side(held.wanted.checkpoint))
        elif held.now is not None:
            sides[held.path] = _Side(held.now, working=held.changed)
    workspace.worktree.cache.commit()
    return sides


def _compare(workspace: Workspace, path: str, old: _Side | None, new: _Side | None) -> DatasetDiff | None:
    if old is None or new is None:
        if old is None and new is None:
            return None
        return _one_sided(workspace.repo, path, old, new)
    before, after = old.checkpoint, new.checkpoint
    if before.same_data(after):
        return None
    files: tuple[FileChange, ...] = ()
    if before.kind == DIR and after.kind == DIR:
        files = tuple(file_diff.changes(before.content, after.content, workspace.repo.node))
    tables, reason = _tables(workspace, path, old, new)
    table = None
    if tables is not None and tables[0].facts is not None and tables[1].facts is not None:
        table = _compare_tables(workspace, path, (old, tables[0]), (new, tables[1]))
    recoded = tables is not None and tables[0].table == tables[1].table and before.kind == after.kind
    return DatasetDiff(
        path=path,
        change="recoded" if recoded else "modified",
        files=files,
        table=table,
        rows_before=None if tables is None else tables[0].rows,
        rows_after=None if tables is None else tables[1].rows,
        size_before=before.size,
        size_after=after.size,
        no_table=reason,
    )


def _one_sided(repo: Repository, path: str, old: _Side | None, new: _Side | None) -> DatasetDiff:
    side = new if old is None else old
    assert side is not None
    known = None if side.working else kept_tables.kept(repo, side.checkpoint)
    rows = None if known is None else known.rows
    size = side.checkpoint.size
    return DatasetDiff(
        path=path,
        change="added" if old is None else "removed",
        files=(),
        table=None,
        rows_before=None if old is None else rows,
        rows_after=None if new is None else rows,
        size_before=None if old is None else size,
        size_after=None if new is None else size,
        no_table=None,
    )


def _tables(
    workspace: Workspace, path: str, old: _Side, new: _Side
) -> tuple[tuple[KnownTable, KnownTable] | None, str | None]:
    try:
        before = version_tables.known(workspace.repo, path, old.checkpoint, details=True)
        if new.working:
            after = version_tables.of_working(
                workspace.repo, workspace.root, path, new.checkpoint, later=True
            )
        else:
            after = version_tables.known(workspace.repo, path, new.checkpoint, old.checkpoint, details=True)
    except NoTable as error:
        return None, error.message
    return (before, after), None


def _compare_tables(
    workspace: Workspace, path: str, old: tuple[_Side, KnownTable], new: tuple[_Side, KnownTable]
) -> TableChange:
    """Compare facts; where these leave open whether rows were only appended, look into the one block."""
    before, after = old[1].facts, new[1].facts
    assert before is not None
    assert after is not None
    change = compare(before, after)
    if not undecided(before, after, change):
        return change
    shorter, (side, known) = (before, new) if before.rows < after.rows else (after, old)
    try:
        root = workspace.root if side.working else None
        if version_tables.extends(workspace.repo, path, side.checkpoint, known.schema, shorter, root=root):
            return replace(change, same_rows=shorter.rows)
    except NoTable:
        pass  # the working tree changed meanwhile
    return change
