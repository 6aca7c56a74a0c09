"""`dsv mv`."""

import click

from dsv.cli import complete
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import mv as render


@verb(
    examples={
        "dsv mv data/old.csv data/new.csv": "Rename a dataset:",
        "dsv mv data/new.csv archive": "Move it into a folder that is there:",
        "dsv mv data/raw raw": "Move a folder of datasets:",
    },
    shape=render.SHAPE,
)
@click.argument("old", metavar="OLD", shell_complete=complete.datasets)
@click.argument("new", metavar="NEW")
def command(context: Context, old: str, new: str) -> None:
    """Give a dataset another name, in the working tree and in what is staged.

    It still comes from the run or source that it came from. Scripts that name it are yours to change; dsv
    rerun makes it again under the new name.
    """
    from dsv.ops.mv import mv

    result = mv(context.workspace, context.path(old), context.path(new))
    out = context.out
    if out.json:
        out.document(render.document(result))
    else:
        out.show(render.lines(result, out.style))
