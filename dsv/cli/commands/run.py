"""`dsv run`."""

import sys
from shlex import quote
from typing import TYPE_CHECKING

import click

from dsv.cli import complete, messages
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.cli.replaying import brought
from dsv.cli.streams import idle_input, own_files, parameters
from dsv.cli.trusting import trust_own
from dsv.errors import UsageFault
from dsv.ids import short
from dsv.render import origin_words
from dsv.render.style import counted, printable, size

if TYPE_CHECKING:
    from dsv.model.attempt import Attempt
    from dsv.model.run import Input, Output, Run
    from dsv.ops.run import RunResult
    from dsv.runs.record.request import Request
    from dsv.runs.record.result import Recorded

_NAMED = 3

SHAPE = {
    "command_exit": "int?: exit code of the command, 128 + n for signal n; null with --no-exec",
    "seconds": "number?: how long it took; null with --no-exec",
    "run": "id?: of the run's record; null if nothing was recorded",
    "name": "text?: its label",
    "argv": ["text: a word of the command as it is recorded"],
    "capture": "text?: captured, declared, partly or claimed; null if nothing was recorded",
    "complete": "flag: whether nothing can have been missed",
    "incomplete": ["text: what could have been missed"],
    "masked": "flag: whether secrets were left out, so that it cannot be run again as recorded",
    "inputs": [
        {"path": "path: of the dataset", "content": "id: its content", "new": "flag: not tracked before"}
    ],
    "outputs": [
        {
            "path": "path: of the dataset",
            "content": "id: its content",
            "table": "id?: its table; null if it is none",
            "rows": "int?: of the table",
            "size": "int: bytes",
            "files": "int: how many files it has",
        }
    ],
    "code": ["path: of a code file that it read"],
    "in_git": ["path: of a code file that git tracks, and that it read as data"],
    "outside": [
        {
            "path": "text: of a file outside of the workspace that it read",
            "content": "id: of its bytes, which are not kept",
        }
    ],
    "listings": ["path: of a folder that it listed; . is the workspace"],
    "links": [{"path": "path: of a link that led it to what it used", "target": "text: where that led"}],
    "absent": ["path: that it looked for in vain"],
    "variables": {"*": "text: the value of a variable that is recorded of every run"},
    "stdin": "id?: of what its standard input gave; null if nothing",
    "witness": "text?: what saw it: calls, files or events; null if nothing did",
    "interpreter": "text?: the Python that ran it; null if none did",
    "withheld": ["path: that may hold secrets, and is not recorded"],
    "staged": ["path: of a dataset that was staged"],
    "unchanged": "flag: whether all of it was staged like this already",
    "written": ["path: written by a command that failed"],
    "tail": "text?: the end of the output of a command that failed",
    "commit": "id?: of the commit, with -m",
    "brought": ["path: of a changed dataset that it read and that was staged for the commit"],
    "warnings": ["text: what may be wrong"],
    "notes": ["text: further notes"],
}


