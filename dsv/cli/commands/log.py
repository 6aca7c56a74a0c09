"""`dsv log`."""

import click

from dsv.cli import complete
from dsv.cli.arguments import sort_words
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import log as render


@verb(
    examples={
        "dsv log": "Show the history of HEAD:",
        "dsv log -n 3 data/trips.parquet": "The last three commits that changed one dataset:",
        "dsv log --graph --oneline main": "The graph of a branch, a line for each commit:",
    },
    shape=render.SHAPE,
)
@click.argument("what", metavar="[REV] [PATH]", nargs=-1, shell_complete=complete.either)
@click.option("-n", "--limit", type=click.IntRange(min=0), metavar="N", help="Show at most N commits.")
@click.option("--graph", is_flag=True, help="Draw how commits follow each other.")
@click.option("--oneline", is_flag=True, help="Show each commit on one line.")
def command(
    context: Context, what: tuple[str, ...], *, limit: int | None, graph: bool, oneline: bool
) -> None:
    """Show the history of commits, newest first.

    Starts from REV (default HEAD). With PATH, only commits that changed this dataset, or one in this
    folder, are shown.
    """
    from dsv.ops.log import log

    words = sort_words(context, what)
    entries = log(context.workspace.repo, words.revision, words.path, limit=limit)
    out = context.out
    if out.json:
        out.document(render.document(entries))
    else:
        out.show(render.lines(entries, out.style, graph=graph, oneline=oneline))
