"""`dsv status`."""

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import status as render


@verb(
    examples={
        "dsv status": "Show what changed:",
        "dsv status --exit-code": "Ask in a script whether anything did:",
    },
    shape=render.SHAPE,
    exits={1: "something is staged, changed or untracked (with --exit-code only)"},
)
@click.option("--exit-code", is_flag=True, help="Exit with 1 if anything is staged, changed or untracked.")
@click.option("--rehash", is_flag=True, help="Read every file instead of trusting times and sizes.")
def command(context: Context, *, exit_code: bool, rehash: bool) -> int:
    """Show what is staged, changed, untracked and stale.

    Files whose size and times are as they were are not read again, and no table is decoded. A
    dataset is stale if a run made it whose inputs or code have changed since, or are stale themselves.
    """
    from dsv.ops.status import status

    result = status(context.workspace, rehash=rehash, progress=context.progress("reading", "B"))
    out = context.out
    if out.json:
        out.document(render.document(result))
    else:
        remote = bool(result.absent) and context.workspace.config.default_remote is not None
        out.show(render.lines(result, out.style, remote=remote))
    return int(exit_code and not result.clean)
