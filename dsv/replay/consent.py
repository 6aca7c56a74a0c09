"""Asking before commands that somebody else recorded are run."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dsv.ids import ObjectId
from dsv.lineage.portable import fill
from dsv.replay import trust
from dsv.replay.plan import Plan, Step


@dataclass(frozen=True, slots=True)
class Command:
    """A command that nobody has agreed to yet.

    Attributes:
        run: The run.
        environment: Its environment, whose packages would be installed; None if nothing is.
        text: The command with its parameters, as a shell would take it.
        outputs: The datasets that it writes.
        code: The code files that it comes with.
        secrets: Variables that it is given although their values are secret.
    """

    run: ObjectId
    environment: ObjectId | None
    text: str
    outputs: tuple[str, ...]
    code: tuple[str, ...]
    secrets: tuple[str, ...]


Agree = Callable[[Sequence[Command]], None]
"""Shows commands to the user; raises `Refused` unless they may be run."""


def obtain(plan: Plan, file: Path, agree: Agree, *, recreate: bool = False) -> None:
    """Have the user agree to all commands of `plan` that are not trusted.

    Args:
        plan: What is to be replayed.
        file: Where the user's trust is kept.
        agree: Asks.
        recreate: Whether the recorded packages are to be installed, too.

    Raises:
        Refused: Somebody has to agree, and has not.
        StorageError: The file cannot be read.
    """
    runs = trust.trusted(file)
    known = trust.trusted(file, trust.ENVIRONMENT) if recreate else frozenset()
    new = []
    for oid, step in plan.steps.items():
        installs = recreate and step.run.environment not in known
        if step.obstacle is None and (oid not in runs or installs):
            new.append(command_of(step, installs=installs))
    if new:
        agree(new)


def command_of(step: Step, *, installs: bool = False) -> Command:
    """Return the command of a step as the user is shown it."""
    run = step.run
    return Command(
        run=step.id,
        environment=run.environment if installs else None,
        text=shlex.join(fill(run.argv, run.params)),
        outputs=tuple(output.path for output in run.outputs),
        code=tuple(file.path for file in step.code),
        secrets=tuple(name for name, value in run.variables.items() if value is None),
    )


def remember(file: Path, commands: Sequence[Command]) -> None:
    """Trust `commands` from now on.

    Raises:
        StorageError: The file cannot be written.
    """
    trust.add(file, [command.run for command in commands])
    environments = [command.environment for command in commands if command.environment is not None]
    trust.add(file, environments, trust.ENVIRONMENT)
