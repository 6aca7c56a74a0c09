"""`dsv push`."""

import click

from dsv.cli import complete, traffic
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.cli.style import counted, size
from dsv.ids import short

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
    "traffic": traffic.SHAPE,
}


@verb(
    examples={
        "dsv push": "Give the default remote the branch that you are on:",
        "dsv push origin main v1": "A branch and a tag, to a remote by name:",
        "dsv push --all --tags": "Everything:",
    },
    shape=SHAPE,
)
@click.argument("remote", required=False)
@click.argument("names", metavar="[REF]...", nargs=-1, shell_complete=complete.revisions)
@click.option("--all", "branches", is_flag=True, help="All branches.")
@click.option("--tags", is_flag=True, help="All tags, too.")
@click.option("--force", is_flag=True, help="Also where the remote has other commits, as last seen.")
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
) -> None:
    """Give a remote commits, with all the data that it lacks.

    Data goes first and refs last, so others never see half a push; one that was interrupted goes on where
    it was. A branch that has commits which you have not is refused; --force moves it all the same, if it
    still is what you last saw.
    """
    from dsv.ops.push import Choice, push

    choice = Choice(names, branches, tags, force, single)
    result = push(context.repo, remote, choice, progress=context.progress("pushing", "B"))
    out, style = context.out, context.out.style
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
                "traffic": traffic.record(result.traffic),
            }
        )
        return
    for one in result.moved:
        was = f"{style.id(short(one.before))} -> " if one.before else "new "
        out.report(f"{'tag ' if one.tag else ''}{style.name(one.name)}  {was}{style.id(short(one.after))}")
    if not result.moved:
        out.report(f"{result.remote} is up to date")
        return
    packs = counted(result.packs, "pack")
    out.report(f"pushed {packs}, {size(result.size)}, {traffic.asked(result.traffic)}")
