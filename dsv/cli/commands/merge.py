"""`dsv merge`."""

import click

from dsv.cli import complete, messages, moves
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import merge as render


@verb(
    examples={
        "dsv merge cleaned": "Bring the changes of another branch into this one:",
        "dsv merge cleaned --theirs data/trips.parquet": "Take their version of what changed on both sides:",
        "dsv merge": "After a `git merge` that conflicts in dsv.lock:",
    },
    shape=render.SHAPE,
)
@click.argument("revision", metavar="[REV]", required=False, shell_complete=complete.revisions)
@click.option("-m", "--message", metavar="MSG", help="Message of the merge commit.")
@messages.allow_secret
@click.option("--ours", multiple=True, metavar="PATH", help="Keep our version of PATH; may be repeated.")
@click.option("--theirs", multiple=True, metavar="PATH", help="Take their version of PATH; may be repeated.")
@moves.yes
def command(
    context: Context,
    revision: str | None,
    *,
    message: str | None,
    allow_secret: bool,
    ours: tuple[str, ...],
    theirs: tuple[str, ...],
    yes: bool,
) -> None:
    """Bring the changes of another branch into this one.

    Fast-forwards where it can; else merges dataset by dataset, and folder datasets file by file. What
    changed on both sides is a conflict (exit code 4) and nothing is written. Without REV, the two sides
    of a dsv.lock in which git left a conflict are merged.
    """
    from dsv.ops.merge import Sides, merge

    context.yes = yes
    messages.check(context, message, allowed=allow_secret)
    sides = Sides([context.path(path) for path in ours], [context.path(path) for path in theirs])
    result = merge(
        context.workspace,
        revision,
        author=context.author,
        message=message,
        sides=sides,
        progress=context.progress("writing", "files"),
    )
    out = context.out
    if out.json:
        out.document(render.document(result))
    else:
        out.show(render.lines(result, out.style, solved=revision is None))
