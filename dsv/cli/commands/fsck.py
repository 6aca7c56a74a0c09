"""`dsv fsck`."""

from typing import TYPE_CHECKING

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import Corrupt, UsageFault
from dsv.render import fsck as render

if TYPE_CHECKING:
    from dsv.ops.repair import Healed


@verb(
    examples={
        "dsv fsck": "Check the store:",
        "dsv fsck --repair": "Mend what is damaged, from the default remote where that has it:",
        "dsv fsck --remote origin": "Check by a list of its packs that all is there that should be:",
        "dsv fsck --remote origin --full": "Read all of it:",
    },
    shape=render.SHAPE,
    exits={6: "there is damage, or some is left after `--repair`"},
)
@click.option("--remote", metavar="NAME", help="Check this remote instead.")
@click.option("--full", is_flag=True, help="Read every byte of the remote.")
@click.option(
    "--repair",
    is_flag=True,
    help="Mend what is damaged; what is not sound here comes from the default remote.",
)
def command(context: Context, *, remote: str | None, full: bool, repair: bool) -> int:
    """Check every byte of the store.

    Checksums and ids of all packs and indexes, and that all that branches, tags, the stage and the oplog
    need is there. Damage is reported and never removed; what is not damaged stays readable. `checksum`
    means an accident; `id` means that bytes are not what their name says. With `--repair` indexes are
    rebuilt from the packs, and what a damaged pack held is put into a new one: copied where it
    is sound, else brought from the default remote. Then all is checked again.
    """
    from dsv.ops.fsck import fsck, fsck_remote
    from dsv.ops.repair import repair as mend

    healed: tuple[Healed, ...] = ()
    progress = context.progress("checking", "B")
    if remote is not None and repair:
        raise UsageFault("--repair mends the store here, not a remote", hint="dsv fsck --repair")
    if remote is not None:
        result = fsck_remote(context.workspace, remote, full=full, progress=progress)
    elif full:
        raise UsageFault("--full is for remotes; a local store is always read in full", hint="dsv fsck")
    else:
        result = fsck(context.workspace, progress=progress)
        if repair and result.damage:
            healed = mend(context.workspace, result.findings, progress=progress)
            result = fsck(context.workspace, progress=progress)
    out = context.out
    if out.json:
        out.document(render.document(result, healed))
    else:
        out.show(render.lines(result, out.style, healed, remote=remote, whole=out.verbose > 0))
    return Corrupt.exit_code if result.damage else 0
