"""The cheapest check: that records are complete and current. Needs no data and runs nothing."""

from collections.abc import Collection, Mapping

from dsv.capture.portable import IN_SESSION
from dsv.errors import UserError
from dsv.ids import short
from dsv.model.checkpoint import Checkpoint
from dsv.model.verdict import Checked, VerdictStatus
from dsv.progress import SILENT, Progress
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
    checked, and the reason says so. `SOURCE`: raw. `UNRECORDED`: edited by hand since, or the record of
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
        status, reason = _status(
            path, steps, step, reasons_for(steps, step, judged) if step else Reasons(), differing
        )
        checks.append(Checked(path, status, workspace.config.policy_for(path).text, reason))
    return checks


def _status(
    path: str, steps: Steps, step: Step | None, reasons: Reasons, differing: Mapping[str, str]
) -> tuple[VerdictStatus, str]:
    if path in steps.lost:
        return (
            VerdictStatus.UNRECORDED,
            f"{short(steps.lost[path])}, where it came from, has no record or did not give this data",
        )
    if path in steps.edited:
        return VerdictStatus.UNRECORDED, f"edited by hand after the run {short(steps.edited[path])}"
    if step is not None and step.session:
        return VerdictStatus.UNRECORDED, IN_SESSION
    if step is not None and step.masked:
        return VerdictStatus.UNRECORDED, "a secret in its command was masked, so that it cannot be repeated"
    if path in differing:
        return VerdictStatus.DIFFERENT, differing[path]
    if step is None:
        return VerdictStatus.SOURCE, ""
    if reasons:
        return VerdictStatus.STALE, reasons.text
    return VerdictStatus.RECORDED, reasons.doubt


def _differing(
    workspace: Workspace, datasets: Datasets, paths: Collection[str], progress: Progress
) -> dict[str, str]:
    """Return by path how a dataset that is checked out differs from what it should be."""
    present = workspace.repo.datasets(workspace.repo.refs().mine.present)
    found = {}
    progress.begin("checking", len(paths), "")
    for path in paths:
        progress.advance(1)
        try:
            (held,) = survey(workspace, {path: datasets[path]}, present)
        except UserError as error:
            found[path] = error.message
            continue
        if held.deleted:
            found[path] = "it was deleted from the workspace"
        elif held.changed:
            found[path] = "the copy in the workspace is not the committed version"
    return found
