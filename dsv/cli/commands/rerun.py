"""`dsv rerun`."""

import sys
from typing import TYPE_CHECKING

import click

from dsv.cli import complete, messages, replaying
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.cli.replaying import ReplayOptions, brought
from dsv.cli.streams import own_files, parameters
from dsv.cli.trusting import trust_own, trusted_file
from dsv.errors import UsageFault
from dsv.ids import short
from dsv.render.style import counted, printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dsv.ops.rerun import RerunResult
    from dsv.runs.rerun.repeat import RepeatMeans
    from dsv.runs.rerun.repeat_stale import Outcome
    from dsv.runs.stale.step import Step

SHAPE = {
    "steps": [
        {
            "run": "id: of the run that the step repeats",
            "command": "text: its label, or its command",
            "datasets": ["path: of a dataset that it made"],
            "state": "stale|done|unchanged|left|failed|skipped",
            "reason": "text: why; empty if nothing changed",
            "new_run": "id?: of the new run's record; null if there is none",
            "command_exit": "int?: exit code of the command; null if it was not run",
            "seconds": "number?: how long it took; null likewise",
            "staged": ["path: of a dataset that was staged"],
            "gone": ["path: that it did not make this time, and that is no dataset any more"],
            "python": "text?: the interpreter that was chosen for it; null if none was",
            "environment": ["text: how its environment differs from the one that was recorded"],
            "warnings": ["text: what may be wrong"],
        }
    ],
    "stale": "flag: whether something is stale still, or failed",
    "commit": "id?: of the commit, with -m",
    "brought": ["path: of a changed dataset that was read, and that was staged for the commit"],
    "unstaged": ["path: of a changed dataset that was read, and that is not staged"],
    "edited": ["path: that a step made which is not repeated, and that was edited since"],
}

STATES = {
    "stale": "would be repeated (with --dry-run)",
    "done": "was repeated",
    "unchanged": "has nothing new to read",
    "left": "changed, but updates a dataset in place whose version before is not here any more",
    "failed": "failed: its datasets are as they were",
    "skipped": "waits for one that failed",
}

_CHANGES = 5


@verb(
    waits=None,
    examples={
        "dsv rerun --dry-run": "See what is stale:",
        'dsv rerun -m "new raw data"': "Bring everything up to date and commit:",
        "dsv rerun data/features.parquet": "Bring one dataset up to date, with all that it is made from:",
        "dsv rerun -p drop=10 clean.csv": "Repeat with another parameter:",
        "dsv rerun --no-exec clean.csv": "Accept what is there, after a change that does not matter:",
    },
    shape=SHAPE,
    exits={
        0: "everything is up to date now",
        1: "something failed, was skipped or left, or is stale (with --dry-run)",
    },
    sections={"States": STATES},
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
    from dsv.wording import listed

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
    for loaded in result.surprises.values():
        context.out.warn(f"{printable(listed(loaded))}: loaded by a command, and nobody had agreed to that")
        context.out.hint("dsv config trust agrees; until then the command is asked about again")
    if context.out.json:
        context.out.document(_record(result))
    else:
        _tell(context, result)
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


def _announce(context: Context, step: "Step", reason: str) -> None:
    context.out.step(step.command, reason)


def _record(result: "RerunResult") -> dict[str, object]:
    return {
        "steps": [_step(outcome) for outcome in result.outcomes],
        "stale": result.exit_code != 0,
        "commit": result.commit.id if result.commit else None,
        "brought": list(result.brought),
        "unstaged": list(result.unstaged),
        "edited": list(result.edited),
    }


def _step(outcome: "Outcome") -> dict[str, object]:
    found = outcome.recorded
    execution = found.execution if found else None
    return {
        "run": outcome.step.run,
        "command": outcome.step.command,
        "datasets": list(outcome.step.datasets),
        "state": outcome.state,
        "reason": outcome.reason,
        "new_run": found.id if found else None,
        "command_exit": execution.exit_code if execution else None,
        "seconds": round(execution.seconds, 3) if execution else None,
        "staged": list(found.staged) if found else [],
        "gone": list(outcome.gone),
        "python": None if outcome.python is None else str(outcome.python),
        "environment": [one.text for one in outcome.environment],
        "warnings": list(found.warnings) if found else [],
    }


def _tell(context: Context, result: "RerunResult") -> None:
    from dsv.wording import listed

    out, style = context.out, context.out.style
    for outcome in result.outcomes:
        if outcome.state == "unchanged" and not out.verbose:
            continue
        names = printable(", ".join(outcome.step.datasets))
        why = f" ({printable(outcome.reason)})" if outcome.reason else ""
        word = f"{outcome.state:<9}"
        bad = outcome.state in {"failed", "skipped", "left", "stale"}
        out.report(f"{style.removed(word) if bad else style.added(word)} {names}{why}")
        _tell_more(context, outcome)
    same = sum(outcome.state == "unchanged" for outcome in result.outcomes)
    if result.edited:
        out.say(f"{printable(listed(result.edited))}: edited by hand since its command made it")
        files = " ".join(context.typed(path) for path in result.edited[:_CHANGES])
        out.hint(f"dsv restore {files} brings back what was made; dsv add {files} keeps the edit")
    if same == len(result.outcomes) and not result.edited:
        out.report("everything is up to date" if same else "no run made anything here")
    elif same:
        out.say(f"{counted(same, 'step')} unchanged")
    if result.unstaged:
        out.say(f"{', '.join(result.unstaged)}: read with changes that are not staged")
        out.hint("dsv commit -am MESSAGE commits that as well; without it the commit would be stale")
    if result.commit is not None:
        for note in (*result.commit.notes, *map(brought, result.brought)):
            out.say(note)
        title = result.commit.commit.message.partition("\n")[0]
        out.say(f"{result.commit.branch} {short(result.commit.id)} {printable(title)}")


def _short(context: Context, python: "Path") -> str:
    """Return where an interpreter is, relative to the workspace if it is in it."""
    root = context.workspace.root
    return python.relative_to(root).as_posix() if python.is_relative_to(root) else str(python)


def _is_at_hand(context: Context, python: "Path") -> bool:
    """Whether an interpreter is on the user's PATH, as that of an active environment is: then it need not be named."""
    return str(python.parent) in context.env.get("PATH", "").split(":")


def _tell_more(context: Context, outcome: "Outcome") -> None:
    from dsv.wording import listed

    out, found = context.out, outcome.recorded
    if outcome.gone:
        out.warn(
            f"{printable(listed(outcome.gone))}: not made any more, and removed; dsv undo brings it back"
        )
    if outcome.python is not None and (out.verbose or not _is_at_hand(context, outcome.python)):
        out.say(f"  with {printable(_short(context, outcome.python))}")
    if outcome.state == "left":
        path = context.typed(outcome.step.datasets[0])
        out.hint(f"dsv fetch, or dsv rerun --force {path} repeats it on what is there now")
    matter = [one for one in outcome.environment if one.matters]
    for one in outcome.environment if out.verbose else matter[:_CHANGES]:
        out.say(f"  environment: {printable(one.text)}")
    for warning in found.warnings if found else ():
        out.warn(warning)
    for path in found.written if found else ():
        if path not in outcome.step.outputs:
            out.say(f"  it had written {printable(path)}")
