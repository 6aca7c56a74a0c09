"""`dsv tag`."""

import click

from dsv.cli import complete, named
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import named_refs


@verb(
    examples={
        "dsv tag": "List tags:",
        "dsv tag v1": "Name the present commit:",
        "dsv tag paper 3f9a2b1c": "Name an older one:",
        "dsv tag -d v1": "Delete a tag:",
    },
    shape=named_refs.shape("tags"),
)
@click.argument("name", required=False, shell_complete=complete.tags)
@click.argument("revision", metavar="[REV]", required=False, shell_complete=complete.revisions)
@click.option("-d", "--delete", "remove", is_flag=True, help="Delete the tag NAME.")
def command(context: Context, name: str | None, revision: str | None, *, remove: bool) -> None:
    """List, make or delete tags.

    A tag names a commit and does not move. Without NAME all tags are listed; with NAME one is made at
    REV (default HEAD). `dsv undo` takes back either change.
    """
    named.run(context, "tags", name, revision, remove=remove)
