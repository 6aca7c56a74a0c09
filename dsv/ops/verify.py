"""Rebuild datasets, compare, and change nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from dsv.capture.isolation import Isolation
from dsv.errors import UsageFault
from dsv.hashing import Kind, derived_hasher
from dsv.ids import ObjectId
from dsv.model.attempt import VERIFIED, Attempt
from dsv.model.checkpoint import Checkpoint
from dsv.model.verdict import VerdictStatus
from dsv.progress import SILENT, Progress
from dsv.records import dataset_names, origins, revisions
from dsv.runs.differences import Circumstance
from dsv.runs.rebuild import consent
from dsv.runs.rebuild.checked_dataset import Checked, all_good
from dsv.runs.rebuild.consent import Agree
from dsv.runs.rebuild.hash_check import check_hashes
from dsv.runs.rebuild.rebuild_plan import RebuildPlan, plan
from dsv.runs.rebuild.scratch import room
from dsv.runs.stale.stale_reasons import Reasons
from dsv.store.refs import Refs
from dsv.store.repository import Datasets, Repository
from dsv.store.writer import Writer
from dsv.workspace import Workspace

if TYPE_CHECKING:
    from dsv.runs.rebuild.account import Replayed
    from dsv.runs.rebuild.replays import Settings

_SAMPLE = "dsv 2026-11 sample of datasets v1"


class Level(StrEnum):
    """How much is done to find out. A higher level passes nothing that a lower one does not."""

    HASHES = "hashes"
    LAST = "last"
    RAW = "raw"


class StalePolicy(StrEnum):
    """What becomes of data that is stale at the revision."""

    FAIL = "fail"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which datasets are verified.

    Attributes:
        paths: Datasets, or folders that hold some; none: all.
        revision: The commit whose datasets are meant.
        changed_since: Leave out what is the same in this commit.
        sample: At most so many, chosen by hash of the commit and the path; sources are not among them.
        stale: Whether what is stale can pass; it is said of it in any case.
    """

    paths: tuple[str, ...] = ()
    revision: str = "HEAD"
    changed_since: str | None = None
    sample: int | None = None
    stale: StalePolicy = StalePolicy.FAIL


