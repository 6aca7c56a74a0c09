"""`dsv show`."""

import click

from dsv.cli import complete
from dsv.cli.arguments import is_revision_word, place
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import UsageFault
from dsv.render import show as render


@verb(
    examples={
        "dsv show": "The present commit and what it changed:",
        "dsv show main~1": "An older one:",
        "dsv show data/trips.parquet@v1": "One version of a dataset, with its Arrow schema and table id:",
    },
    shape=render.SHAPE,
)
@click.argument("what", metavar="[REV|PATH@REV]", nargs=-1, shell_complete=complete.either)
def command(context: Context, what: tuple[str, ...]) -> None:
    """Show a commit, or one version of a dataset.

    For a table the Arrow schema and the table id come first. They are computed when they are first asked
    for, and kept.
    """
    from dsv.ops.show import show_commit, show_dataset

    if len(what) > 1:
        raise UsageFault(f"show takes one revision or path, got {len(what)}")
    out = context.out
    if not what or is_revision_word(context, what[0]):
        commit = show_commit(context.workspace.repo, what[0] if what else "HEAD")
        if out.json:
            out.document(render.document_of_commit(commit))
        else:
            out.show(render.lines_of_commit(commit, out.style))
        return
    shown = show_dataset(context.workspace.repo, place(context, what[0]))
    if out.json:
        out.document(render.document(shown))
    else:
        out.show(render.lines(shown, out.style))
