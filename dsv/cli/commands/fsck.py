"""`dsv fsck`."""

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.cli.style import counted, printable
from dsv.errors import Corrupt, UsageFault

SHAPE = {
    "ok": "flag: whether there is no damage",
    "objects": "int: how many were reached",
    "files": "int: how many file contents were reached and proved",
    "findings": [
        {
            "what": "text: pack, index, object, file, content or oplog",
            "name": "text: an id, or the name of a file",
            "damage": "checksum|id|format|missing|unreadable|garbage|absent: the last two are harmless",
            "detail": "text: for people",
            "pack": "text?: the pack that it is about",
        }
    ],
}


@verb(
    examples={
        "dsv fsck": "Check the store:",
        "dsv fsck --remote origin": "Check by a list of its packs that all is there that should be:",
        "dsv fsck --remote origin --full": "Read all of it:",
    },
    shape=SHAPE,
    exits={6: "there is damage"},
)
@click.option("--remote", metavar="NAME", help="Check this remote instead.")
@click.option("--full", is_flag=True, help="Read every byte of the remote.")
def command(context: Context, *, remote: str | None, full: bool) -> int:
    """Check every byte of the store.

    Checksums and ids of all packs and indexes, and that all that branches, tags, the stage and the oplog
    need is there. Damage is reported, never repaired and never removed; what is not damaged stays
    readable. `checksum` means an accident; `id` means that bytes are not what their name says.
    """
    from dsv.ops.fsck import fsck, fsck_remote

    progress = context.progress("checking", "B")
    if remote is not None:
        result = fsck_remote(context.repo, remote, full=full, progress=progress)
    elif full:
        raise UsageFault("--full is for remotes; a local store is always read in full", hint="dsv fsck")
    else:
        result = fsck(context.repo, progress=progress)
    out, style = context.out, context.out.style
    damage = set(result.damage)
    if out.json:
        out.document(
            {
                "ok": not damage,
                "objects": result.objects,
                "files": result.files,
                "findings": [finding._asdict() for finding in result.findings],
            }
        )
        return Corrupt.exit_code if damage else 0
    for finding in result.findings:
        if finding in damage or out.verbose:
            word = style.removed(finding.damage) if finding in damage else finding.damage
            where = f" (pack {finding.pack[:8]})" if finding.pack else ""
            out.line(f"{word}  {finding.what} {printable(finding.name)}{where}: {printable(finding.detail)}")
    checked = f"{counted(result.objects, 'object')}, {counted(result.files, 'file')}"
    if damage:
        out.line(f"{checked}, {style.removed(counted(len(damage), 'finding'))}")
        return Corrupt.exit_code
    out.report(f"{checked}, no damage")
    return 0
