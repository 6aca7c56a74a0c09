"""`dsv pull`."""

import click

from dsv.cli import complete, moves, setbacks
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.ids import short
from dsv.render import traffic
from dsv.render.style import counted

SHAPE = {
    "remote": "text: where from",
    "branch": "text?: the branch that HEAD is on; null if detached",
    "before": "id?: the commit of HEAD before",
    "head": "id?: the commit of HEAD now",
    **moves.SHAPE,
    "absent": ["path: of a dataset that is not here by choice"],
    "setback": setbacks.SHAPE,
    "traffic": traffic.SHAPE,
}


@verb(
    examples={
        "dsv pull": "Bring what others pushed to the branch that you are on:",
        "dsv pull data/trips.parquet": "Bring the data of one dataset that is not here:",
        "dsv pull .": "Bring the data of all of them:",
    },
    shape=SHAPE,
)
@click.argument("paths", metavar="[PATH]...", nargs=-1, shell_complete=complete.either)
@click.option("--remote", "name", metavar="NAME", help="From this remote.")
@moves.yes
def command(context: Context, paths: tuple[str, ...], *, name: str | None, yes: bool) -> None:
    """Bring what others pushed, and make the working tree follow.

    The branch is fast-forwarded under the rules of `dsv checkout`; where both sides have moved on, nothing
    is done, and `dsv merge REMOTE/BRANCH` helps. Datasets that are absent stay so. With PATH the branch
    stays, and the data of these datasets is brought and checked out.
    """
    from dsv.ops.pull import pull

    context.yes = yes
    workspace = context.workspace
    result = pull(
        workspace, name, [context.path(path) for path in paths], progress=context.progress("fetching", "B")
    )
    out, style = context.out, context.out.style
    moved = result.moved
    if out.json:
        nothing: dict[str, object] = {"written": [], "removed": [], "kept": []}
        out.document(
            {
                "remote": result.remote,
                "branch": result.branch,
                "before": result.before,
                "head": result.commit,
                **(moves.record(moved) if moved else nothing),
                "absent": list(result.absent),
                "setback": result.setback,
                "traffic": traffic.record(result.traffic),
            }
        )
        return
    setbacks.warn(context, result.remote, setback=result.setback)
    if moved is not None:
        moves.render(context, moved)
    if result.commit is not None and result.commit != result.before:
        was = f"{style.id(short(result.before))} -> " if result.before else ""
        out.report(f"{style.name(result.branch or 'HEAD')}  {was}{style.id(short(result.commit))}")
    elif moved is None or not (moved.written or moved.removed):
        out.report("nothing to bring")
    out.report(f"pulled {traffic.received(result.traffic)}")
    if result.absent:
        out.report(f"{counted(len(result.absent), 'dataset')} absent")
        out.hint("dsv pull . brings the data of all of them, dsv pull PATH of one")
