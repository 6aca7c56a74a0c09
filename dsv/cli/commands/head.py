"""`dsv head`."""

import click

from dsv.cli import complete, table_words
from dsv.cli.arguments import place
from dsv.cli.command import verb
from dsv.cli.context import Context

SHAPE = {
    "names": ["text: of a column"],
    "types": ["text: of a column"],
    "rows": [
        ["any: a number or null in columns of numbers; else the cell as it is shown, cut, and `·` for null"]
    ],
    "total": "int?: rows of the table; null where only reading all of it can tell",
    "more": "flag: whether there are rows after these",
}

_NUMBERS = ("int", "uint", "float", "decimal")


@verb(
    examples={
        "dsv head data/trips.parquet": "The first ten rows:",
        "dsv head data/trips.csv@v1 -n 3 --columns distance,dest": "Three rows of an older version:",
    },
    shape=SHAPE,
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
    with table_words.wanted(named):
        found = head(context.workspace.repo, named, rows=rows, columns=names)
    out = context.out
    if out.json:
        out.document(
            {
                "names": list(found.names),
                "types": list(found.types),
                "rows": [list(row) for row in found.values],
                "total": found.total,
                "more": found.more,
            }
        )
        return
    right = [number for number, kind in enumerate(found.types) if kind.startswith(_NUMBERS)]
    out.grid(found.names, found.rows, right=right)
    if found.more and found.total is not None:
        out.say(f"{found.total - len(found.rows):,} more rows")
