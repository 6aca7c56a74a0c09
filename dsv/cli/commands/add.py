"""`dsv add`."""

import click

from dsv.cli import complete
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import add as render


@verb(
    examples={
        "dsv add data/trips.parquet": "Stage a file:",
        "dsv add data/images": "Stage a folder as one dataset:",
        "dsv add --follow models/snapshot": "Keep what links lead to, and not the links:",
        "dsv add .": "Stage all tracked datasets that changed:",
    },
    shape=render.SHAPE,
)
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(), shell_complete=complete.datasets
)
@click.option("--rehash", is_flag=True, help="Read every file instead of trusting times and sizes.")
@click.option(
    "--follow",
    is_flag=True,
    help="Replace links that lead out of a dataset by what they lead to; copies take room.",
)
def command(context: Context, paths: tuple[str, ...], *, rehash: bool, follow: bool) -> None:
    """Stage datasets for the next commit.

    A file or a folder that is not tracked yet becomes a dataset. A folder that holds tracked datasets
    stands for those of them that changed. The bytes are stored at once: what was added is safe.

    A link is kept as a link: of what it leads to, out of the dataset, no bytes are kept, and that is said.
    """
    from dsv.ops.add import add

    result = add(
        context.workspace,
        [context.path(path) for path in paths],
        rehash=rehash,
        follow=follow,
        progress=context.progress("storing", "B"),
    )
    out = context.out
    if out.json:
        out.document(render.document(result))
    else:
        out.show(render.lines(result, out.style, context.typed))
