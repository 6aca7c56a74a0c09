"""`dsv rm`."""

import click

from dsv.cli import complete, moves
from dsv.cli.command import verb
from dsv.cli.context import Context

SHAPE = {
    "paths": ["path: of a dataset that is not tracked any more"],
    "removed": ["path: of one whose working copy was deleted"],
}


@verb(
    examples={
        "dsv rm data/old.csv": "Stop tracking a dataset and delete the working copy:",
        "dsv rm --keep data/old.csv": "Stop tracking it and leave the file:",
    },
    shape=SHAPE,
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, shell_complete=complete.datasets)
@click.option("--keep", is_flag=True, help="Leave the working copy.")
def command(context: Context, paths: tuple[str, ...], *, keep: bool) -> None:
    """Stop tracking datasets.

    Commits that have them stay as they are. The working copy is deleted only if the store holds its bytes.
    """
    from dsv.ops.rm import rm

    result = rm(context.workspace, [context.path(path) for path in paths], keep=keep)
    if context.out.json:
        context.out.document({"paths": list(result.paths), "removed": list(result.removed)})
        return
    moves.paths(context, context.out.style.removed("untracked"), result.paths)
    if result.paths:
        context.out.hint("dsv commit records it, dsv undo takes it back")
