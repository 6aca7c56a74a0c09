"""`dsv pull`."""

import click

from dsv.cli import complete, moves
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import pull as render


@verb(
    examples={
        "dsv pull": "Bring what others pushed to the branch that you are on:",
        "dsv pull data/trips.parquet": "Bring the data of one dataset that is not here:",
        "dsv pull .": "Bring the data of all of them:",
    },
    shape=render.SHAPE,
)
@click.argument("paths", metavar="[PATH]...", nargs=-1, shell_complete=complete.either)
@click.option("--remote", "name", metavar="NAME", help="From this remote.")
@moves.yes
def command(context: Context, paths: tuple[str, ...], *, name: str | None, yes: bool) -> None:
    """Bring what others pushed, and make the working tree follow.

    The branch is fast-forwarded under the rules of `dsv checkout`; where both sides have moved on, nothing
    is done, and `dsv merge REMOTE/BRANCH` helps. Datasets that are absent stay so. With PATH the branch
    stays, and the data of these datasets is brought and checked out.
    """
    from dsv.ops.pull import pull

    context.yes = yes
    workspace = context.workspace
    result = pull(
        workspace, name, [context.path(path) for path in paths], progress=context.progress("fetching", "B")
    )
    out = context.out
    if out.json:
        out.document(render.document(result))
    else:
        out.show(render.lines(result, out.style))
