"""`dsv why`."""

import click

from dsv.cli import complete
from dsv.cli.arguments import place
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import why as render


@verb(
    examples={
        "dsv why data/features.parquet": "Why is it what it is now:",
        "dsv why data/features.parquet@v1": "Why was it what it was:",
    },
    shape=render.SHAPE,
)
@click.argument("what", metavar="PATH[@REV]", shell_complete=complete.places)
def command(context: Context, what: str) -> None:
    """Say why a dataset is what it is, and what changed since the version before.

    Tells which run made it, and of what. An input that changed is followed to what changed it. Differences that cannot have mattered, such as
    packages that the run did not import, are counted only; -v lists them.
    """
    from dsv.ops.why import why

    found = why(context.workspace.repo, place(context, what))
    out = context.out
    if out.json:
        out.document(render.document(found))
    else:
        out.show(render.lines(found, out.style, whole=out.verbose > 0))
