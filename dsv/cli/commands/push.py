"""`dsv push`."""

from typing import TYPE_CHECKING

import click

from dsv.cli import complete, setbacks
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import Corrupt
from dsv.ids import short
from dsv.render import traffic
from dsv.render.style import counted, size

if TYPE_CHECKING:
    from dsv.remotes.mend_remote import Repaired

SHAPE = {
    "remote": "text: where to",
    "moved": [
        {
            "name": "text: of a branch or tag of the remote that is another commit now",
            "tag": "flag: whether it is a tag",
            "before": "id?: what it was; null if it is new there",
            "after": "id: what it is",
        }
    ],
    "packs": "int: how many were sent",
    "size": "int: their bytes",
    "setback": setbacks.SHAPE,
    "repaired?": {
        "packs": ["id: of a pack of the remote that was missing or damaged"],
        "sent": "int: objects that were sent again",
        "kept": "int: objects that were sound in a damaged pack, and copied",
        "lost": ["id: of an object that is neither sound there nor here"],
    },
    "traffic": traffic.SHAPE,
}


@verb(
    examples={
        "dsv push": "Give the default remote the branch that you are on:",
        "dsv push origin main v1": "A branch and a tag, to a remote by name:",
        "dsv push --all --tags": "Everything:",
        "dsv push --repair": "Send again what the remote lost or has damaged, as far as it is here:",
    },
    shape=SHAPE,
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
    out, style, mended = context.out, context.out.style, result.repaired
    code = Corrupt.exit_code if mended is not None and mended.lost else 0
    if out.json:
        moved = [
            {"name": one.name, "tag": one.tag, "before": one.before, "after": one.after}
            for one in result.moved
        ]
        out.document(
            {
                "remote": result.remote,
                "moved": moved,
                "packs": result.packs,
                "size": result.size,
                "setback": result.setback,
                "traffic": traffic.record(result.traffic),
                **({} if mended is None else {"repaired": _record(mended)}),
            }
        )
        return code
    setbacks.warn(context, result.remote, setback=result.setback)
    if mended is not None:
        _tell(context, result.remote, mended)
    for one in result.moved:
        was = f"{style.id(short(one.before))} -> " if one.before else "new "
        out.report(f"{'tag ' if one.tag else ''}{style.name(one.name)}  {was}{style.id(short(one.after))}")
    if not result.moved:
        out.report(f"{result.remote} is up to date")
        return code
    packs = counted(result.packs, "pack")
    out.report(f"pushed {packs}, {size(result.size)}, {traffic.asked(result.traffic)}")
    return code


def _record(mended: "Repaired") -> dict[str, object]:
    return {
        "packs": list(mended.packs),
        "sent": mended.sent,
        "kept": mended.kept,
        "lost": list(mended.lost),
    }


def _tell(context: Context, remote: str, mended: "Repaired") -> None:
    out = context.out
    if not mended.packs and not mended.sent:
        out.report(f"nothing of {remote} is missing or damaged")
        return
    told = f"{counted(mended.sent, 'object')} sent again, {mended.kept} kept"
    out.report(f"repaired {counted(len(mended.packs), 'pack')} of {remote}: {told}")
    if mended.lost:
        out.warn(f"{counted(len(mended.lost), 'object')} neither sound on {remote} nor here")
        out.hint(f"run dsv push --repair {remote} in a workspace that has them")
