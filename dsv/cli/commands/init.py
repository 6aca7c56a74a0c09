"""`dsv init`."""

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import init as render


@verb(
    examples={
        "dsv init": "Make the present folder a workspace:",
        "dsv init --store /mnt/big/trips": "Keep the data on another disk:",
    },
    shape=render.SHAPE,
)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path())
@click.option("--store", metavar="DIR", type=click.Path(), help="Keep packs in DIR instead of in .dsv.")
def command(context: Context, folder: str, store: str | None) -> None:
    """Make a folder a workspace.

    Writes `dsv.toml`, which belongs in git, and `.dsv`, the store. In a git repository, git is told to
    ignore the store and, later, the tracked data. Where there is a workspace already, nothing changes.
    """
    from dsv.ops.init import init

    root = context.path_here(folder)
    root.mkdir(parents=True, exist_ok=True)
    result = init(root, store=None if store is None else context.path_here(store))
    out = context.out
    if out.json:
        out.document(render.document(result))
    else:
        out.show(render.lines(result, out.style))
