"""`dsv branch`."""

import click

from dsv.cli import complete, named
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import UsageFault
from dsv.render import named_refs


@verb(
    examples={
        "dsv branch": "List branches:",
        "dsv branch -a": "List those of remotes, too:",
        "dsv branch cleaned": "Make a branch at HEAD (`dsv checkout cleaned` goes there):",
        "dsv branch fix main~2": "Make one further back:",
        "dsv branch -d cleaned": "Delete one:",
    },
    shape=named_refs.shape("branches"),
)
@click.argument("name", required=False, shell_complete=complete.branches)
@click.argument("revision", metavar="[REV]", required=False, shell_complete=complete.revisions)
@click.option("-d", "--delete", "remove", is_flag=True, help="Delete the branch NAME.")
@click.option("--force", is_flag=True, help="Delete it even if its commits are on no other branch or tag.")
@click.option("-a", "--all", "every", is_flag=True, help="List the branches of remotes, too.")
@click.option("-r", "--remotes", is_flag=True, help="List only the branches of remotes.")
def command(
    context: Context,
    name: str | None,
    revision: str | None,
    *,
    remove: bool,
    force: bool,
    every: bool,
    remotes: bool,
) -> None:
    """List, make or delete branches.

    Without NAME all branches are listed, `*` marking the one that HEAD is on. With NAME a branch is
    made at REV (default HEAD). `dsv undo` takes back either change. The branches of remotes are listed
    as they were when last fetched.
    """
    if every or remotes:
        if name is not None or remove:
            raise UsageFault("-a and -r only list branches", hint="dsv branch -a")
        named.show_branches(context, own=every, remotes=True)
        return
    named.run(context, "branches", name, revision, remove=remove, force=force)
