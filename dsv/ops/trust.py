"""Trust the recorded commands of a commit."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dsv.ids import ObjectId
from dsv.records import dataset_names
from dsv.runs.rebuild import agreed_commands, consent
from dsv.runs.rebuild.consent import NewCommand
from dsv.runs.rebuild.rebuild_plan import plan
from dsv.runs.rerun.code_agreement import unagreed
from dsv.runs.stale.step_order import steps_of
from dsv.workspace import Workspace


def trust_all(workspace: Workspace, file: Path, revision: str = "HEAD") -> tuple[NewCommand, ...]:
    """Trust every run behind the datasets of a commit, and its environment; return those that were not trusted yet.

    At HEAD what these runs, and those that are staged, would load from the workspace is trusted as it is now, too:
    `rerun` runs that.

    Args:
        workspace: The workspace.
        file: Where the user's trust is kept.
        revision: The commit.

    Raises:
        NotFound: No such revision.
        StorageError: The file cannot be read or written.
    """
    datasets = dataset_names.datasets_at(workspace.repo, revision)
    steps = plan(
        workspace.repo, {path: one.checkpoint for path, one in datasets.items()}, chain=True
    ).steps.values()
    known = agreed_commands.trusted(file)
    commands = {step.id: consent.command_of(step.id, step.run, step.code, installs=True) for step in steps}
    if revision == "HEAD":
        commands = _as_they_are(workspace, file, commands)
    consent.remember(file, tuple(commands.values()))
    return tuple(one for one in commands.values() if one.run not in known or one.changed)


def _as_they_are(
    workspace: Workspace, file: Path, commands: Mapping[ObjectId, NewCommand]
) -> dict[ObjectId, NewCommand]:
    """Return `commands`, and those of staged runs, with what they would load from the workspace."""
    refs = workspace.repo.refs()
    staged = refs.mine.staged
    datasets = workspace.repo.datasets(workspace.repo.snapshot_of(refs.head) if staged is None else staged)
    chosen = steps_of(workspace, datasets).by_run.values()
    runs = {step.run: workspace.repo.run(step.run) for step in chosen}
    changed = unagreed(workspace, file, chosen, runs)
    found = dict(commands)
    for step in chosen:
        command = found.get(step.run) or consent.command_of(step.run, runs[step.run], step.code)
        found[step.run] = replace(command, changed=changed[step.run])
    return found