@verb(
    waits=None,
    examples={
        "dsv run -- python clean.py": "Run a script; what it reads and writes is detected:",
        'dsv run -n clean -p drop=5 -m "clean" -- python clean.py --drop {drop}': "Name it, with a parameter, and commit:",
        "dsv run -i raw.csv -o clean.csv -- sh -c 'sort raw.csv > clean.csv'": "Declare what it uses:",
        "dsv run --no-exec -i raw.csv -o clean.csv -- python clean.py": "Record what ran before, or elsewhere:",
    },
    shape=SHAPE,
    exits={0: "done, or the exit code of the command"},
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option("-n", "--name", metavar="NAME", help="A label for the run.")
@click.option(
    "-i",
    "--input",
    "inputs",
    multiple=True,
    metavar="PATH",
    shell_complete=complete.datasets,
    help="A dataset that it reads; by default that is detected.",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="PATH",
    shell_complete=complete.datasets,
    help="A dataset that it writes; by default that is detected.",
)
@click.option(
    "-p",
    "--param",
    "params",
    multiple=True,
    metavar="KEY=VALUE",
    help="A parameter: {KEY} in the command, DSV_PARAM_KEY in its environment.",
)
@click.option("--env", "variables", multiple=True, metavar="VAR", help="An environment variable to record.")
@click.option(
    "--stdin",
    type=click.Choice(["refuse", "keep"]),
    default="refuse",
    help="What comes through standard input: refuse the run, or keep it with the record.",
)
@click.option("-m", "--message", metavar="MSG", help="Commit all that is staged then, and what it read.")
@messages.allow_secret
@click.option("--no-exec", is_flag=True, help="Run nothing: record what ran before or elsewhere.")
@click.argument(
    "argv",
    metavar="-- COMMAND...",
    nargs=-1,
    required=True,
    type=click.UNPROCESSED,
    shell_complete=complete.files,
)
def command(
    context: Context,
    argv: tuple[str, ...],
    *,
    name: str | None,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    params: tuple[str, ...],
    variables: tuple[str, ...],
    stdin: str,
    message: str | None,
    allow_secret: bool,
    no_exec: bool,
) -> int:
    """Run a command, and stage what it wrote with the record of how.

    The data that it reads, the data that it writes and its code are detected while it runs (on Linux;
    elsewhere declare them with -i and -o). Data that was not tracked becomes a source. A command that fails
    stages nothing. Secrets in arguments, and variables that are not named with --env, are not recorded.
    """
    from dsv.ops.run import run
    from dsv.runs.record.request import Request

    if no_exec and not outputs:
        raise UsageFault("--no-exec needs to know what was written", hint="add -o PATH")
    messages.check(context, message, allowed=allow_secret)
    keep = stdin == "keep"
    own = frozenset() if no_exec else own_files(context, keep=keep)
    request = Request(
        argv=argv,
        env=context.env,
        cwd="" if (here := context.path(".")) == "." else here,
        name=name,
        inputs=tuple(map(context.path, inputs)) or None,
        outputs=tuple(map(context.path, outputs)) or None,
        params=parameters(params),
        variables=variables,
        own_files=own,
        idle=None if no_exec or keep else idle_input(),
        stdout=2 if context.out.json else 1,
    )
    _tell_masked(context, request)
    if request.unfilled:
        names = ", ".join(f"{{{printable(key)}}}" for key in request.unfilled)
        context.out.warn(f"no parameter fills {names}: -p gives {', '.join(sorted(request.params))}")
    sys.stdout.flush()
    result = run(
        context.workspace,
        request,
        execute=not no_exec,
        stdin=0 if keep else None,
        message=message,
        author=context.author if message is not None else "",
        progress=context.progress("storing", "B"),
    )
    trust_own(context, result.recorded)
    if context.out.json:
        context.out.document(_record(context, request, result))
    else:
        _tell(context, result)
    return result.recorded.exit_code


def _tell_masked(context: Context, request: "Request") -> None:
    """Say before anything runs what will not be recorded of the command, and how it need not stand there."""
    from dsv.runs.record.without_secrets import left_out

    found = left_out(request.argv, request.params)
    if found:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        context.out.warn(f"not recorded, as it seems secret: {', '.join(found[:_NAMED])}{more}")
        context.out.hint(
            "set it as a variable that the program reads, and run with --env NAME: then the run can be repeated"
        )


def _record(context: Context, request: "Request", result: "RunResult") -> dict[str, object]:
    found = result.recorded
    run, attempt, execution = found.run, found.attempt, found.execution
    return {
        "command_exit": execution.exit_code if execution else None,
        "seconds": round(execution.seconds, 3) if execution else None,
        "run": found.id,
        "name": request.name,
        "argv": list(run.argv) if run else [],
        "capture": attempt.capture if attempt else None,
        "complete": attempt is not None and not attempt.blind_spots,
        "incomplete": list(attempt.blind_spots) if attempt else [],
        "masked": run is not None and run.masked,
        "inputs": [
            {"path": one.path, "content": one.checkpoint.content, "new": one.path in found.sources}
            for one in (run.inputs if run else ())
        ],
        "outputs": [
            {
                "path": one.path,
                "content": one.content,
                "table": one.table,
                "rows": found.rows.get(one.path),
                "size": one.size,
                "files": one.files,
            }
            for one in (run.outputs if run else ())
        ],
        "code": list(found.code),
        "in_git": list(run.in_git) if run else [],
        "outside": [{"path": one.path, "content": one.content} for one in (run.outside if run else ())],
        "listings": [one.path or "." for one in (run.listings if run else ())],
        "absent": list(run.absent) if run else [],
        "links": [{"path": one.path, "target": one.target} for one in (run.links if run else ())],
        "variables": dict(run.surroundings) if run else {},
        "stdin": run.stdin if run else None,
        "witness": attempt.witness if attempt else None,
        "interpreter": attempt.interpreter if attempt else None,
        "withheld": list(attempt.withheld) if attempt else [],
        "staged": list(found.staged),
        "unchanged": found.unchanged,
        "written": list(found.written),
        "tail": _tail(context, request, result),
        "commit": result.commit.id if result.commit else None,
        "brought": list(result.brought),
        "warnings": list(found.warnings),
        "notes": [*found.notes, *_unstaged(result), *(result.commit.notes if result.commit else ())],
    }


def _tail(context: Context, request: "Request", result: "RunResult") -> str | None:
    """Return the end of the output of a command that failed, without secrets: documents are kept in logs."""
    from dsv.runs.record.without_secrets import Screen

    execution = result.recorded.execution
    if execution is None or result.recorded.id is not None or not result.recorded.exit_code:
        return None
    return Screen(context.workspace.root, context.env).output(execution.tail, request)


def _tell(context: Context, result: "RunResult") -> None:
    """Tell on stderr what came of it: stdout is the command's."""
    out, found = context.out, result.recorded
    for warning in found.warnings:
        out.warn(warning)
    unstaged = _unstaged(result)
    for note in (*found.notes, *unstaged):
        out.say(note)
    if found.run is not None and found.attempt is not None:
        _tell_run(context, found)
    elif found.exit_code:
        out.warn(f"the command failed with exit code {found.exit_code}: nothing was staged")
        for path in found.written:
            out.say(f"  it had written {printable(path)}")
    else:
        out.say("nothing was staged")
    if unstaged:
        out.hint("dsv commit -am MESSAGE commits that as well; without it the commit would be stale")
    if result.commit is not None:
        for note in (*result.commit.notes, *map(brought, result.brought)):
            out.say(note)
        title = result.commit.commit.message.partition("\n")[0]
        out.say(f"{result.commit.branch} {short(result.commit.id)} {printable(title)}")


def _unstaged(result: "RunResult") -> list[str]:
    left = [path for path in result.recorded.unstaged if path not in result.brought]
    return [f"{path} was read with changes that are not staged" for path in left]


def _tell_run(context: Context, found: "Recorded") -> None:
    out, run, attempt = context.out, found.run, found.attempt
    assert run is not None
    assert attempt is not None
    assert found.id is not None
    claimed = ", claimed" if attempt.claimed else f", {attempt.milliseconds / 1000:.1f} s"
    same = ": unchanged" if found.unchanged else ""
    out.say(f"run {short(found.id)} {origin_words.label(run)}{claimed}{same}")
    for read in run.inputs:
        out.say(f"  input    {_input(read, new=read.path in found.sources)}")
    for path in found.code:
        out.say(f"  {'in git' if path in run.in_git else 'code':<8} {printable(path)}")
    for listed in run.listings:
        out.say(f"  listed   {printable(listed.path or '.')}")
    for path in run.absent:
        out.say(f"  absent   {printable(path)}")
    for link in run.links:
        out.say(f"  link     {printable(link.path)} -> {printable(link.target)}")
    if run.stdin is not None:
        out.say(f"  stdin    {short(run.stdin)}")
    for path in attempt.withheld:
        out.say(f"  withheld {printable(path)}: it may hold secrets")
    for one in run.outside:
        out.say(f"  outside  {printable(one.path)}  {short(one.content)}  {size(one.size)}")
    for made in run.outputs:
        out.say(f"  output   {_output(made, found.rows.get(made.path))}")
    _warn(context, run, attempt)


def _warn(context: Context, run: "Run", attempt: "Attempt") -> None:
    """Warn of what the record lacks, with what follows from it."""
    out = context.out
    for one in run.outside:
        out.warn(f"{printable(one.path)} is outside of the workspace: its bytes are not kept")
    if run.outside:
        out.hint(f"dsv import {quote(run.outside[0].path)} brings it into the workspace")
    if attempt.withheld:
        few = ", ".join(map(printable, attempt.withheld[:_NAMED]))
        rest = len(attempt.withheld) - _NAMED
        more = f" and {rest} more" if rest > 0 else ""
        out.warn(f"without {few}{more}, what was made cannot be rebuilt elsewhere")
        inside = [path for path in attempt.withheld if not path.startswith(("/", "~"))]
        if inside:
            out.hint(f"dsv config secrets allow {context.typed(inside[0])}, if there is no secret in it")
    if run.masked:
        out.warn("secrets were left out of the record: it cannot be run again as it is recorded")
    for spot in attempt.blind_spots:
        out.warn(f"incomplete: {spot}")


def _input(read: "Input", *, new: bool) -> str:
    told = f"{printable(read.path)}  {short(read.checkpoint.content)}"
    return f"{told}  new source" if new else told


def _output(made: "Output", rows: int | None) -> str:
    amount = counted(rows, "row") if rows is not None else size(made.size)
    return f"{printable(made.path)}  {short(made.content)}  {amount}"
