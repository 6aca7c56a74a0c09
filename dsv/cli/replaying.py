"""What `dsv rebuild` and `dsv verify` share: how replays are made, and who agrees to them."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import click

from dsv.cli.context import Context
from dsv.cli.trusting import trusted_file
from dsv.errors import NotFound, Refused
from dsv.render import consent
from dsv.render.style import printable
from dsv.wording import listed

if TYPE_CHECKING:
    from dsv.runs.rebuild.consent import Agree, NewCommand
    from dsv.runs.rebuild.replays import Settings

_F = TypeVar("_F", bound=Callable[..., object])


class ReplayOptions(NamedTuple):
    """The options of a replay, as they were given.

    Attributes:
        jobs: How many runs at once; None: as many as there are processors.
        python: The interpreter.
        allow: What may be read besides.
        network: Whether the network may be used.
        recreate: Whether the recorded packages are installed.
        yes: Whether the user agrees to all commands.
        timeout: After how many seconds a command is ended; None: after ten times what was recorded.
    """

    jobs: int | None
    python: str | None
    allow: tuple[str, ...]
    network: bool
    recreate: bool
    yes: bool
    timeout: float | None = None


def options(function: _F) -> _F:
    """Add the options of `ReplayOptions` to a command."""
    for option in (
        click.option("--yes", is_flag=True, help="Agree to run the recorded commands, this once."),
        click.option(
            "--env",
            type=click.Choice(["recreate"]),
            help="Install the recorded packages in a virtual environment first.",
        ),
        click.option("--allow-network", is_flag=True, help="Let commands use the network."),
        click.option("--allow", metavar="PATH", multiple=True, help="Let commands read PATH besides."),
        click.option("--python", metavar="PYTHON", help="The interpreter to use instead of the active one."),
        click.option(
            "--timeout",
            metavar="SECONDS",
            type=click.FloatRange(min=0, min_open=True),
            help="End a command after SECONDS, instead of ten times what was recorded.",
        ),
        click.option("--jobs", metavar="N", type=click.IntRange(min=1), help="How many runs at once."),
    ):
        function = option(function)
    return function


def settings(
    context: Context, given: ReplayOptions, *, twice: bool = False, keep: bool = False
) -> "Settings":
    """Return how replays are made.

    Raises:
        NotFound: The interpreter that was given is not there, or what may be read besides.
    """
    from platformdirs import user_cache_path

    from dsv.capture.interpreter import interpreter_at
    from dsv.capture.isolation import Openings
    from dsv.runs.rebuild.environments import find_python
    from dsv.runs.rebuild.replay import ReplayMeans
    from dsv.runs.rebuild.replays import Settings
    from dsv.runs.rebuild.scratch import outside

    python = find_python(None if given.python is None else program(context, given.python), context.env)
    openings = Openings(tuple(_allowed(context, path) for path in given.allow), given.network)
    means = ReplayMeans(
        context.env,
        None if python is None else interpreter_at(python),
        openings,
        timeout=given.timeout,
        asked=given.python is not None,
        passed=_passed(context),
    )
    scratch = outside(context.workspace.root, user_cache_path("dsv"))
    jobs = given.jobs or os.cpu_count() or 1
    return Settings(means, scratch, jobs=jobs, twice=twice, recreate=given.recreate, keep=keep)


def _passed(context: Context) -> tuple[str, ...]:
    """Return the variables that are passed on: those that the user's own settings name, or that the user agreed to."""
    from dsv.runs.rebuild.setting_trust import variables

    config = context.workspace.config
    if not config.shared_pass_env:
        return config.pass_env
    agreed = variables(trusted_file(), context.workspace.root)
    refused = [name for name in config.pass_env if name not in agreed and name in context.env]
    if refused:
        context.out.warn(
            f"dsv.toml asks for your {printable(listed(refused))}: not passed on, nobody agreed to that"
        )
        context.out.hint(f"dsv config trust variable {printable(' '.join(refused))}")
    return tuple(name for name in config.pass_env if name in agreed)


def _allowed(context: Context, given: str) -> Path:
    # `--allow "$UNSET"` would be the current folder, which is the workspace.
    place = context.path_here(given)
    if not given or not place.exists():
        raise NotFound(f"there is nothing at {given!r} to allow")
    _warn_of_sockets(context, place)
    return place


def _warn_of_sockets(context: Context, place: Path) -> None:
    """Say which programs commands could speak to through an allowed path, and which not."""
    from dsv.capture.cleanroom.layout_plan import sockets_below

    if place.is_socket():
        context.out.warn(f"{place} is a socket: commands can speak to the program behind it")
        return
    found = sockets_below(os.path.realpath(place))
    if found:
        more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
        context.out.warn(f"{place} holds sockets, which commands do not get in a room: {found[0]}{more}")


def agree(context: Context, given: ReplayOptions) -> "Agree":
    """Return what asks the user to agree to commands."""

    def ask(commands: "Sequence[NewCommand]") -> None:
        if given.yes:
            return
        for line in consent.question(commands):
            context.out.raw_error(line)  # also with -q
        if not context.can_ask:
            raise Refused(consent.refusal(commands), hint="dsv config trust, or --yes")
        if not click.confirm("Run them?", err=True):
            raise Refused("nothing was run")
        from dsv.runs.rebuild.consent import remember

        remember(trusted_file(), commands)

    return ask


def allowed(context: Context, given: ReplayOptions) -> list[str]:
    """Return what commands may read besides, for a document."""
    return [os.fspath(context.path_here(path)) for path in given.allow]


def program(context: Context, given: str) -> Path:
    """Return where the program `given` is: a path, or a name to be found on PATH."""
    import shutil

    if "/" not in given and os.sep not in given:
        found = shutil.which(given, path=context.env.get("PATH", os.defpath))
        if found is not None:
            return Path(found)
    return context.path_here(given)
