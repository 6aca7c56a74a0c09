"""`dsv merge`."""

import click

from dsv.cli import complete, messages, moves
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render.shape import Maybe
from dsv.render.style import counted

SHAPE = {
    "kind": "nothing|fast-forward|merge",
    "head": "id: the commit that HEAD names now",
    "datasets": ["path: of a dataset that HEAD had otherwise before"],
    "moved": Maybe(moves.SHAPE),
}


@verb(
    examples={
        "dsv merge cleaned": "Bring the changes of another branch into this one:",
        "dsv merge cleaned --theirs data/trips.parquet": "Take their version of what changed on both sides:",
        "dsv merge": "After a `git merge` that conflicts in dsv.lock:",
    },
    shape=SHAPE,
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
        out.document(
            {
                "kind": result.kind,
                "head": result.commit,
                "datasets": list(result.datasets),
                "moved": None if result.moved is None else moves.record(result.moved),
            }
        )
        return
    if result.moved is None:
        out.report("nothing to merge: HEAD has it all already")
    else:
        moves.render(context, result.moved)
        at = out.style.commit(result.commit)
        out.report(f"{result.kind} to {at}, {counted(len(result.datasets), 'dataset')} changed")
    if revision is None:
        out.say("the conflict in dsv.lock is solved: it names that commit")
        out.hint("git add dsv.lock, then git commit")
