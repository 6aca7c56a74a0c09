"""`dsv undo`."""

from dsv.cli import moves
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render.style import printable

SHAPE = {
    "undone": {"number": "int: of the operation", "what": "text: the command that was taken back"},
    **moves.SHAPE,
}


@verb(
    examples={
        "dsv undo": "Take back the last operation:",
        "dsv oplog -n 1": "See first which one that is:",
    },
    shape=SHAPE,
    exits={1: "there is nothing to undo"},
)
def command(context: Context) -> None:
    """Take back the last operation.

    Branches, tags, HEAD, what is staged and the files are as they were before it. Undo again, and the
    operation is done again.
    """
    from dsv.ops.undo import undo

    result = undo(context.workspace, progress=context.progress("writing", "files"))
    if context.out.json:
        undone = {"number": result.entry.number, "what": result.entry.what}
        context.out.document({"undone": undone, **moves.record(result.moved)})
        return
    context.out.report(f"took back: {printable(result.entry.what)}")
    moves.render(context, result.moved)
