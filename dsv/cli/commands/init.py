"""`dsv init`."""

import click

from dsv.cli.command import verb
from dsv.cli.context import Context

SHAPE = {
    "root": "text: the workspace folder, absolute",
    "branch": "text?: the branch that HEAD is on; null if detached",
    "head": "id?: its commit; null before the first",
    "created": "flag: whether there was no store before",
    "git": "flag: whether the workspace is in a git repository",
}


@verb(
    examples={
        "dsv init": "Make the present folder a workspace:",
        "dsv init --store /mnt/big/trips": "Keep the data on another disk:",
    },
    shape=SHAPE,
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
    if context.out.json:
        context.out.document(
            {
                "root": str(result.root),
                "branch": result.branch,
                "head": result.head,
                "created": result.created,
                "git": result.git,
            }
        )
        return
    out = context.out
    if not result.created:
        out.report(f"{result.root} is a workspace already; nothing was changed")
        return
    out.report(f"made a workspace in {result.root} on branch {out.style.name(str(result.branch))}")
    out.hint("dsv add PATH, then dsv commit -m MESSAGE")
