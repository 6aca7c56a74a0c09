"""Whether what a replay gave is what was recorded, as far as the policy of the dataset asks.

Bytes first, then table ids, then tables side by side. Nothing that is only kept of a table is
believed: ids are computed from the bytes that a replay gave, and from recorded bytes that the store proves.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dsv import derived, needs, tabular
from dsv.atomic import storing
from dsv.errors import NoTable, NotFound, Refused, StorageError
from dsv.ids import short
from dsv.model.checkpoint import Checkpoint
from dsv.model.policy import TABLE, Policy
from dsv.model.run import Output
from dsv.model.verdict import Status
from dsv.replay.folder import Result, write
from dsv.replay.plan import holds
from dsv.replay.room import clear
from dsv.replay.view import view
from dsv.repo import Repo
from dsv.tabular import Known


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a result is, beside what was recorded.

    Attributes:
        status: `IDENTICAL`, `EQUAL`, `CLOSE`, `DIFFERENT`, or `FAILED` where that cannot be told.
        reason: One line; "" where it needs no reason.
        details: More lines, the most telling first.
        cause: What the kind of difference suggests as its cause; "" if nothing.
    """

    status: Status
    reason: str = ""
    details: tuple[str, ...] = ()
    cause: str = ""


def judge(repo: Repo, recorded: Output, result: Result, policy: Policy, space: Path) -> Judgement:
    """Return what a result is.

    Args:
        repo: The workspace.
        recorded: What the run was recorded to give.
        result: What its replay gave.
        policy: What has to be the same; for data that was no table only its bytes count.
        space: A folder that is not there, to write recorded bytes to; it is removed.

    Raises:
        Missing, Corrupt: The store cannot give the recorded bytes that it seems to have.
        StorageError: The disk is full or fails.
    """
    applied = policy.applied(table=recorded.table is not None)
    found = result.checkpoint
    if found.content == recorded.content and found.kind == recorded.kind:
        return Judgement(Status.IDENTICAL)
    if applied.by_bytes:
        return Judgement(Status.DIFFERENT, *_bytes(recorded, found))
    wanted = recorded.checkpoint(result.checkpoint.origin)
    if not holds(repo, wanted):
        told = _without_bytes(repo, recorded, result, applied)
        if told.status is Status.EQUAL or not _brought(repo, wanted):
            return told
    with _written(repo, recorded.path, wanted, space) as before:
        return compare(before, result, applied)


def _brought(repo: Repo, wanted: Checkpoint) -> bool:
    """Fetch recorded bytes if the remote has them; whether it had.

    A remote that cannot be read tells as little as one that lacks them.
    """
    if not needs.to_be_had(repo, [wanted]):
        return False
    with suppress(StorageError):
        needs.bring_version(repo, wanted)
        return True
    return False


def compare(before: Result, after: Result, policy: Policy) -> Judgement:
    """Return what one result is beside another; both may be read.

    Raises:
        StorageError: One cannot be read.
    """
    if (
        before.checkpoint.content == after.checkpoint.content
        and before.checkpoint.kind == after.checkpoint.kind
    ):
        return Judgement(Status.IDENTICAL)
    if policy.by_bytes:
        return Judgement(Status.DIFFERENT, "other bytes")
    try:
        old = _known(before)
    except NoTable as error:
        return Judgement(
            Status.DIFFERENT, f"other bytes, and what was recorded cannot be read: {error.message}"
        )
    try:
        new = _known(after)
    except NoTable as error:
        return Judgement(Status.DIFFERENT, f"the rebuild is no table: {error.message}")
    if old.table == new.table:
        return Judgement(Status.EQUAL)
    if old.facts is None or new.facts is None:
        return Judgement(Status.DIFFERENT, _groups(old, new))
    return _side_by_side(before, old, after, new, policy)


