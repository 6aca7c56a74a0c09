"""`dsv rm`."""

import click

from dsv.cli import complete
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import rm as render


@verb(
    examples={
        "dsv rm data/old.csv": "Stop tracking a dataset and delete the working copy:",
        "dsv rm --keep data/old.csv": "Stop tracking it and leave the file:",
    },
    shape=render.SHAPE,
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, shell_complete=complete.datasets)
@click.option("--keep", is_flag=True, help="Leave the working copy.")
def command(context: Context, paths: tuple[str, ...], *, keep: bool) -> None:
    """Stop tracking datasets.

    Commits that have them stay as they are. The working copy is deleted only if the store holds its bytes.
    """
    from dsv.ops.rm import rm

    result = rm(context.workspace, [context.path(path) for path in paths], keep=keep)
    out = context.out
    if out.json:
        out.document(render.document(result))
    else:
        out.show(render.lines(result, out.style))
