"""Asking before commands that somebody else recorded are run."""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from dsv.capture.loaders import is_loader
from dsv.capture.portable import fill
from dsv.ids import ObjectId
from dsv.model.code_list import CodeFile
from dsv.model.run import Run
from dsv.runs.rebuild import agreed_commands
from dsv.runs.rebuild.rebuild_plan import RebuildPlan

_NONE: Mapping[ObjectId, tuple[CodeFile, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class NewCommand:
    """A command that nobody has agreed to yet.

    Attributes:
        run: The run.
        environment: Its environment, whose packages would be installed; None if nothing is.
        text: The command with its parameters, as a shell would take it.
        folder: Where it runs, relative to the workspace; empty for the workspace itself.
        outputs: The datasets that it writes.
        code: The code files that it comes with.
        variables: Variables that it is given with recorded values, which can make any program do anything.
        secrets: Variables that it is given although their values are secret.
        changed: What it would load from the workspace, and no record that the user agreed to has.
    """

    run: ObjectId
    environment: ObjectId | None
    text: str
    folder: str
    outputs: tuple[str, ...]
    code: tuple[str, ...]
    variables: Mapping[str, str]
    secrets: tuple[str, ...]
    changed: tuple[CodeFile, ...] = ()


Agree = Callable[[Sequence[NewCommand]], None]
"""Shows commands to the user; raises `Refused` unless they may be run."""


def executed(plan: RebuildPlan) -> list[tuple[ObjectId, Run, Sequence[CodeFile]]]:
    """Return the runs that `plan` would execute: id, record and code files."""
    return [(oid, step.run, step.code) for oid, step in plan.steps.items() if step.obstacle is None]


def obtain(
    runs: Iterable[tuple[ObjectId, Run, Sequence[CodeFile]]],
    file: Path,
    agree: Agree,
    *,
    recreate: bool = False,
    changed: Mapping[ObjectId, tuple[CodeFile, ...]] = _NONE,
) -> None:
    """Have the user agree to all commands that are not trusted.

    Args:
        runs: What is to be executed: id, record and code files.
        file: Where the user's trust is kept.
        agree: Asks.
        recreate: Whether the recorded packages are to be installed, too.
        changed: By run what it would load from the workspace without anybody having agreed to that.

    Raises:
        Refused: Somebody has to agree, and has not.
        StorageError: The file cannot be read.
    """
    trusted = agreed_commands.trusted(file)
    known = agreed_commands.trusted(file, agreed_commands.ENVIRONMENT) if recreate else frozenset()
    new = []
    for oid, run, code in runs:
        installs = recreate and run.environment not in known
        differs = changed.get(oid, ())
        if oid not in trusted or installs or differs:
            new.append(replace(command_of(oid, run, code, installs=installs), changed=differs))
    if new:
        agree(new)


def command_of(oid: ObjectId, run: Run, code: Sequence[CodeFile], *, installs: bool = False) -> NewCommand:
    """Return the command of a run as the user is shown it.

    Args:
        oid: The run.
        run: What was recorded.
        code: Its code files.
        installs: Whether its recorded packages would be installed.
    """
    return NewCommand(
        run=oid,
        environment=run.environment if installs else None,
        text=shlex.join(fill(run.argv, run.params)),
        folder=run.cwd,
        outputs=tuple(output.path for output in run.outputs),
        code=tuple(file.path for file in code),
        variables={
            **{name: value for name, value in run.surroundings.items() if is_loader(name)},
            **{name: value for name, value in run.variables.items() if value is not None},
        },
        secrets=tuple(name for name, value in run.variables.items() if value is None),
    )


def remember(file: Path, commands: Sequence[NewCommand]) -> None:
    """Trust `commands` from now on.

    Raises:
        StorageError: The file cannot be written.
    """
    agreed_commands.add(file, [command.run for command in commands])
    agreed_commands.add(
        file,
        [agreed_commands.code_id(one) for command in commands for one in command.changed],
        agreed_commands.CODE,
    )
    environments = [command.environment for command in commands if command.environment is not None]
    agreed_commands.add(file, environments, agreed_commands.ENVIRONMENT)
