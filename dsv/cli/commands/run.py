"""`dsv run`."""

import sys
from typing import TYPE_CHECKING

import click

from dsv.cli import complete, messages
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.cli.streams import idle_input, own_files, parameters
from dsv.cli.trusting import trust_own
from dsv.errors import UsageFault
from dsv.render import run as render

if TYPE_CHECKING:
    from dsv.ops.run import RunResult
    from dsv.runs.record.request import Request


@verb(
    waits=None,
    examples={
        "dsv run -- python clean.py": "Run a script; what it reads and writes is detected:",
        'dsv run -n clean -p drop=5 -m "clean" -- python clean.py --drop {drop}': "Name it, with a parameter, and commit:",
        "dsv run -i raw.csv -o clean.csv -- sh -c 'sort raw.csv > clean.csv'": "Declare what it uses:",
        "dsv run --no-exec -i raw.csv -o clean.csv -- python clean.py": "Record what ran before, or elsewhere:",
    },
    shape=render.SHAPE,
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
    from dsv.runs.record.without_secrets import left_out

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
    out = context.out
    out.show(render.masked(left_out(request.argv, request.params)))
    out.show(render.unfilled(request.unfilled, tuple(request.params)))
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
    if out.json:
        out.document(render.document(result, name=request.name, tail=_tail(context, request, result)))
    else:
        out.show(render.lines(result, context.typed))
    return result.recorded.exit_code


def _tail(context: Context, request: "Request", result: "RunResult") -> str | None:
    """Return the end of the output of a command that failed, without secrets: documents are kept in logs."""
    from dsv.runs.record.without_secrets import Screen

    execution = result.recorded.execution
    if execution is None or result.recorded.id is not None or not result.recorded.exit_code:
        return None
    return Screen(context.workspace.root, context.env).output(execution.tail, request)
