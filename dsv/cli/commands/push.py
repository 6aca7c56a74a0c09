"""`dsv push`."""

import click

from dsv.cli import complete
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import Corrupt
from dsv.render import push as render


@verb(
    examples={
        "dsv push": "Give the default remote the branch that you are on:",
        "dsv push origin main v1": "A branch and a tag, to a remote by name:",
        "dsv push --all --tags": "Everything:",
        "dsv push --repair": "Send again what the remote lost or has damaged, as far as it is here:",
    },
    shape=render.SHAPE,
    exits={6: "the remote is damaged; with `--repair`: something is neither sound there nor here"},
)
@click.argument("remote", required=False)
@click.argument("names", metavar="[REF]...", nargs=-1, shell_complete=complete.revisions)
@click.option("--all", "branches", is_flag=True, help="All branches.")
@click.option("--tags", is_flag=True, help="All tags, too.")
@click.option("--force", is_flag=True, help="Also where the remote has other commits, as last seen.")
@click.option("--repair", is_flag=True, help="Read all of the remote, and send again what it lost.")
@click.option("--assume-single-writer", "single", is_flag=True, help="For stores without conditional writes.")
def command(
    context: Context,
    remote: str | None,
    names: tuple[str, ...],
    *,
    branches: bool,
    tags: bool,
    force: bool,
    single: bool,
    repair: bool,
) -> int:
    """Give a remote commits, with all the data that it lacks.

    Data goes first and refs last, so others never see half a push; one that was interrupted goes on where
    it was. A branch that has commits which you have not is refused; --force moves it all the same, if it
    still is what you last saw. A remote that lacks packs which it names is refused; --repair reads all of
    it, and sends again what is missing or damaged there and sound here.
    """
    from dsv.ops.push import Choice, push

    choice = Choice(names, branches, tags, force, single, repair)
    result = push(context.workspace, remote, choice, progress=context.progress("pushing", "B"))
    out, mended = context.out, result.repaired
    if out.json:
        out.document(render.document(result))
    else:
        out.show(render.lines(result, out.style))
    return Corrupt.exit_code if mended is not None and mended.lost else 0
