"""`dsv gc`."""

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import UsageFault
from dsv.render.style import counted, printable, size

SHAPE = {
    "condemned": ["id: of a pack that goes when the grace is over"],
    "condemned_bytes": "int: their size, less what of them was copied",
    "deleted": ["text: name of a pack, an index or a temporary file"],
    "deleted_bytes": "int: their size",
    "dry_run": "flag: whether nothing was done",
    "held": "int: packs that stay because a workspace that may need them could not be asked",
    "away": [
        {
            "id": "text?: of the workspace's mark in the folder of packs",
            "place": "text: where it was",
            "why": "text: what came of asking it",
        }
    ],
}


@verb(
    examples={
        "dsv gc --dry-run": "Say what would go:",
        "dsv gc": "Give back space; what goes is deleted a day after it was condemned:",
        "dsv gc --remote origin": "The same where you push to:",
        "dsv gc --keep 7": "Let go of what only operations of more than a week ago need:",
        "dsv gc --forget 3f9a41c2": "Ask no more for a workspace that shared the folder of packs and is gone:",
    },
    shape=SHAPE,
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
        context.out.report(f"forgot workspace {gone.id[:8]}, which was in {printable(gone.places[0])}")

    grace = 0 if at_once else GRACE
    if remote is None:
        result = gc.gc(context.workspace, dry_run=dry_run, keep_days=keep, grace=grace)
    else:
        progress = context.progress("fetching", "B")
        result = gc.gc_remote(context.workspace, remote, dry_run=dry_run, grace=grace, progress=progress)
    out = context.out
    if out.json:
        out.document(
            {
                "condemned": list(result.condemned),
                "condemned_bytes": result.condemned_bytes,
                "deleted": list(result.deleted),
                "deleted_bytes": result.deleted_bytes,
                "dry_run": result.dry_run,
                "held": result.held,
                "away": [{"id": one.id, "place": one.place, "why": one.why} for one in result.away],
            }
        )
        return
    would = "would be " if result.dry_run else ""
    out.report(f"{counted(len(result.deleted), 'file')} {would}deleted ({size(result.deleted_bytes)})")
    out.report(f"{counted(len(result.condemned), 'pack')} {would}condemned ({size(result.condemned_bytes)})")
    if result.held:
        out.warn(f"{counted(result.held, 'pack')} not deleted: other workspaces may need them")
        for one in result.away:
            out.warn(f"{printable(one.place)}: {printable(one.why)}")
            out.hint(one.told)
