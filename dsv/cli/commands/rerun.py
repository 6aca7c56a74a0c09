"""`dsv rerun`."""

import sys
from typing import TYPE_CHECKING

import click

from dsv.cli import complete, messages, replaying
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.cli.replaying import ReplayOptions
from dsv.cli.streams import own_files, parameters
from dsv.cli.trusting import trust_own, trusted_file
from dsv.errors import UsageFault
from dsv.render import rerun as render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsv.runs.rerun.repeat import RepeatMeans
    from dsv.runs.rerun.rerun_plan import RepeatReason
    from dsv.runs.stale.step import Step


@verb(
    waits=None,
    examples={
        "dsv rerun --dry-run": "See what is stale:",
        'dsv rerun -m "new raw data"': "Bring everything up to date and commit:",
        "dsv rerun data/features.parquet": "Bring one dataset up to date, with all that it is made from:",
        "dsv rerun -p drop=10 clean.csv": "Repeat with another parameter:",
        "dsv rerun --no-exec clean.csv": "Accept what is there, after a change that does not matter:",
    },
    shape=render.SHAPE,
    exits={
        0: "everything is up to date now",
        1: "something failed, was skipped or left, or is stale (with --dry-run)",
    },
    sections={"States": render.STATES},
)
@click.argument("paths", metavar="[PATH]...", nargs=-1, shell_complete=complete.datasets)
@click.option("--dry-run", is_flag=True, help="Run nothing: say what would be repeated, and why.")
@click.option(
    "-p", "--param", "params", multiple=True, metavar="KEY=VALUE", help="Another value for a parameter."
)
@click.option("--force", is_flag=True, help="Repeat what makes PATH even if nothing changed.")
@click.option("--no-exec", is_flag=True, help="Run nothing: accept PATH as it is for made by its command.")
@messages.allow_secret
@click.option("-m", "--message", metavar="MSG", help="Commit it with what was read, if nothing failed.")
@click.option("--python", metavar="PYTHON", help="The interpreter to use instead of the recorded one.")
@click.option("--yes", is_flag=True, help="Agree to run commands that others recorded, this once.")
def command(
    context: Context,
    paths: tuple[str, ...],
    *,
    dry_run: bool,
    params: tuple[str, ...],
    force: bool,
    no_exec: bool,
    message: str | None,
    allow_secret: bool,
    python: str | None,
    yes: bool,
) -> int:
    """Bring stale datasets up to date, and stage them.

    A dataset is stale if a run made it whose inputs or code have changed since. Its command is run again,
    in the workspace, on what is there now, after those that it waits for, by the interpreter that ran it
    if that is still there, else by the active one. A step whose inputs turn out to be the same data is not
    repeated. A dataset that is updated in place becomes what it was before the first step that is repeated.
    If a command fails, its datasets are put back as they were.
    """
    from dsv.ops import rerun as op
    from dsv.runs.rerun.rerun_plan import RerunWanted

    if dry_run and (no_exec or message is not None):
        raise UsageFault("--dry-run does nothing, so it goes with neither -m nor --no-exec")
    messages.check(context, message, allowed=allow_secret)
    wanted = RerunWanted(tuple(map(context.path, paths)), force, parameters(params))
    progress = context.progress("reading", "B")
    if dry_run:
        result = op.preview(context.workspace, wanted, progress=progress)
    else:
        sys.stdout.flush()
        result = op.rerun(
            context.workspace,
            wanted,
            _means(context, wanted.params or {}, python, execute=not no_exec),
            replaying.agree(context, ReplayOptions(None, python, (), False, False, yes)),
            trusted_file(),
            execute=not no_exec,
            message=message,
            author=context.author if message is not None else "",
            tell=lambda step, reason: _announce(context, step, reason),
            progress=progress,
        )
    for outcome in result.outcomes:
        if outcome.recorded is not None and outcome.recorded.id not in result.surprises:
            trust_own(context, outcome.recorded)
    out = context.out
    out.show(render.surprises(result))
    if out.json:
        out.document(render.document(result))
    else:
        search = context.env.get("PATH", "").split(":")
        where = render.Standpoint(context.workspace.root, search, context.typed)
        out.show(render.lines(result, out.style, where, whole=out.verbose > 0))
    return result.exit_code


def _means(
    context: Context, params: "Mapping[str, str]", python: str | None, *, execute: bool
) -> "RepeatMeans":
    from dsv.runs.rebuild.environments import find_python
    from dsv.runs.rerun.repeat import RepeatMeans

    given = None if python is None else replaying.program(context, python)
    return RepeatMeans(
        env=context.env,
        given=given,
        python=find_python(given, context.env),
        params=params,
        own_files=own_files(context) if execute else frozenset(),
        stdout=2 if context.out.json else 1,
    )


def _announce(context: Context, step: "Step", reason: "RepeatReason") -> None:
    context.out.step(step.command, render.reason(reason))
