"""`dsv cat`."""

from typing import TYPE_CHECKING

import click

from dsv.cli import complete
from dsv.cli.arguments import as_table, place
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import UsageFault

if TYPE_CHECKING:
    from dsv.ops.cat import Format


@verb(
    examples={
        "dsv cat data/trips.csv@main~1": "The exact bytes of an older version:",
        "dsv cat data/images@v1:cat.png > cat.png": "One file of a folder:",
        "dsv cat data/trips.csv --format parquet > trips.parquet": "Any table in another format:",
    },
    shape=None,
)
@click.argument("what", metavar="PATH[@REV[:FILE]]", shell_complete=complete.places)
@click.option(
    "--format",
    "form",
    type=click.Choice(["arrow", "parquet", "csv", "jsonl"]),
    metavar="FORMAT",
    help="Write the table as arrow (a stream), parquet, csv or jsonl.",
)
def command(context: Context, what: str, form: "Format | None") -> None:
    """Write a version of a file to stdout.

    Without --format these are the exact bytes that were committed. They are checked on the way: exit code
    6 means that they are not to be trusted.
    """
    from dsv.ops import cat
    from dsv.progress import SILENT

    out = context.out
    found = place(context, what)
    if form is None:
        for piece in cat.cat(context.workspace.repo, found, progress=out.progress if out.to_file else SILENT):
            out.binary.write(piece)
        return
    if form in {"arrow", "parquet"} and out.to_terminal:
        raise UsageFault(f"{form} is not for terminals", hint=f"dsv cat {what} --format {form} > FILE")
    with as_table(found):
        cat.convert(context.workspace.repo, found, form, out.binary)