def _side_by_side(before: Result, old: Known, after: Result, new: Known, policy: Policy) -> Judgement:
    from dsv.tables import explain
    from dsv.tables.compare import compare as compare_tables
    from dsv.tables.comparison import Verdict

    assert old.facts is not None
    assert new.facts is not None
    try:
        with (
            tabular.working_table(before.view, before.path, before.checkpoint, old.schema) as one,
            tabular.working_table(after.view, after.path, after.checkpoint, new.schema) as other,
        ):
            found = compare_tables(one, other, policy, (old.facts, new.facts))
    except NoTable as error:
        return Judgement(Status.DIFFERENT, f"other data, which cannot be compared: {error.message}")
    except (NotFound, Refused) as error:
        return Judgement(Status.FAILED, error.message)
    if found.verdict is Verdict.DIFFERENT:
        reason = explain.reason(found, policy)
        cause = next(iter(explain.causes(found, policy)), "")
        lines = tuple(line for line in explain.details(found, policy) if line != cause)
        return Judgement(
            Status.DIFFERENT, reason, tuple(line for line in lines if not _says(reason, line)), cause
        )
    status = Status.EQUAL if found.verdict is Verdict.EQUAL else Status.CLOSE
    return Judgement(status, explain.reason(found, policy))


def _says(reason: str, line: str) -> bool:
    """Whether a line of details is nothing but what the reason says already."""
    if line.startswith("first difference: "):
        return line.removeprefix("first difference: ") in reason
    return line.removeprefix("rows: ") == reason.replace(" rows", "", 1)


def _without_bytes(repo: Repo, recorded: Output, result: Result, policy: Policy) -> Judgement:
    """Judge by the recorded table id alone: the recorded bytes are not here."""
    try:
        new = _known(result)
    except NoTable as error:
        return Judgement(Status.DIFFERENT, f"the rebuild is no table: {error.message}")
    if new.table == recorded.table:
        return Judgement(Status.EQUAL)
    if policy != Policy(TABLE, key=policy.key):
        return Judgement(
            Status.FAILED,
            f"the rebuild is another table, and whether it is within the policy ({policy.text}) cannot be told: "
            "the recorded bytes are not here",
        )
    rows = derived.rows_of(repo, recorded.path, recorded.checkpoint(result.checkpoint.origin))
    counts = "" if rows is None else f"{rows:,} rows before, {new.rows:,} after; "
    assert recorded.table is not None
    reason = f"{counts}table {short(recorded.table)} was recorded, {short(new.table)} came out"
    return Judgement(Status.DIFFERENT, reason, ("the recorded bytes are not here to compare with",))


@contextmanager
def _written(repo: Repo, path: str, wanted: Checkpoint, space: Path) -> Iterator[Result]:
    """Give recorded data as if it had just been rebuilt."""
    try:
        with storing("write", space):
            space.mkdir(parents=True)
            write(space, path, wanted, repo.place().reader)
        yield Result(view(repo, space), path, wanted)
    finally:
        clear(space)


def _known(result: Result) -> Known:
    return tabular.of_working(result.view, result.path, result.checkpoint)


def _bytes(recorded: Output, found: Checkpoint) -> tuple[str, tuple[str, ...]]:
    if found.content == recorded.content:
        return f"it is {found.kind} and was {recorded.kind}", ()
    if found.is_dir and recorded.kind == found.kind:
        return f"other bytes: {recorded.files:,} files before, {found.files:,} after", ()
    return f"other bytes: {recorded.size:,} B before, {found.size:,} B after", ()


def _groups(old: Known, new: Known) -> str:
    """Return which tables of a folder of tables differ."""
    before = {(where, name): (table, rows) for where, name, table, rows in old.tables}
    after = {(where, name): (table, rows) for where, name, table, rows in new.tables}
    names = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    if not names:
        return f"{old.rows:,} rows before, {new.rows:,} after, in other tables"
    shown = ", ".join("/".join(filter(None, key)) for key in names[:3])
    return f"{len(names)} of its tables differ: {shown}; {old.rows:,} rows before, {new.rows:,} after"
