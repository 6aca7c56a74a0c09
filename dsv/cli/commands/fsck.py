"""`dsv fsck`."""

from typing import TYPE_CHECKING

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import Corrupt, UsageFault
from dsv.render.style import counted, printable

if TYPE_CHECKING:
    from dsv.ops.repair import Healed

SHAPE = {
    "ok": "flag: whether there is no damage",
    "objects": "int: how many were reached",
    "files": "int: how many file contents were reached and proved",
    "findings": [
        {
            "what": "text: pack, index, object, file, content, oplog or owner",
            "name": "text: an id, or the name of a file",
            "damage": "checksum|id|format|missing|unreadable|garbage|absent|away: the last three are harmless",
            "detail": "text: for people",
            "pack": "text?: the pack that it is about",
        }
    ],
    "healed": [
        {
            "pack": "text?: a damaged pack that is not used any more; null: the indexes were rebuilt",
            "brought": "int: objects of it that came from the remote",
            "kept": "int: objects of it that were sound, or held elsewhere",
        }
    ],
}


@verb(
    examples={
        "dsv fsck": "Check the store:",
        "dsv fsck --repair": "Mend what is damaged, from the default remote where that has it:",
        "dsv fsck --remote origin": "Check by a list of its packs that all is there that should be:",
        "dsv fsck --remote origin --full": "Read all of it:",
    },
    shape=SHAPE,
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
    out, style = context.out, context.out.style
    damage = set(result.damage)
    if out.json:
        out.document(
            {
                "ok": not damage,
                "objects": result.objects,
                "files": result.files,
                "findings": [finding._asdict() for finding in result.findings],
                "healed": [{"pack": one.name, "brought": one.brought, "kept": one.kept} for one in healed],
            }
        )
        return Corrupt.exit_code if damage else 0
    for one in healed:
        out.line(f"{style.added('healed')}  {_told(one)}")
    for finding in result.findings:
        if finding in damage or out.verbose:
            word = style.removed(finding.damage) if finding in damage else finding.damage
            where = f" (pack {finding.pack[:8]})" if finding.pack else ""
            out.line(f"{word}  {finding.what} {printable(finding.name)}{where}: {printable(finding.detail)}")
    checked = f"{counted(result.objects, 'object')}, {counted(result.files, 'file')}"
    if damage:
        if remote is not None:
            out.hint(f"dsv push --repair {remote} sends again what this store has")
        out.line(f"{checked}, {style.removed(counted(len(damage), 'finding'))}")
        return Corrupt.exit_code
    out.report(f"{checked}, no damage")
    return 0


def _told(one: "Healed") -> str:
    if one.name is None:
        return "the indexes, from what the packs say"
    return f"pack {one.name[:8]}: {counted(one.brought, 'object')} brought from the remote, {one.kept} kept"
