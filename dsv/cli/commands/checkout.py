"""`dsv checkout`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from dsv.cli import complete, moves
from dsv.cli.arguments import sort_words
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import UsageFault
from dsv.render import checkout as render
from dsv.render import moved

if TYPE_CHECKING:
    from dsv.ops.checkout import CheckoutResult
    from dsv.versions.switch.move import Moved


@verb(
    examples={
        "dsv checkout main": "Go to a branch; one that only the remote has is made here:",
        "dsv checkout v1": "Look at an older version (HEAD is then detached):",
        "dsv checkout -b fix v1": "Start a branch there:",
        "dsv checkout main~2 data/trips.parquet": "Bring back one dataset of an older version:",
        "dsv checkout --locked": "After `git checkout`, bring the data that goes with the code:",
    },
    shape=render.SHAPE,
)
@click.argument("words", metavar="[REV] [PATH]...", nargs=-1, shell_complete=complete.either)
@click.option("-b", "new_branch", metavar="NEW", help="Make the branch NEW there and go to it.")
@click.option("--locked", is_flag=True, help="Check out what dsv.lock names.")
@click.option("--force", is_flag=True, help="Overwrite uncommitted changes, after storing them.")
@moves.yes
def command(
    context: Context, words: tuple[str, ...], *, new_branch: str | None, locked: bool, force: bool, yes: bool
) -> None:
    """Make the working tree another version.

    Untracked files are never touched, and uncommitted changes never lost: what is in the way is
    refused, or with --force stored first, so that `dsv undo` brings it back. With PATH, only these
    datasets are written, and staged.
    """
    from dsv.ops import checkout

    context.yes = yes
    progress = context.progress("writing", "files")
    if locked:
        if words or new_branch:
            raise UsageFault("--locked goes alone", hint="dsv checkout --locked")
        _show(context, checkout.checkout_locked(context.workspace, force=force, progress=progress))
        return
    theirs = None if new_branch or len(words) != 1 else checkout.tracked_branch(context.workspace, words[0])
    if theirs is not None:
        result = checkout.checkout(
            context.workspace, theirs, new_branch=words[0], force=force, progress=progress
        )
        _show(context, result, made=theirs)
        return
    sorted_words = sort_words(context, words, most_paths=None)
    if sorted_words.paths:
        if new_branch:
            raise UsageFault("-b takes no paths", hint=f"dsv checkout -b {new_branch}")
        found = checkout.checkout_paths(
            context.workspace,
            sorted_words.revision or "HEAD",
            list(sorted_words.paths),
            force=force,
            progress=progress,
        )
        _show_paths(context, found, sorted_words.paths)
        return
    if sorted_words.revision is None and new_branch is None:
        raise UsageFault("checkout needs a revision or a path", hint="dsv checkout REV")
    result = checkout.checkout(
        context.workspace, sorted_words.revision, new_branch=new_branch, force=force, progress=progress
    )
    _show(context, result)


def _show(context: Context, result: "CheckoutResult", *, made: str | None = None) -> None:
    out = context.out
    if out.json:
        out.document(render.document(result))
    else:
        out.show(render.lines(result, out.style, made=made))


def _show_paths(context: Context, found: "Moved", named: Sequence[str]) -> None:
    out = context.out
    if out.json:
        out.document(render.document_of_paths(found))
    else:
        out.show(moved.lines_named(found, named, out.style))
