"""`dsv fetch`."""

import click

from dsv.cli import setbacks
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.ids import short
from dsv.render import traffic
from dsv.render.style import counted

SHAPE = {
    "remote": "text: where from",
    "branches": [
        {
            "name": "text: a branch of the remote that is new or moved, as `REMOTE/BRANCH` here",
            "before": "id?: what it was when last seen",
            "after": "id: what it is",
        }
    ],
    "gone": ["text: a branch that the remote has no more"],
    "tags": ["text: a tag that is new here"],
    "kept": ["text: a tag that is another commit here than there; it stays"],
    "objects": "int: how many records came",
    "setback": setbacks.SHAPE,
    "traffic": traffic.SHAPE,
}


@verb(
    examples={
        "dsv fetch": "See what others pushed (`dsv log origin/main`), and change nothing:",
        "dsv fetch lab": "From a remote by name:",
    },
    shape=SHAPE,
)
@click.argument("remote", required=False)
def command(context: Context, remote: str | None) -> None:
    """Bring the history of a remote: commits, snapshots and lineage, not the data itself.

    Data comes when it is needed. Branches of the remote are REMOTE/BRANCH here.
    """
    from dsv.ops.fetch import fetch

    result = fetch(context.workspace, remote, progress=context.progress("fetching", "B"))
    found, out, style = result.fetched, context.out, context.out.style
    if out.json:
        branches = [
            {"name": name, "before": before, "after": after}
            for name, (before, after) in sorted(found.branches.items())
        ]
        out.document(
            {
                "remote": result.remote,
                "branches": branches,
                "gone": list(found.gone),
                "tags": list(found.tags),
                "kept": list(found.kept),
                "objects": found.objects,
                "setback": result.setback,
                "traffic": traffic.record(result.traffic),
            }
        )
        return
    setbacks.warn(context, result.remote, setback=result.setback)
    for name, (before, after) in sorted(found.branches.items()):
        was = f"{style.id(short(before))} -> " if before else "new "
        out.report(f"{style.name(f'{result.remote}/{name}')}  {was}{style.id(short(after))}")
    for name in found.gone:
        out.report(f"{style.name(f'{result.remote}/{name}')}  gone")
    for name in found.tags:
        out.report(f"tag {style.name(name)}  new")
    for name in found.kept:
        out.warn(f"tag {name} is another commit on {result.remote}; yours stays")
    out.report(f"fetched {counted(found.objects, 'record')}, {traffic.received(result.traffic)}")
