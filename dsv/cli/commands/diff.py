"""`dsv diff`."""

import click

from dsv.cli import complete
from dsv.cli.arguments import sort_words
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import UsageFault
from dsv.render import diff as render


@verb(
    examples={
        "dsv diff": "From HEAD to the working tree:",
        "dsv diff --staged": "From HEAD to what is staged:",
        "dsv diff v1 main": "Between two versions:",
        "dsv diff main~1 data/trips.parquet": "Of one dataset, from a version to the working tree:",
    },
    shape=render.SHAPE,
    exits={1: "something differs (with --exit-code only)"},
)
@click.argument("words", metavar="[A [B]] [PATH]...", nargs=-1, shell_complete=complete.either)
@click.option("--staged", is_flag=True, help="Compare with what is staged.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if something differs.")
def command(context: Context, words: tuple[str, ...], *, staged: bool, exit_code: bool) -> int:
    """Show what differs between two versions.

    Datasets, then files of a folder, then for tables rows and columns, told from ids and facts alone.
    Without A from HEAD, without B to the working tree. A dataset is `recoded` if its bytes differ and its
    table does not.
    """
    from dsv.ops.diff import diff

    chosen = sort_words(context, words, most_revisions=2, most_paths=None)
    if staged and len(chosen.revisions) > 1:
        raise UsageFault("--staged takes one revision", hint="dsv diff --staged A")
    before, after = (*chosen.revisions, None, None)[:2]
    found = diff(
        context.workspace,
        before,
        after,
        staged=staged,
        paths=chosen.paths,
        progress=context.progress("reading", "B"),
    )
    out = context.out
    if out.json:
        out.document(render.document(found))
    else:
        out.show(render.lines(found, out.style, whole=out.verbose > 0))
    return int(exit_code and bool(found))