@dataclass(frozen=True, slots=True)
class Verified:
    """What verify found.

    Attributes:
        commit: The commit.
        level: What was done.
        checks: The datasets, by path.
        isolation: How well commands were isolated, the weakest of them; None if none was run.
        why: Why they were isolated no better; "" if they could not be.
        changed: How the environment differs from what was recorded, over all runs.
        proven: Runs that were only claimed so far, and that were seen to give what was claimed.
    """

    commit: ObjectId
    level: Level
    checks: tuple[Checked, ...]
    isolation: Isolation | None = None
    why: str = ""
    changed: tuple[Circumstance, ...] = ()
    proven: tuple[ObjectId, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every dataset is at least what its policy demands."""
        return all_good(self.checks)


def verify_hashes(workspace: Workspace, selection: Selection, *, progress: Progress = SILENT) -> Verified:
    """Check records alone: no data is needed and nothing is run.

    Raises:
        NotFound: No such revision or dataset.
    """
    commit, datasets, wanted = _select(workspace.repo, selection)
    checks = _records(workspace, commit, datasets, wanted, progress)
    ignore = selection.stale is StalePolicy.IGNORE
    return Verified(commit, Level.HASHES, tuple(_unless(one) if ignore else one for one in checks.values()))


def verify(
    workspace: Workspace,
    selection: Selection,
    level: Level,
    settings: "Settings",
    agree: Agree,
    trusted: Path,
    *,
    progress: Progress = SILENT,
) -> Verified:
    """Replay datasets and compare what comes out with what is recorded; nothing in the workspace changes.

    Args:
        workspace: The workspace.
        selection: Which datasets.
        level: `LAST`: the last run of each, on its recorded inputs. `RAW`: all runs from the raw sources on,
            each on what was just rebuilt.
        settings: How replays are made.
        agree: Asks the user about commands of others.
        trusted: Where the user's trust is kept.
        progress: Counts the runs.

    Raises:
        NotFound: No such revision or dataset.
        Refused: Commands would have to be trusted.
        StorageError: The disk is full or fails.
    """
    from dsv.runs.rebuild.replays import checked, replay_all

    if level is Level.HASHES:
        raise UsageFault("level hashes replays nothing")
    commit, datasets, wanted = _select(workspace.repo, selection)
    raw = level is Level.RAW
    steps = plan(
        workspace.repo, {path: datasets[path].checkpoint for path in wanted}, chain=raw, on_rebuilt=raw
    )
    consent.obtain(consent.executed(steps), trusted, agree, recreate=settings.recreate)
    with room(settings.scratch) as place:
        done = replay_all(workspace, steps, place, settings, progress=progress)
    records = _records(workspace, commit, datasets, wanted)
    checks = [checked(steps, path, done, _policy(workspace, steps, path)) for path in wanted]
    return Verified(
        commit,
        level,
        tuple(_no_better(one, records[one.path], selection.stale) for one in checks),
        *_weakest(done),
        tuple(dict.fromkeys(one for replayed in done.values() for one in replayed.changed)),
        _prove(workspace.repo, done),
    )


def _records(
    workspace: Workspace, commit: ObjectId, datasets: Datasets, wanted: list[str], progress: Progress = SILENT
) -> dict[str, Checked]:
    """Return by path what the records of a commit say of its datasets."""
    here = commit == workspace.repo.refs().head
    checks = check_hashes(workspace, datasets, set(wanted), here=here, progress=progress)
    workspace.worktree.cache.commit()
    return {
        one.path: replace(one, stale=one.evidence)
        if isinstance(one.evidence, Reasons) and one.evidence
        else one
        for one in checks
    }


def _unless(record: Checked) -> Checked:
    """Return what is said of a dataset at level `hashes` where it may be stale."""
    return replace(record, status=VerdictStatus.RECORDED) if record.status is VerdictStatus.STALE else record


def _no_better(check: Checked, record: Checked, stale: StalePolicy) -> Checked:
    """Return what a replay says of a dataset, or what its record says if only that is not good."""
    check = replace(check, stale=record.stale)
    if not check.good or record.good or (record.stale and stale is StalePolicy.IGNORE):
        return check
    replayed = None if check.status is VerdictStatus.SOURCE else check.status
    return replace(check, status=record.status, evidence=record.evidence, accepted=False, replayed=replayed)


def _select(repo: Repository, selection: Selection) -> tuple[ObjectId, Datasets, list[str]]:
    commit = revisions.resolve(repo, selection.revision)
    datasets = repo.datasets(repo.snapshot_of(commit))
    wanted = list(datasets)
    if selection.paths:
        wanted = dataset_names.select(datasets, selection.paths, selection.revision)
    if selection.changed_since is not None:
        before = dataset_names.datasets_at(repo, selection.changed_since)
        wanted = [path for path in wanted if before.get(path) != datasets[path]]
    if selection.sample is not None:
        made = [path for path in wanted if _is_made(repo, datasets[path].checkpoint)]
        wanted = sorted(made, key=lambda path: _lot(commit, path))[: selection.sample]
    return commit, datasets, sorted(wanted)


def _is_made(repo: Repository, checkpoint: Checkpoint) -> bool:
    place = repo.objects.find(checkpoint.origin)
    return place is not None and place.kind == Kind.RUN


def _lot(commit: ObjectId, path: str) -> str:
    hasher = derived_hasher(_SAMPLE)
    hasher.update(commit.encode() + path.encode())
    return hasher.hexdigest()


def _policy(workspace: Workspace, steps: RebuildPlan, path: str) -> str:
    policy = workspace.config.policy_for(path)
    output = steps.outputs.get(path)
    return policy.text if output is None else policy.applied(table=output.table is not None).text


def _weakest(done: "Mapping[ObjectId, Replayed]") -> tuple[Isolation | None, str]:
    found = [(one.isolation, one.why) for one in done.values() if one.isolation is not None]
    order = tuple(Isolation)
    return max(found, key=lambda one: order.index(one[0]), default=(None, ""))


def _prove(repo: Repository, done: "Mapping[ObjectId, Replayed]") -> tuple[ObjectId, ...]:
    """Note of runs that were only claimed that they were seen; return them."""
    refs = repo.refs()
    claims = [
        oid
        for oid, replayed in done.items()
        if replayed.good and (known := origins.attempt(repo, refs, oid)) is not None and known.claimed
    ]
    if not claims:
        return ()

    def change(found: Refs, session: Writer) -> Refs:
        seen = [
            Attempt(oid, VERIFIED, done[oid].started, round(done[oid].seconds * 1000), 0) for oid in claims
        ]
        attempts = origins.noted(repo, found, session, *seen)
        return replace(found, local=replace(found.mine, attempts=attempts))

    repo.publish(change)
    return tuple(claims)
