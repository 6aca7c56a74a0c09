"""`dsv head`."""

import click

from dsv.cli import complete
from dsv.cli.arguments import as_table, place
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import head as render


@verb(
    examples={
        "dsv head data/trips.parquet": "The first ten rows:",
        "dsv head data/trips.csv@v1 -n 3 --columns distance,dest": "Three rows of an older version:",
    },
    shape=render.SHAPE,
)
@click.argument("what", metavar="PATH[@REV[:FILE]]", shell_complete=complete.places)
@click.option("-n", "--rows", type=click.IntRange(min=0), default=10, metavar="N", help="How many rows.")
@click.option("--columns", metavar="A,B", help="Only these columns, in this order.")
def command(context: Context, what: str, *, rows: int, columns: str | None) -> None:
    """Show the first rows of a table.

    For Parquet, Arrow, CSV, TSV and JSON lines. On a terminal columns are cut to its width.
    """
    from dsv.ops.head import head

    names = None if columns is None else [name.strip() for name in columns.split(",")]
    named = place(context, what)
    with as_table(named):
        found = head(context.workspace.repo, named, rows=rows, columns=names)
    out = context.out
    if out.json:
        out.document(render.document(found))
    else:
        out.show(render.lines(found))
