"""`dsv schema`."""

import click

from dsv.cli import complete
from dsv.cli.arguments import as_table, place
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import schema as render


@verb(
    examples={
        "dsv schema data/trips.parquet": "The columns of a table:",
        "dsv schema data/trips.csv@v1": "Those of an older version:",
    },
    shape=render.SHAPE,
)
@click.argument("what", metavar="PATH[@REV[:FILE]]", shell_complete=complete.places)
def command(context: Context, what: str) -> None:
    """Show the columns of a table.

    For Parquet, Arrow, CSV, TSV and JSON lines: name and type of each column, how many nulls it has, its
    least and greatest value, and the table id.
    """
    from dsv.ops.schema import schema

    named = place(context, what)
    with as_table(named):
        found = schema(context.workspace.repo, named)
    out = context.out
    if out.json:
        out.document(render.document(found))
    else:
        out.show(render.lines(found, out.style))
