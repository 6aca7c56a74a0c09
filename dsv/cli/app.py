"""The root command: which commands there are, global options, and how failures end."""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from dsv._version import VERSION
from dsv.cli.arguments import at_root
from dsv.cli.command import Verb
from dsv.cli.context import Context
from dsv.cli.failures import BROKEN_PIPE, BUG, ToldFailure, explain
from dsv.cli.output import abandon_stdout, prepare_streams
from dsv.errors import NotFound, UsageFault

SECTIONS = {
    "Start": ("init", "clone", "config", "demo"),
    "Record": ("run", "add", "import", "mv", "rm", "commit"),
    "Look": ("status", "log", "show", "diff", "ls", "cat", "head", "schema"),
    "Trace": ("lineage", "why"),
    "Share": ("remote", "push", "fetch", "pull"),
    "Rebuild": ("rerun", "rebuild", "verify"),
    "Move between versions": ("checkout", "merge", "branch", "tag"),
    "Take back": ("restore", "undo", "oplog"),
    "Keep house": ("drop", "fsck", "gc", "completion", "version"),
}
_KEYWORDS = {"import": "import_"}
COMMANDS = {
    name: f"dsv.cli.commands.{_KEYWORDS.get(name, name)}" for names in SECTIONS.values() for name in names
}
NO_JSON = ("cat", "completion")
COMPLETE = "_DSV_COMPLETE"


class RootCommand(click.Group):
    """The `dsv` command; a subcommand's module is imported when it is typed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> Verb | None:  # noqa: ARG002 (as above)
        """Return the command of that name, None if there is none."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        found = import_module(module).command
        assert isinstance(found, Verb)
        found.name = cmd_name
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that `args` name.

        Raises:
            UsageFault: There is no such command; the hint has one that looks like it.
        """
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(name, COMMANDS, n=1)
            raise UsageFault(f"no such command: {name}", hint=f"dsv {near[0]}" if near else "dsv --help")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, grouped by purpose."""
        for title, names in SECTIONS.items():
            with formatter.section(title):
                rows = []
                for name in names:
                    found = self.get_command(ctx, name)
                    if found is not None:
                        rows.append((name, found.get_short_help_str(limit=90)))
                formatter.write_dl(rows)


@click.command(
    cls=RootCommand, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option("-C", "folder", metavar="DIR", help="Work as if started in DIR.")
@click.option("-q", "--quiet", is_flag=True, help="Show results and errors only.")
@click.option("-v", "--verbose", count=True, help="Tell more; -vv shows where an error came from.")
@click.version_option(VERSION, prog_name="dsv", message="%(prog)s %(version)s")
@click.pass_obj
def root(context: Context, folder: str | None, *, quiet: bool, verbose: int) -> None:
    """Record, trace, rebuild and verify datasets, and version them like code.

    A dataset is a file or a folder. `dsv init` makes the present folder a workspace, `dsv add`
    and `dsv commit` record versions of its datasets, `dsv checkout` brings them back to the byte. `dsv run`
    records how data is made, `dsv lineage` traces it, `dsv rebuild` and `dsv verify` make it again.
    """
    context.out.quiet, context.out.verbose = quiet, verbose
    if folder is not None:
        place = Path(context.cwd, folder)
        if not place.is_dir():
            raise NotFound(f"no such folder: {folder}")
        context.cwd = place


def run(arguments: Sequence[str]) -> int:
    """Run the command that `arguments` (without the program's name) say; return its exit code.

    Whatever happens ends as an exit code here: nothing is raised.
    """
    prepare_streams()
    context: Context | None = None
    try:
        context = Context()
        code = _invoke(context, list(arguments))
        context.out.finish()
    except BrokenPipeError:
        abandon_stdout()
        return BROKEN_PIPE
    except BaseException as error:  # noqa: BLE001 (the last resort, which tells bugs from the rest)
        return _fail(error, context, list(arguments))
    return code


def _invoke(context: Context, arguments: list[str]) -> int:
    instruction = context.env.get(COMPLETE)
    if instruction:
        from click.shell_completion import shell_complete

        return shell_complete(root, {"obj": context}, "dsv", COMPLETE, instruction)
    if not arguments:
        arguments = ["--help"]
    try:
        with root.make_context("dsv", arguments, obj=context) as ctx:
            result: Any = root.invoke(ctx)
    except click.exceptions.Exit as end:  # after --help and --version
        return end.exit_code
    return result if isinstance(result, int) else 0


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether `--json` was asked for, as far as can be told when the arguments may be wrong."""
    own = list(arguments)
    if "--" in own:
        own = own[: own.index("--")]
    command = next((word for word in own if word in COMMANDS), None)
    return "--json" in own and command not in NO_JSON


def _fail(error: BaseException, context: Context | None, arguments: list[str]) -> int:
    import traceback

    as_json = _wants_json(arguments)
    failure = explain(error)
    if failure is not None and context is not None and isinstance(error, NotFound):
        failure = failure._replace(hint=at_root(context, arguments) or failure.hint)
    trace = "".join(traceback.format_exception(error))
    if failure is None:
        summary = traceback.format_exception_only(error)[-1].strip()
        failure = ToldFailure(
            "bug", summary, "this is a bug in dsv: please report it with the text above", BUG
        )
    if context is None:
        sys.stderr.write(f"error: {failure.message}\n")
        return failure.exit_code
    out = context.out
    try:
        if failure.exit_code == BUG or out.verbose > 1:
            out.raw_error(trace)
        if as_json:
            out.document(failure.record())
        if not as_json or failure.exit_code == BUG:
            out.error(failure.message, failure.hint)
        out.finish()
    except BrokenPipeError:
        abandon_stdout()
    return failure.exit_code
