"""`dsv fetch`."""

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import fetch as render


@verb(
    examples={
        "dsv fetch": "See what others pushed (`dsv log origin/main`), and change nothing:",
        "dsv fetch lab": "From a remote by name:",
    },
    shape=render.SHAPE,
)
@click.argument("remote", required=False)
def command(context: Context, remote: str | None) -> None:
    """Bring the history of a remote: commits, snapshots and lineage, not the data itself.

    Data comes when it is needed. Branches of the remote are REMOTE/BRANCH here.
    """
    from dsv.ops.fetch import fetch

    result = fetch(context.workspace, remote, progress=context.progress("fetching", "B"))
    out = context.out
    if out.json:
        out.document(render.document(result))
    else:
        out.show(render.lines(result, out.style))
