"""`dsv gc`."""

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.cli.style import counted, size

SHAPE = {
    "condemned": ["id: of a pack that goes when the grace is over"],
    "condemned_bytes": "int: their size, less what of them was copied",
    "deleted": ["text: name of a pack, an index or a temporary file"],
    "deleted_bytes": "int: their size",
    "dry_run": "flag: whether nothing was done",
}


@verb(
    examples={
        "dsv gc --dry-run": "Say what would go:",
        "dsv gc": "Give back space; what goes is deleted a day after it was condemned:",
        "dsv gc --remote origin": "The same where you push to:",
        "dsv gc --keep 7": "Let go of what only operations of more than a week ago need:",
    },
    shape=SHAPE,
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option(
    "--keep", type=click.IntRange(min=0), default=30, metavar="DAYS", help="Keep operations undoable."
)
@click.option("--now", "at_once", is_flag=True, help="Delete at once; nothing else may use the store.")
@click.option("--remote", metavar="NAME", help="Give back the space of this remote instead.")
def command(context: Context, *, dry_run: bool, keep: int, at_once: bool, remote: str | None) -> None:
    """Give back the space of what nothing needs any more.

    What branches, tags, HEAD, the stage and the operations of the last 30 days reach is kept. The rest
    is condemned first and deleted a day later, so that a command that runs beside this one loses nothing.
    """
    from dsv.ops import gc
    from dsv.store.collect import GRACE

    grace = 0 if at_once else GRACE
    if remote is None:
        result = gc.gc(context.repo, dry_run=dry_run, keep_days=keep, grace=grace)
    else:
        progress = context.progress("fetching", "B")
        result = gc.gc_remote(context.repo, remote, dry_run=dry_run, grace=grace, progress=progress)
    out = context.out
    if out.json:
        out.document(
            {
                "condemned": list(result.condemned),
                "condemned_bytes": result.condemned_bytes,
                "deleted": list(result.deleted),
                "deleted_bytes": result.deleted_bytes,
                "dry_run": result.dry_run,
            }
        )
        return
    would = "would be " if result.dry_run else ""
    out.report(f"{counted(len(result.deleted), 'file')} {would}deleted ({size(result.deleted_bytes)})")
    out.report(f"{counted(len(result.condemned), 'pack')} {would}condemned ({size(result.condemned_bytes)})")
