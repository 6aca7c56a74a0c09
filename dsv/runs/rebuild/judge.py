"""Whether what a replay gave is what was recorded, as far as the policy of the dataset asks.

Bytes first, then table ids, then tables side by side. Nothing that is only kept of a table is
believed: ids are computed from the bytes that a replay gave, and from recorded bytes that the store proves.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dsv.atomic import storing
from dsv.errors import NoTable, StorageError
from dsv.model.checkpoint import Checkpoint
from dsv.model.policy import IGNORE, TABLE, Policy
from dsv.model.run import Output
from dsv.model.verdict import VerdictStatus
from dsv.records import kept_facts, needs
from dsv.runs.rebuild.clean_folder import Result, write
from dsv.runs.rebuild.evidence import (
    KindDiffers,
    NoTableThere,
    OtherTable,
    Remark,
    SizeDiffers,
    Unmeasured,
    Untold,
)
from dsv.runs.rebuild.folder_view import FolderView
from dsv.runs.rebuild.rebuild_plan import holds
from dsv.runs.rebuild.scratch import clear
from dsv.runs.rebuild.side_by_side import Judgement, compare
from dsv.runs.rebuild.whole_results import WholeResult, whole
from dsv.store.repository import Repository
from dsv.tables.values.metadata import metadata_id
from dsv.workspace import Workspace


def judge(workspace: Workspace, recorded: Output, result: Result, policy: Policy, space: Path) -> Judgement:
    """Return what a result is.

    Args:
        workspace: The workspace.
        recorded: What the run was recorded to give.
        result: What its replay gave.
        policy: What has to be the same; for data that was no table only its bytes count.
        space: A folder that is not there, to write recorded bytes to; it is removed.

    Raises:
        Missing, Corrupt: The store cannot give the recorded bytes that it seems to have.
        StorageError: The disk is full or fails.
    """
    found = result.checkpoint
    if found.same_data(recorded):
        return Judgement(VerdictStatus.IDENTICAL)
    applied = policy.applied(table=recorded.table is not None)
    if applied.by_bytes:
        differs = _bytes(recorded, found)
        if policy.needs_table:
            return Judgement(VerdictStatus.FAILED, Unmeasured(differs, policy.text))
        return Judgement(VerdictStatus.DIFFERENT, differs)
    wanted = recorded.checkpoint(result.checkpoint.origin)
    if not holds(workspace.repo, wanted):
        told = _without_bytes(workspace.repo, recorded, result, applied)
        if told.good or not _brought(workspace.repo, wanted):
            return told
    with _written(workspace, recorded.path, wanted, space) as before:
        return compare(before, result, applied)


def _brought(repo: Repository, wanted: Checkpoint) -> bool:
    """Fetch recorded bytes if the remote has them; whether it had.

    A remote that cannot be read tells as little as one that lacks them.
    """
    if not needs.to_be_had(repo, [wanted]):
        return False
    with suppress(StorageError):
        needs.bring_version(repo, wanted)
        return True
    return False


def _without_bytes(repo: Repository, recorded: Output, result: Result, policy: Policy) -> Judgement:
    """Judge by the recorded table id alone: the recorded bytes are not here."""
    try:
        new = whole(result)
    except NoTable as error:
        return Judgement(VerdictStatus.DIFFERENT, NoTableThere(error.message))
    if new.table == recorded.table:
        return _by_metadata_id(recorded, new, policy)
    if policy != Policy(TABLE, key=policy.key, metadata=policy.metadata):
        return Judgement(VerdictStatus.FAILED, Untold(policy.text))
    rows = kept_facts.rows_of(repo, recorded.path, recorded.checkpoint(result.checkpoint.origin))
    assert recorded.table is not None
    return Judgement(VerdictStatus.DIFFERENT, OtherTable(recorded.table, new.table, rows, new.rows))


def _by_metadata_id(recorded: Output, found: WholeResult, policy: Policy) -> Judgement:
    """Judge the same table in other bytes where the recorded ones cannot be read."""
    if recorded.metadata == metadata_id(found.metadata()) or recorded.schema is not None:
        return Judgement(VerdictStatus.EQUAL)
    if recorded.metadata is not None and not policy.ignore_columns:
        return Judgement(
            VerdictStatus.EQUAL_BUT_FOR_METADATA,
            Remark.METADATA_DIFFERS,
            accepted=policy.metadata == IGNORE,
        )
    if policy.metadata == IGNORE:
        return Judgement(VerdictStatus.EQUAL, Remark.METADATA_PASSED_OVER)
    return Judgement(VerdictStatus.FAILED, Remark.METADATA_UNKNOWN)


@contextmanager
def _written(workspace: Workspace, path: str, wanted: Checkpoint, space: Path) -> Iterator[Result]:
    """Give recorded data as if it had just been rebuilt."""
    try:
        with storing("write", space):
            space.mkdir(parents=True)
            write(space, path, wanted, workspace.place().reader)
        yield Result(FolderView(workspace, space), path, wanted)
    finally:
        clear(space)


def _bytes(recorded: Output, found: Checkpoint) -> KindDiffers | SizeDiffers:
    if found.content == recorded.content:
        return KindDiffers(recorded.kind, found.kind)
    if found.is_dir and recorded.kind == found.kind:
        return SizeDiffers(recorded.files, found.files, files=True)
    return SizeDiffers(recorded.size, found.size)
