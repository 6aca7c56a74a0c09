"""`dsv oplog`."""

import time

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.ids import is_id
from dsv.render.style import Style
from dsv.render.when import ago, iso

SHAPE = {
    "operations": [
        {
            "number": "int: counted up from 1",
            "time": "time: when",
            "what": "text: the command",
            "changes": {"*": {"before": "text?: value before", "after": "text?: value after"}},
            "kept": "id?: snapshot of data that was overwritten in the working tree",
        }
    ],
    "damage": "text?: why earlier operations cannot be told",
}


@verb(
    examples={
        "dsv oplog": "Show what was done here, newest first:",
        "dsv oplog -n 1": "Show what `dsv undo` would take back:",
    },
    shape=SHAPE,
)
@click.option("-n", "--limit", type=click.IntRange(min=0), metavar="N", help="Show at most N operations.")
def command(context: Context, *, limit: int | None) -> None:
    """Show what was done to this workspace.

    Each line is one operation that changed branches, tags, HEAD or what is staged. `dsv undo` takes back
    the last one. With -v what each one changed is shown too.
    """
    from dsv.ops.oplog import oplog

    entries, damage = oplog(context.workspace, limit=limit)
    out = context.out
    if out.json:
        operations = [
            {
                "number": entry.number,
                "time": iso(entry.seconds, entry.offset),
                "what": entry.what,
                "changes": {
                    name: {"before": before, "after": after}
                    for name, (before, after) in entry.changes.items()
                },
                "kept": entry.kept,
            }
            for entry in entries
        ]
        out.document({"operations": operations, "damage": None if damage is None else damage.message})
        return
    now = int(time.time())
    if out.verbose:
        for entry in entries:
            out.line(f"{entry.number}  {ago(entry.seconds, now)}  {entry.what}")
            out.table(
                [
                    (name, _brief(before, out.style), _brief(after, out.style))
                    for name, (before, after) in entry.changes.items()
                ],
                indent="    ",
            )
    else:
        out.table([(str(entry.number), ago(entry.seconds, now), entry.what) for entry in entries], right=(0,))
    if damage is not None:
        out.warn(damage.message)


def _brief(value: str | None, style: Style) -> str:
    if value is None:
        return "-"
    word, space, rest = value.rpartition(" ")
    return word + space + (style.commit_digits(rest) if is_id(rest) else rest)
