"""`dsv restore`."""

import click

from dsv.cli import complete, moves
from dsv.cli.command import verb
from dsv.cli.context import Context

SHAPE = {**moves.SHAPE, "unstaged": ["path: of a dataset that is staged as in HEAD again"]}


@verb(
    examples={
        "dsv restore data/trips.parquet": "Take back an uncommitted change:",
        "dsv restore --staged data/trips.parquet": "Unstage a change, and leave the file as it is:",
    },
    shape=SHAPE,
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
    if staged:
        unstaged = restore.unstage(context.workspace, named)
        if context.out.json:
            context.out.document({"written": [], "removed": [], "kept": [], "unstaged": list(unstaged)})
        else:
            moves.paths(context, "unstaged", unstaged)
            if not unstaged:
                moves.paths(context, "unchanged", tuple(named))
        return
    moved = restore.restore(context.workspace, named, progress=context.progress("writing", "files"))
    if context.out.json:
        context.out.document({**moves.record(moved), "unstaged": []})
    else:
        moves.render_named(context, moved, named)
