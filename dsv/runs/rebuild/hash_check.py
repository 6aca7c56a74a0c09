"""The cheapest check: that records are complete and current. Needs no data and runs nothing."""

from collections.abc import Collection, Mapping

from dsv.errors import UserError
from dsv.model.checkpoint import Checkpoint
from dsv.model.verdict import VerdictStatus
from dsv.progress import SILENT, Progress
from dsv.runs.rebuild.checked_dataset import Checked
from dsv.runs.rebuild.evidence import Edited, Evidence, Lost, Quoted, Remark
from dsv.runs.stale.find_stale import Bench, judge, reasons_for
from dsv.runs.stale.stale_reasons import Reasons
from dsv.runs.stale.step import Step
from dsv.runs.stale.step_order import Steps, steps_of
from dsv.store.repository import Datasets
from dsv.versions.survey import survey
from dsv.workspace import Workspace


def check_hashes(
    workspace: Workspace,
    datasets: Datasets,
    paths: Collection[str] | None = None,
    *,
    here: bool = True,
    progress: Progress = SILENT,
) -> list[Checked]:
    """Check the datasets of a commit against their records.

    `RECORDED`: a run made it that could be repeated, its inputs are the versions in `datasets`,
    its code is what it was, and so for all that it is made from. Code that is not here is not
    checked, and the evidence says so. `SOURCE`: raw. `UNRECORDED`: edited by hand since, or the record of
    its run is missing or incomplete. `STALE`: inputs or code changed. `DIFFERENT`: what is checked out has
    other bytes. Data that is not here counts as clean. The caller commits the stat cache.

    Args:
        workspace: The workspace.
        datasets: All datasets of a commit.
        paths: The datasets to report on, by default all; all are looked at, as staleness spreads.
        here: Whether the workspace is meant to hold these datasets and the code of them. False for any
            commit but HEAD: then neither checked-out data nor code is compared.
        progress: Counts the datasets.

    Returns:
        What was found, by path.

    Raises:
        BadConfig: A policy contradicts itself.
        Corrupt: A record is damaged.
    """
    steps = steps_of(workspace, datasets)
    now: dict[str, Checkpoint] = {path: one.checkpoint for path, one in datasets.items()}
    judged = judge(Bench(workspace, steps, tree=here), steps, now)
    makers = steps.makers()
    wanted = [path for path in datasets if paths is None or path in paths]
    differing = _differing(workspace, datasets, wanted, progress) if here else {}
    checks = []
    for path in wanted:
        step = makers.get(path)
        status, evidence = _status(
            path, steps, step, reasons_for(steps, step, judged) if step else Reasons(), differing
        )
        checks.append(Checked(path, status, workspace.config.policy_for(path).text, evidence))
    return checks


def _status(
    path: str, steps: Steps, step: Step | None, reasons: Reasons, differing: Mapping[str, Evidence]
) -> tuple[VerdictStatus, Evidence | None]:
    if path in steps.lost:
        return VerdictStatus.UNRECORDED, Lost(steps.lost[path])
    if path in steps.edited:
        return VerdictStatus.UNRECORDED, Edited(steps.edited[path])
    if step is not None and step.session:
        return VerdictStatus.UNRECORDED, Remark.IN_SESSION
    if step is not None and step.masked:
        return VerdictStatus.UNRECORDED, Remark.MASKED
    if path in differing:
        return VerdictStatus.DIFFERENT, differing[path]
    if step is None:
        return VerdictStatus.SOURCE, None
    if reasons:
        return VerdictStatus.STALE, reasons
    return VerdictStatus.RECORDED, reasons if reasons.doubtful else None


def _differing(
    workspace: Workspace, datasets: Datasets, paths: Collection[str], progress: Progress
) -> dict[str, Evidence]:
    """Return by path how a dataset that is checked out differs from what it should be."""
    present = workspace.repo.datasets(workspace.repo.refs().mine.present)
    found: dict[str, Evidence] = {}
    progress.begin("checking", len(paths), "")
    for path in paths:
        progress.advance(1)
        try:
            (held,) = survey(workspace, {path: datasets[path]}, present)
        except UserError as error:
            found[path] = Quoted(error.message)
            continue
        if held.deleted:
            found[path] = Remark.DELETED
        elif held.changed:
            found[path] = Remark.NOT_COMMITTED
    return found
