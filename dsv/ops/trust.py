"""Trust the recorded commands of a commit."""

from pathlib import Path

from dsv import places
from dsv.replay import consent, trust
from dsv.replay.consent import Command
from dsv.replay.plan import plan
from dsv.repo import Repo


def trust_all(repo: Repo, file: Path, revision: str = "HEAD") -> tuple[Command, ...]:
    """Trust every run behind the datasets of a commit, and its environment; return those that were not trusted yet.

    Args:
        repo: The workspace.
        file: Where the user's trust is kept.
        revision: The commit.

    Raises:
        NotFound: No such revision.
        StorageError: The file cannot be read or written.
    """
    datasets = places.datasets_at(repo, revision)
    steps = plan(repo, {path: one.checkpoint for path, one in datasets.items()}, chain=True).steps.values()
    known = trust.trusted(file)
    commands = [consent.command_of(step.id, step.run, step.code, installs=True) for step in steps]
    consent.remember(file, commands)
    return tuple(command for command in commands if command.run not in known)
