"""`dsv oplog`."""

import time

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import oplog as render


@verb(
    examples={
        "dsv oplog": "Show what was done here, newest first:",
        "dsv oplog -n 1": "Show what `dsv undo` would take back:",
    },
    shape=render.SHAPE,
)
@click.option("-n", "--limit", type=click.IntRange(min=0), metavar="N", help="Show at most N operations.")
def command(context: Context, *, limit: int | None) -> None:
    """Show what was done to this workspace.

    Each line is one operation that changed branches, tags, HEAD or what is staged. `dsv undo` takes back
    the last one. With -v what each one changed is shown too.
    """
    from dsv.ops.oplog import oplog

    entries, damage = oplog(context.workspace, limit=limit)
    out = context.out
    if out.json:
        out.document(render.document(entries, damage))
    else:
        now = int(time.time())
        out.show(render.lines(entries, damage, out.style, now=now, whole=out.verbose > 0))
