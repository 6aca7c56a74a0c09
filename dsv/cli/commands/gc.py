"""`dsv gc`."""

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import UsageFault
from dsv.render import gc as render


@verb(
    examples={
        "dsv gc --dry-run": "Say what would go:",
        "dsv gc": "Give back space; what goes is deleted a day after it was condemned:",
        "dsv gc --remote origin": "The same where you push to:",
        "dsv gc --keep 7": "Let go of what only operations of more than a week ago need:",
        "dsv gc --forget 3f9a41c2": "Ask no more for a workspace that shared the folder of packs and is gone:",
    },
    shape=render.SHAPE,
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option(
    "--keep", type=click.IntRange(min=0), default=30, metavar="DAYS", help="Keep operations undoable."
)
@click.option("--now", "at_once", is_flag=True, help="Delete at once; nothing else may use the store.")
@click.option("--remote", metavar="NAME", help="Give back the space of this remote instead.")
@click.option("--forget", metavar="ID", help="First forget a workspace that used the folder of packs, too.")
def command(
    context: Context, *, dry_run: bool, keep: int, at_once: bool, remote: str | None, forget: str | None
) -> None:
    """Give back the space of what nothing needs any more.

    What branches, tags, HEAD, the stage and the operations of the last 30 days reach is kept. The rest
    is condemned first and deleted a day later, so that a command that runs beside this one loses nothing.
    Where several workspaces share a folder of packs, all are asked; while one is not there, no pack goes.
    """
    from dsv.ops import gc
    from dsv.store.upkeep.collect import GRACE

    if forget is not None:
        if dry_run or remote is not None:
            raise UsageFault("--forget goes without --dry-run and --remote", hint=f"dsv gc --forget {forget}")
        gone = gc.forget(context.workspace, forget)
        context.out.show(render.forgotten(gone))

    grace = 0 if at_once else GRACE
    if remote is None:
        result = gc.gc(context.workspace, dry_run=dry_run, keep_days=keep, grace=grace)
    else:
        progress = context.progress("fetching", "B")
        result = gc.gc_remote(context.workspace, remote, dry_run=dry_run, grace=grace, progress=progress)
    out = context.out
    if out.json:
        out.document(render.document(result))
    else:
        out.show(render.lines(result))
