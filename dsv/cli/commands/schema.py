"""`dsv schema`."""

import click

from dsv.cli import complete, table_words
from dsv.cli.arguments import place
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render.style import printable

SHAPE = {
    "path": "path: of the dataset, or of the file in it",
    "content": "id: its content",
    "table": "id: table id",
    "rows": "int: how many",
    "columns": [table_words.COLUMN_SHAPE],
    "tables": [table_words.PART_SHAPE],
}


@verb(
    examples={
        "dsv schema data/trips.parquet": "The columns of a table:",
        "dsv schema data/trips.csv@v1": "Those of an older version:",
    },
    shape=SHAPE,
)
@click.argument("what", metavar="PATH[@REV[:FILE]]", shell_complete=complete.places)
def command(context: Context, what: str) -> None:
    """Show the columns of a table.

    For Parquet, Arrow, CSV, TSV and JSON lines: name and type of each column, how many nulls it has, its
    least and greatest value, and the table id.
    """
    from dsv.ops.schema import schema

    named = place(context, what)
    with table_words.wanted(named):
        found = schema(context.workspace.repo, named)
    facts = found.facts
    out = context.out
    if out.json:
        out.document(
            {
                "path": found.path,
                "content": found.content,
                "table": facts.table,
                "rows": facts.rows,
                "columns": [table_words.column_record(column) for column in facts.columns],
                "tables": table_words.part_records(facts),
            }
        )
        return
    out.line(f"{printable(found.path)}  {facts.rows:,} rows, table {out.style.id(facts.table)}")
    table_words.render(context, facts)
