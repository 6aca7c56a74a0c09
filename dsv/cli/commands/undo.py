"""`dsv undo`."""

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import undo as render


@verb(
    examples={
        "dsv undo": "Take back the last operation:",
        "dsv oplog -n 1": "See first which one that is:",
    },
    shape=render.SHAPE,
    exits={1: "there is nothing to undo"},
)
def command(context: Context) -> None:
    """Take back the last operation.

    Branches, tags, HEAD, what is staged and the files are as they were before it. Undo again, and the
    operation is done again.
    """
    from dsv.ops.undo import undo

    result = undo(context.workspace, progress=context.progress("writing", "files"))
    out = context.out
    if out.json:
        out.document(render.document(result))
    else:
        out.show(render.lines(result, out.style))
