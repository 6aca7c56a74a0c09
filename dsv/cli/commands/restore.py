"""`dsv restore`."""

import click

from dsv.cli import complete
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import moved
from dsv.render import restore as render


@verb(
    examples={
        "dsv restore data/trips.parquet": "Take back an uncommitted change:",
        "dsv restore --staged data/trips.parquet": "Unstage a change, and leave the file as it is:",
    },
    shape=render.SHAPE,
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, shell_complete=complete.datasets)
@click.option("--staged", is_flag=True, help="Unstage, and leave the working tree as it is.")
def command(context: Context, paths: tuple[str, ...], *, staged: bool) -> None:
    """Put back the stored bytes of a dataset, or unstage it.

    The working tree gets the bytes that are staged, else those of HEAD. What is overwritten is stored
    first: `dsv undo` brings it back.
    """
    from dsv.ops import restore

    named = [context.path(path) for path in paths]
    out = context.out
    if staged:
        unstaged = restore.unstage(context.workspace, named)
        if out.json:
            out.document(render.document(unstaged=unstaged))
        else:
            out.show(render.lines_of_unstaged(unstaged, named))
        return
    found = restore.restore(context.workspace, named, progress=context.progress("writing", "files"))
    if out.json:
        out.document(render.document(found))
    else:
        out.show(moved.lines_named(found, named, out.style))
